"""Runs nights of the real flow, each in a process of its own, forked for it.

Every line on standard input is a list of nights that start at the same time; every line on standard
output says what became of them. The nights after one that is to hang start once it stands still,
and it goes on when they have ended. Each Prefect task and flow gives way to the function it wraps,
and nothing is told to the UI, so that no Prefect server is needed. The parent only imports, so that
a fork is ready at once. Of a night that is killed it is heard how far it came. Drawing the page of
a night takes most of its time, so those who want many nights may do without.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from threading import Thread, Timer
from types import ModuleType
from typing import Any

from prefect import Flow, Task

import flows.artifacts
import flows.digesting
import flows.events
import flows.nightly
import flows.partitions
import flows.retraining
from nightflag import locks
from nightflag.databases import sqlite
from nightflag.errors import NightflagError
from nightflag.failpoints import listeners

INTERRUPTION = ("place", "nth", "deed", "after")
PAUSE_SECONDS = 1.5
HEAVY = ("great_expectations", "keras", "tensorflow")
FETCHED_WHEN_NEEDED = (
    "adbc_driver_postgresql.dbapi",
    "alembic.command",
    "matplotlib.backends.backend_svg",
    "nightflag.detectors.auto_records",
    "nightflag.validation.gx",
    "pyarrow.dataset",
)


class Doorbell(BaseHTTPRequestHandler):
    """A webhook for digests, which is content with whatever it is sent."""

    def do_POST(self) -> None:
        """Take it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Interruption:
    """Kills, fails, stops or delays the night when it comes to a place for the nth time.

    Times before it has come to the place ``after`` do not count; '' is its start. A deed may also
    be a command, which is run there.
    """

    def __init__(self, place: str, nth: int, deed: str | list[str], after: str = "") -> None:
        self.place, self.left, self.deed, self.waits_for = place, nth, deed, after

    def __call__(self, place: str) -> None:
        if self.waits_for:
            self.waits_for = "" if place == self.waits_for else self.waits_for
            return
        self.left -= place == self.place
        if place != self.place or self.left:
            return
        if isinstance(self.deed, list):
            subprocess.run(self.deed, check=True)
            return
        if self.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.deed == "hang":
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if self.deed == "fail":
            raise OSError(f"The disk is full: {place}.")
        time.sleep(PAUSE_SECONDS)


def without_prefect(*modules: ModuleType) -> None:
    """Let every task and flow in the modules be the function it wraps."""
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, Task | Flow):
                setattr(module, name, value.fn)
    for name in [name for name in vars(flows.artifacts) if name.startswith("create_")]:
        setattr(flows.artifacts, name, unheard)
    flows.events.emit_event = unheard


def unheard(*_: object, **__: object) -> None:
    """Tell nobody."""


def outcome(night: dict[str, Any]) -> dict[str, Any]:
    """What came of one night, in this process."""
    os.environ.update(night["environment"])
    locks.LEASE = timedelta(seconds=night["lease"])
    sqlite.BUSY_TIMEOUT_MS = int(1_000 * night["patience"])
    if not night["page"]:
        flows.nightly.write_report = flows.artifacts.show_night = unheard
    if night["place"]:
        listeners.append(Interruption(*(night[part] for part in INTERRUPTION)))
    as_of = datetime.fromisoformat(night["as_of"])
    nightly: Any = flows.nightly.nightly
    try:
        run = nightly(night["monitor"], as_of=as_of, retraining=night["retraining"])
    except NightflagError as error:
        parts = {"what": error.what, "expected": error.expected, "mend": error.mend}
        return {"status": "refused", "error": type(error).__name__, **parts}
    except BaseException as error:  # noqa: BLE001 - the test is told of it
        what = traceback.format_exc()
        return {"status": "refused", "error": type(error).__name__, "what": what}
    return {"status": run.status, "imported": sorted({*HEAVY} & set(sys.modules))}


def tell(pipe: int, news: dict[str, Any]) -> None:
    """Write it at once: the next moment may be the last."""
    os.write(pipe, (json.dumps(news) + "\n").encode())


def lived(night: dict[str, Any], pipe: int, start: float) -> None:
    """The life of a night in this process: each place it comes to, and its outcome, are told."""
    places: dict[str, float] = {}

    def come(place: str) -> None:
        if place not in places:
            places[place] = round(time.monotonic() - start, 4)
            tell(pipe, {"places": places})

    tell(pipe, {"places": places})
    listeners.append(come)
    tell(pipe, outcome(night))


@contextmanager
def forked(night: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """The process of a night, and the pipe on which it tells of itself."""
    start = time.monotonic()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        lived(night, writing, start)
        os._exit(0)
    os.close(writing)
    yield process, reading
    os.waitpid(process, 0)


def told(pipe: int, process: int, doom: tuple[str, float] | None) -> dict[str, Any]:
    """What the process at the other end told before it ended; ``killed`` without an outcome.

    It is doomed to be killed so many seconds after it came to a place; '' is its start.
    """
    news: dict[str, Any] = {"status": "killed"}
    place, seconds = doom or ("", 0.0)
    killer = Timer(seconds, os.kill, (process, signal.SIGKILL))
    with os.fdopen(pipe, "rb") as end:
        for line in end:
            news |= json.loads(line)
            if doom and not killer.ident and place in {*news["places"], ""}:
                killer.start()
    killer.cancel()
    if killer.is_alive():
        killer.join()
    return news


def together(nights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outcomes of nights that run at the same time."""
    if not nights:
        return []
    with forked(nights[0]) as (process, pipe):
        if nights[0]["deed"] == "hang":
            os.waitid(os.P_PID, process, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        with ThreadPoolExecutor(1) as listening:
            first = listening.submit(told, pipe, process, nights[0]["doom"])
            others = together(nights[1:])
            os.kill(process, signal.SIGCONT)
            return [first.result(), *others]


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    without_prefect(flows.digesting, flows.nightly, flows.partitions, flows.retraining)
    for name in FETCHED_WHEN_NEEDED if "--light" not in sys.argv else ():
        import_module(name)
    gc.freeze()  # or a fork that looks for garbage makes a copy of all that it looks through
    doorbell = HTTPServer(("127.0.0.1", 0), Doorbell)
    Thread(target=doorbell.serve_forever, daemon=True).start()
    os.environ["DOORBELL"] = f"json://127.0.0.1:{doorbell.server_port}"
    for line in sys.stdin:
        answers.write(json.dumps(together(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
