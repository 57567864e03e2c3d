"""Partitions: the slices of a night, each worked on by whoever takes the order for it.

An order holds no connection and no password: who takes it reads the monitor, the URLs of the
databases and the place of the models from its own environment, as the night itself does.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from nightflag import models, scoring
from nightflag.errors import NightflagError, SettingsError
from nightflag.forks import apart
from nightflag.models import Entry
from nightflag.monitors import Monitor, find
from nightflag.results.staging import clear
from nightflag.runs import Run
from nightflag.scoring import Partition
from nightflag.settings import ReadSecret, Settings
from nightflag.slices import Slice, cut, whole
from nightflag.validation import split
from nightflag.workplace import Workplace, of_monitor

SHARED = "postgresql"
IMPORTS = ("adbc_driver_postgresql.dbapi", "nightflag.partitions")
VALIDATION = ("nightflag.validation.gx",)


@dataclass(frozen=True)
class Order:
    """To score a slice of a monitor's night, as the source was at a snapshot, by one model.

    The ``imports`` are modules that take long to import, and are needed for it.
    """

    night: Run
    piece: Slice
    config_hash: str
    model_version: int
    snapshot: str
    imports: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.piece)


@contextmanager
def ordered(workplace: Workplace, night: Run, entry: Entry) -> Iterator[tuple[Order, ...]]:
    """The orders for a night, to be filled while the ``with`` block lasts: so long its snapshot is.

    Raises :class:`SettingsError` where several processes cannot work on it.
    """
    refuse_unshared(workplace)
    monitor = workplace.monitor
    clear(workplace.results, workplace.tables)
    with workplace.source.shared_snapshot() as snapshot:
        first = Order(
            night,
            whole(night.window),
            monitor.config_hash(),
            entry.version,
            snapshot,
            (*IMPORTS, *VALIDATION) if split(monitor.expectations)[0] else IMPORTS,
        )
        pieces = cut(night.window, monitor.execution.pieces)
        yield tuple(replace(first, piece=piece) for piece in pieces)


def refuse_unshared(workplace: Workplace) -> None:
    """Raise :class:`SettingsError` unless several processes can read the source and write results.

    They have to read one snapshot, which they can hand to each other in PostgreSQL alone; and to
    write at the same time, which in SQLite they cannot.
    """
    for holds, database in (("source", workplace.source), ("results", workplace.results)):
        if database.dialect != SHARED:
            raise SettingsError(
                f"Several processes cannot share the {holds} in {database.name}.",
                expected="PostgreSQL for the source and for the results: there several processes "
                "read one snapshot and write at the same time",
                mend="take `execution: {engine: ...}` out of the monitor: one process does it all",
            )


def fill(order: Order, read_secret: ReadSecret) -> Partition:
    """What the partition came to; it is staged then, and handed in by publishing its ticket.

    Called twice it stages twice, under two tickets. Its errors say of which partition they are.
    """
    with _told_apart(order.piece):
        settings = Settings()
        monitor = find(settings.monitors_folder, order.night.monitor)
        _refuse_other(monitor, order)
        with of_monitor(monitor, settings, read_secret=read_secret) as workplace:
            entry = models.of_version(workplace.results, monitor.name, order.model_version)
            model = models.load(entry, folder=workplace.models)
            there = replace(workplace, source=workplace.source.at(order.snapshot))
            return scoring.score_slice(there, order.night, order.piece, model)


def fill_apart(order: Order, read_secret: ReadSecret) -> Partition:
    """What :func:`fill` returns, done in a process of its own on this machine."""
    work = partial(fill, order, read_secret)
    return apart(work, imports=(*order.imports, read_secret.__module__), about=str(order))


def _refuse_other(monitor: Monitor, order: Order) -> None:
    if monitor.config_hash() != order.config_hash:
        raise SettingsError(
            f"The monitor {monitor.name} says something else here than where the night began.",
            expected="the same file in NIGHTFLAG_MONITORS (or NIGHTFLAG_HOME) of every worker",
            mend="bring the workers' monitors to the newest, then run the night again",
        )


@contextmanager
def _told_apart(piece: Slice) -> Iterator[None]:
    """Says in an error which partition it is of, and on which machine it was worked on."""
    where = f"{str(piece).capitalize()}, on {socket.gethostname()}"
    try:
        yield
    except NightflagError as error:
        named = type(error)(f"{where}: {error.what}", expected=error.expected, mend=error.mend)
        raise named from error
    except Exception as error:
        error.add_note(where)
        raise
