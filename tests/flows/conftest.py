"""A Prefect server and worker of their own, and a table of readings to watch."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact
from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    temporary_settings,
)

from nightflag.checking.installation import trouble_with_server
from nightflag.monitors import Monitor

ROOT = Path(__file__).parents[2]
SECRET = "analyst:under-the-doormat"
STEP = timedelta(minutes=30)
READINGS = {
    "source": {
        "database": "env:NIGHTFLAG_DATABASE_URL",
        "table": "readings",
        "key": "reading_id",
        "time": "read_at",
    },
    "detector": {"settings": {"cosines": 64}},
    "training": {"at_least": 100},
}


@dataclass(frozen=True)
class Place:
    """A folder with monitors and a database, and the environment that names them and a server."""

    folder: Path
    environment: dict[str, str]

    @property
    def database(self) -> str:
        return self.environment["NIGHTFLAG_DATABASE_URL"]

    def describe(self, name: str, **sections: Any) -> Monitor:
        """The monitor, after its file was written."""
        content = {"monitor": name, **READINGS, **sections}
        (self.folder / "monitors" / f"{name}.yaml").write_text(yaml.safe_dump(content))
        return Monitor.model_validate(content)

    def start(self, command: str, log: str) -> "subprocess.Popen[bytes]":
        """A process of its own group, as if the command were typed."""
        with (self.folder / log).open("ab") as output:
            return subprocess.Popen(
                typed(command),
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, command: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
        """What came of the command, as if it were typed."""
        return subprocess.run(
            typed(command),
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


def typed(command: str) -> list[str]:
    """The words of the command, with programs taken from where these tests run."""
    program, *words = command.split()
    if program == "nightflag":
        return [sys.executable, "-c", "from nightflag.cli import main; exit(main())", *words]
    return [str(Path(sys.executable).with_name(program)), *words]


def eventually(told: Callable[[], Any], seconds: float = 120) -> Any:
    """The first true thing that is told within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := told():
            return found
        time.sleep(0.5)
    pytest.fail(f"{told.__name__} told nothing within {seconds} seconds")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all of its group at once, unless that has happened already."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A database with twelve days of readings up to now, and no monitor yet."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "monitors").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with closing(sqlite3.connect(folder / "readings.db")) as database, database:
        columns = "reading_id integer primary key, read_at timestamp, celsius real"
        database.execute(f"create table readings ({columns})")
        database.executemany("insert into readings values (?, ?, ?)", readings())
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NIGHTFLAG_DATABASE_URL": f"sqlite:///{folder / 'readings.db'}",
        "NIGHTFLAG_HOME": str(folder),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_API_AUTH_STRING": SECRET,
        "PREFECT_SERVER_API_AUTH_STRING": SECRET,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return Place(folder, environment)


def readings() -> list[tuple[int, str, float]]:
    """Two readings an hour, the same temperatures every time."""
    random = Random(1)
    now = datetime.now(UTC).replace(tzinfo=None)
    times = [now - STEP * number for number in range(12 * 48)]
    return [
        (number, time.isoformat(sep=" "), random.gauss(20, 2)) for number, time in enumerate(times)
    ]


@dataclass
class Server:
    """A Prefect server in a process of its own, which can be taken away and put back."""

    place: Place
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Let it answer."""
        self.process = self.place.start("prefect server start", "server.log")
        url = self.place.environment["PREFECT_API_URL"]
        eventually(lambda: trouble_with_server(url) is None)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            kill(self.process)


@pytest.fixture(scope="session")
def server_process(place: Place) -> Iterator[Server]:
    """The server of these tests, running."""
    server = Server(place)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def serving(place: Place, server_process: Server) -> dict[Any, str]:
    """The settings that name it."""
    return {
        PREFECT_API_URL: place.environment["PREFECT_API_URL"],
        PREFECT_API_AUTH_STRING: SECRET,
    }


@contextmanager
def reporting_to(serving: dict[Any, str]) -> Iterator[SyncPrefectClient]:
    """A client of the server, to which all that is called in this process reports, too.

    Prefect's services for events and logs keep the server they first met, so they start anew.
    """
    EventsWorker.drain_all()
    with temporary_settings(serving), get_client(sync_client=True) as client:
        yield client
        EventsWorker.drain_all()


@pytest.fixture
def server(serving: dict[Any, str]) -> Iterator[SyncPrefectClient]:
    """The server for one test, whatever others the tests of other folders have started."""
    with reporting_to(serving) as client:
        yield client


@contextmanager
def working(place: Place) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker in a process of its own."""
    process = place.start("prefect worker start --pool nightflag", "worker.log")
    try:
        yield process
    finally:
        kill(process)


@pytest.fixture
def at_home(place: Place, server: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The place, named by this process's environment, with the monitors ``valves`` and ``taps``."""
    for name in ("NIGHTFLAG_HOME", "NIGHTFLAG_DATABASE_URL"):
        monkeypatch.setenv(name, place.environment[name])
    place.describe("valves")
    place.describe("taps")
    return place


def shown(
    server: SyncPrefectClient, flow: Any, *words: Any, **parameters: Any
) -> tuple[str, dict[str, Artifact]]:
    """The name of the run of the flow, and its artifacts by key."""
    state = flow(*words, **parameters, return_state=True)
    assert state.is_completed(), state.message
    of_run = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id])
    )
    name = server.read_flow_run(state.state_details.flow_run_id).name
    found = server.read_artifacts(artifact_filter=of_run)
    return name, {artifact.key: artifact for artifact in found}
