"""One run of a monitor at a time, over several processes, machines and crashes."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Timer
from typing import Any

import pytest

from nightflag import locks, processes
from nightflag.databases import Database, connect
from nightflag.errors import MonitorBusy
from nightflag.queries import run
from nightflag.results.setup import upgrade

NIGHT = datetime(2024, 5, 2, 2, 30, tzinfo=UTC)
NAME = "night of shop"
AT_ONCE, PATIENTLY = timedelta(0), timedelta(seconds=30)


@pytest.fixture
def results(database_url: str) -> Iterator[Database]:
    made = connect(database_url, schema="nightflag")
    upgrade(made)
    yield made
    made.close()


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NIGHT

    def __call__(self) -> datetime:
        return self.now


HOLDING = """
import sys
from datetime import UTC, datetime, timedelta
from nightflag.databases import connect
from nightflag.locks import hold
results = connect(sys.argv[1], schema="nightflag")
for _ in range(2):
    with hold(results, "night of shop", wait=timedelta(0), clock=lambda: datetime.now(UTC)):
        print("held", flush=True)
        sys.stdin.readline()
    print("released", flush=True)
    sys.stdin.readline()
"""


class Other:
    """Another process that holds and releases the lock when it is told to."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-c", HOLDING, url]
        self.process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def other(results: Database, database_url: str) -> Iterator[Other]:
    made = Other(database_url)
    yield made
    made.process.kill()
    made.process.communicate()


def now() -> datetime:
    return datetime.now(UTC)


def test_another_process_is_waited_for_or_named_and_a_killed_one_gives_way_at_once(
    results: Database, other: Other
) -> None:
    assert other.said() == "held"
    with pytest.raises(MonitorBusy) as raised, locks.hold(results, NAME, wait=AT_ONCE, clock=now):
        pass
    named = f"night of shop is held by process {other.process.pid} on {socket.gethostname()}"
    assert named in str(raised.value)
    assert raised.value.exit_code == 75

    Timer(0.3, other.go_on).start()
    with locks.hold(results, NAME, wait=PATIENTLY, clock=now):
        assert other.said() == "released"
    other.go_on()

    assert other.said() == "held"
    other.process.kill()
    os.waitid(os.P_PID, other.process.pid, os.WEXITED | os.WNOWAIT)  # nobody clears it away
    with locks.hold(results, NAME, wait=AT_ONCE, clock=now) as lock:
        assert lock.name == NAME


def test_a_lock_is_free_again_after_an_error(results: Database) -> None:
    def failing() -> None:
        with locks.hold(results, NAME, wait=AT_ONCE, clock=now):
            raise LookupError("of the night")

    with pytest.raises(LookupError, match="of the night"):
        failing()
    assert holder(results) is None


def test_locks_of_other_names_do_not_wait_for_each_other(results: Database) -> None:
    with (
        locks.hold(results, NAME, wait=AT_ONCE, clock=now),
        locks.hold(results, "training of shop", wait=AT_ONCE, clock=now) as second,
    ):
        assert second.name == "training of shop"


def holder(results: Database) -> Any:
    with results.reading() as connection:
        return run(connection, "lock_holder", name=NAME).one_or_none()


def held_elsewhere(results: Database) -> None:
    held_by(results, "x", host="another.example")


def held_by(results: Database, holder: str, host: str = socket.gethostname()) -> None:
    with results.writing() as connection:
        values = {"holder": holder, "host": host, "process": os.getpid(), "now": NIGHT}
        run(connection, "take_lock", name=NAME, **values)


def test_a_dead_holder_whose_number_another_process_was_given_gives_way_at_once(
    results: Database,
) -> None:
    held_by(results, f"{processes.place()}process {os.getpid()} since 1; token")
    with locks.hold(results, NAME, wait=AT_ONCE, clock=Clock()) as lock:
        assert holder(results).holder == lock.holder


def test_a_holder_in_another_container_of_the_same_host_is_not_taken_for_dead(
    results: Database,
) -> None:
    container = processes.place().replace("pid:[", "pid:[9")
    held_by(results, f"{container}process {os.getpid()} since 1; token")
    with (
        pytest.raises(MonitorBusy, match=f"process {os.getpid()}"),
        locks.hold(results, NAME, wait=AT_ONCE, clock=Clock()),
    ):
        pass


@pytest.mark.parametrize(("seconds", "gives_way"), [(0, False), (120, False), (121, True)])
def test_a_holder_elsewhere_gives_way_when_its_lease_has_run_out(
    results: Database, seconds: int, gives_way: bool
) -> None:
    held_elsewhere(results)
    clock = Clock()
    clock.now += timedelta(seconds=seconds)
    if gives_way:
        with locks.hold(results, NAME, wait=AT_ONCE, clock=clock) as lock:
            assert holder(results).holder == lock.holder
        return
    with (
        pytest.raises(MonitorBusy, match=r"another\.example"),
        locks.hold(results, NAME, wait=AT_ONCE, clock=clock),
    ):
        pass


def test_a_holder_that_renews_its_lease_keeps_it(
    results: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "RENEWAL_SECONDS", 0.02)
    clock = Clock()
    with locks.hold(results, NAME, wait=AT_ONCE, clock=clock):
        for _ in range(3):
            clock.now += timedelta(minutes=10)
            wait_for_renewal(results, clock.now)
            with (
                pytest.raises(MonitorBusy),
                locks.hold(results, NAME, wait=AT_ONCE, clock=clock),
            ):
                pass


def wait_for_renewal(results: Database, moment: datetime) -> None:
    for _ in range(500):
        if holder(results).renewed_at == moment:
            return
        Event().wait(0.02)
    pytest.fail("the lease was not renewed within ten seconds")


def test_a_holder_that_was_replaced_does_not_release_its_successor(results: Database) -> None:
    clock = Clock()
    with locks.hold(results, NAME, wait=AT_ONCE, clock=clock):
        with results.writing() as connection:
            run(connection, "break_lock", name=NAME, holder=holder(results).holder)
        held_elsewhere(results)
    assert holder(results).host == "another.example"
