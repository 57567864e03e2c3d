"""One run of a monitor at a time: a lease in the results database, renewed while its holder lives.

The lease tells which process holds it, so that a run killed on this machine is replaced at once; a
holder elsewhere is replaced when it has not renewed for two minutes. Publishing a night and
registering a model check in their own transaction that the lease is still held: a holder that was
only asleep does neither.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection

from nightflag.databases import Database
from nightflag.errors import MonitorBusy, NightflagError
from nightflag.processes import has_ended, identity
from nightflag.queries import run

LEASE = timedelta(minutes=2)
RENEWAL_SECONDS = 20.0
POLL_SECONDS = 0.5

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Lock:
    """A held lock; ``holder`` is unique to this holding, and begins with its process's identity."""

    name: str
    holder: str


@contextmanager
def hold(results: Database, name: str, *, wait: timedelta, clock: Clock) -> Iterator[Lock]:
    """The lock ``name``, held for the time of the ``with`` block.

    Waits up to ``wait`` for another holder, then raises :class:`MonitorBusy` naming it.
    """
    lock = Lock(name, identity(os.getpid()) + secrets.token_hex(8))
    _take(results, lock, wait=wait, clock=clock)
    released = Event()
    renewal = Thread(target=_renew, args=(results, lock, clock, released), daemon=True)
    renewal.start()
    try:
        yield lock
    finally:
        released.set()
        renewal.join()
        with suppress(NightflagError):  # the night's own outcome counts; the lease will run out
            _release(results, lock)


def keep(connection: Connection, lock: Lock, now: datetime) -> bool:
    """Whether the lock is still held; if so, nobody else can take it before this transaction ends.

    What only its holder may write is written in such a transaction.
    """
    return run(connection, "renew_lock", name=lock.name, holder=lock.holder, now=now).rowcount == 1


def _take(results: Database, lock: Lock, *, wait: timedelta, clock: Clock) -> None:
    deadline = monotonic() + wait.total_seconds()
    while not _try(results, lock, clock()):
        if monotonic() >= deadline:
            raise _busy(results, lock, wait)
        sleep(POLL_SECONDS)


def _try(results: Database, lock: Lock, now: datetime) -> bool:
    with results.writing() as connection:
        other = run(connection, "lock_holder", name=lock.name).one_or_none()
        if other is not None and _gives_way(other, now):
            run(connection, "break_lock", name=lock.name, holder=other.holder)
        taken = run(
            connection,
            "take_lock",
            name=lock.name,
            holder=lock.holder,
            host=socket.gethostname(),
            process=os.getpid(),
            now=now,
        )
        return taken.rowcount == 1


def _gives_way(other: Any, now: datetime) -> bool:
    return now - other.renewed_at > LEASE or has_ended(other.process, other.holder)


def _renew(results: Database, lock: Lock, clock: Clock, released: Event) -> None:
    while not released.wait(RENEWAL_SECONDS):
        try:
            with results.writing() as connection:
                keep(connection, lock, clock())
        except NightflagError:
            continue  # what is written checks the lease; until then the next renewal may succeed


def _release(results: Database, lock: Lock) -> None:
    with results.writing() as connection:
        run(connection, "break_lock", name=lock.name, holder=lock.holder)


def _busy(results: Database, lock: Lock, wait: timedelta) -> MonitorBusy:
    with results.reading() as connection:
        other = run(connection, "lock_holder", name=lock.name).one_or_none()
    who = f"process {other.process} on {other.host}" if other else "another run"
    return MonitorBusy(
        f"{lock.name} is held by {who}; waited {wait.total_seconds():.0f} s for it.",
        expected="one run of a monitor at a time",
        mend="wait for that run to end, then run the night again; a dead one gives way by itself",
    )
