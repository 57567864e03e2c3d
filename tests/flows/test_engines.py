"""The whole flow, its partitions in processes or on a Dask cluster, where one may be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.settings import PREFECT_API_URL
from sqlalchemy import make_url

from flows.nightly import nightly
from nightflag.errors import WorkersLost
from nightflag.failpoints import listeners
from tests.flows import hosts
from tests.flows.conftest import reporting_to
from tests.integration.second_night import SECOND_NIGHT, SecondNight, second_night
from tests.reliability.watch import new_database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

WAITING = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
"""
PUBLISHED = "select reading_id, score, p_value from machines_scores where run_id = 2"
STAGED = "select reading_id, score, p_value from machines_staged_scores"


@pytest.fixture
def second(
    postgresql_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SecondNight]:
    url = new_database(postgresql_server)
    for name, value in {"NIGHTFLAG_HOME": str(tmp_path), "RECORDS": url}.items():
        monkeypatch.setenv(name, value)
    with second_night(url, tmp_path) as night:
        yield night


def rows(second: SecondNight, query: str) -> list[tuple[Any, ...]]:
    with second.workplace.results.reading() as connection:
        return sorted(map(tuple, connection.exec_driver_sql(query)))


@contextmanager
def begun(
    words: list[str], *, on: Sequence[str] = (), **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    named = {**os.environ, **environment}
    process = subprocess.Popen([*on, sys.executable, "-m", "dask", *words], env=named)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def worker(address: str) -> list[str]:
    return ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """The address of a scheduler over TCP, and its workers, each a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        stack.enter_context(begun(scheduler))
        yield address, [stack.enter_context(begun(worker(address))) for _ in range(workers)]


def task_runs(server: SyncPrefectClient, run_id: Any) -> list[str]:
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
    return sorted(run.name for run in server.read_task_runs(flow_run_filter=of_run))


def test_processes_publish_what_one_process_does(
    server: SyncPrefectClient, second: SecondNight
) -> None:
    expected = rows(second, STAGED)
    second.executed(engine="processes", workers=2, partitions=3)
    state = nightly("machines", as_of=SECOND_NIGHT, retraining="never", return_state=True)
    assert state.is_completed(), state.message
    assert rows(second, PUBLISHED) == expected
    names = task_runs(server, state.state_details.flow_run_id)
    assert [name for name in names if name.startswith("partition")] == [
        "partition 1 of 3, 2026-03-06 00:00 to 2026-03-06 16:00",
        "partition 2 of 3, 2026-03-06 16:00 to 2026-03-07 08:00",
        "partition 3 of 3, 2026-03-07 08:00 to 2026-03-08 00:00",
    ]


def test_a_worker_of_a_cluster_that_is_killed_costs_its_partition_and_no_other(
    server: SyncPrefectClient, second: SecondNight
) -> None:
    """Both workers wait for a lock on the source when one of them is killed."""
    expected = rows(second, STAGED)
    url = make_url(second.workplace.source.url).set(drivername="postgresql")
    named = url.render_as_string(hide_password=False)
    with (
        cluster(2) as (address, workers),
        psycopg.connect(named) as other,
        psycopg.connect(named, autocommit=True) as watching,
        when("loaded", lambda: other.execute("lock table readings in access exclusive mode")),
        ThreadPoolExecutor(1) as thread,
    ):
        second.executed(engine="dask", address=address, partitions=4)
        # A thread of its own knows nothing of the settings that name the server.
        inherit = copy_context().run
        night = thread.submit(inherit, nightly, "machines", SECOND_NIGHT, "never")
        wait_until(lambda: night.done() or watching.execute(WAITING).fetchone() == (2,))
        assert not night.done(), night.exception()
        os.kill(workers[0].pid, signal.SIGKILL)
        workers[0].wait()
        other.rollback()
        assert night.result().is_published
    assert rows(second, PUBLISHED) == expected


def test_workers_on_other_hosts_publish_what_one_process_does(
    serving: dict[Any, str], second: SecondNight
) -> None:
    """They reach the database, the scheduler and Prefect's server by the network alone."""
    if not hosts.can_be_made():
        pytest.skip("NOT TRIED: other hosts. Run this test as root, where ip and nsenter are there")
    expected = rows(second, STAGED)
    api, database = make_url(serving[PREFECT_API_URL]), make_url(os.environ["RECORDS"])
    with ExitStack() as stack:
        there = stack.enter_context(hosts.hosts(2))
        enter = stack.enter_context
        prefect = enter(hosts.forwarded(("127.0.0.1", api.port or 0)))
        records = enter(hosts.forwarded(f"{database.query['host']}/.s.PGSQL.5432"))
        scheduler = ["scheduler", "--host", hosts.GATEWAY, "--port", "8786", "--no-dashboard"]
        enter(begun(scheduler))
        address = f"tcp://{hosts.GATEWAY}:8786"
        named = database.set(host=hosts.GATEWAY, port=records, query={})
        url = named.render_as_string(hide_password=False)
        for host in there:
            assert hosts.reaches(host, hosts.GATEWAY, records)
            assert not hosts.reaches(host, "127.0.0.1", api.port or 0)
            enter(begun(worker(address), on=host, RECORDS=url))
        enter(reporting_to({**serving, PREFECT_API_URL: f"http://{hosts.GATEWAY}:{prefect}/api"}))
        second.executed(engine="dask", address=address, partitions=4)
        assert nightly("machines", as_of=SECOND_NIGHT, retraining="never").is_published
    assert rows(second, PUBLISHED) == expected


def test_a_scheduler_that_does_not_answer_is_trouble_that_passes(
    server: SyncPrefectClient, second: SecondNight
) -> None:
    second.executed(engine="dask", address="tcp://127.0.0.1:9")
    with pytest.raises(WorkersLost, match="does not answer"):
        nightly("machines", as_of=SECOND_NIGHT, retraining="never")
    assert rows(second, PUBLISHED) == []


@contextmanager
def when(place: str, deed: Callable[[], object]) -> Iterator[None]:
    """Do it when the night first comes to that place."""
    left = [deed]

    def listen(reached: str) -> None:
        if reached == place and left:
            left.pop()()

    listeners.append(listen)
    try:
        yield
    finally:
        listeners.remove(listen)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)
