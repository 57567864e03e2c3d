"""Key, event time, label, features and expectations, guessed from a table."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from nightflag import features
from nightflag.databases import Database
from nightflag.errors import MonitorError, SourceError
from nightflag.monitors import Monitor
from nightflag.proposal import first_nights, keys, seeing
from nightflag.proposal.seeing import Seen
from nightflag.proposal.tables import SAMPLE, Looked, look_at
from nightflag.records import describe
from nightflag.records.recency import newest
from nightflag.records.times import event_times
from nightflag.validation import propose as proposed_expectations

EVENT = re.compile(r"^(event|record|occur|measur|observ|transact|read|happen|creat|insert|log)")
MOMENT = re.compile(r"_at$|time|date|stamp|_ts$|^ts$")
AFTERWARDS = re.compile(r"updat|modif|chang|delet|expir|due|birth|valid|until|load|import|sync")
LABELS = re.compile(r"label|anomal|fraud|outlier|attack|abnormal|intrusion")
CERTAIN_LABELS = re.compile(r"(is_)?(label|anomaly|anomalous|fraud|outlier|attack)")
PERHAPS_LABELS = re.compile(r"event|incident|fail|fault|defect|target|breakdown")
RATES = (0.01, 0.02, 0.05, 0.1)
HELD_OUT = 0.25


@dataclass(frozen=True)
class Wishes:
    """What the person said themselves; None and () where the table is to say it."""

    table: str
    schema: str | None = None
    name: str | None = None
    key: tuple[str, ...] = ()
    time: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class Guesses:
    """A monitor in parts, with the reason of each guess by the name of its key."""

    monitor: Monitor
    reasons: dict[str, str]
    first_window: timedelta
    inferred: features.Inferred
    expectations: list[dict[str, dict[str, Any]]]
    alarm_rate: float
    sampled: int
    newest: datetime | None
    seen: Seen


def propose(database: Database, reference: str, wishes: Wishes) -> Guesses:
    """A monitor for the table, guessed from its declaration and a sample of its records.

    ``reference`` is what the monitor will say under ``database``. Raises :class:`SourceError`
    naming the candidates where the key or the event time cannot be guessed.
    """
    looked = look_at(database, wishes.table, wishes.schema)
    told = (wishes.key, "As you said.") if wishes.key else None
    key, why_key = told or keys.guess(database, looked)
    time, why_time = _time(looked, wishes, has_text_times=database.dialect == "sqlite")
    label, why_label = _label(looked, {*key, time}, wishes)
    monitor = _monitor(reference, wishes, {"key": key, "time": time, "label": label})
    layout = describe(database, monitor.source)
    frame: pd.DataFrame = looked.records.to_pandas(split_blocks=True)
    known = frame.drop(columns=[label] if label else [])
    inferred = features.infer(frame[list(layout.feature_candidates)])
    last = newest(database, monitor.source)
    first_window, why_window = first_nights.guess(database, layout, last)
    return Guesses(
        monitor,
        {"key": why_key, "time": why_time, "label": why_label, "first_window": why_window},
        first_window,
        inferred,
        proposed_expectations(known, key=key, time=time),
        _alarm_rate(len(frame)),
        len(frame),
        last,
        seeing.guess(looked.records, inferred, key=key, time=time, label=label),
    )


def _time(looked: Looked, wishes: Wishes, *, has_text_times: bool) -> tuple[str, str]:
    if wishes.time:
        return wishes.time, "As you said."
    names = looked.columns.names
    candidates = [one for one in names if _holds_times(looked, one, has_text_times)]
    if not candidates:
        raise SourceError(
            f"No column of {looked.name} holds times, so the event time cannot be guessed.",
            expected="a timestamp, a date, or (in SQLite) ISO 8601 text such as 2026-01-31 14:30",
            mend=f"name it: --time COLUMN, out of {', '.join(names)}; to try things out, "
            "`nightflag load FILE --table NAME --clock COLUMN` makes times up",
        )
    best, *others = sorted(candidates, key=lambda name: _unlikely(looked, name))
    also = f" Also possible: {', '.join(others)}." if others else ""
    return best, f"The column that most looks like the time of the event.{also}"


def _holds_times(looked: Looked, name: str, has_text_times: bool) -> bool:
    values = looked.records.column(name).combine_chunks()
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return True
    if not (has_text_times and pa.types.is_string(values.type)):
        return False
    read = event_times(values, time_zone="UTC")
    return bool(read.null_count == values.null_count < len(values))


def _unlikely(looked: Looked, name: str) -> tuple[bool, bool, bool, bool]:
    """Sorts the likeliest event time first; among equals, a moment before a mere date."""
    word = name.lower()
    return (
        bool(AFTERWARDS.search(word)),
        not (EVENT.search(word) and MOMENT.search(word)),
        not MOMENT.search(word),
        pa.types.is_date(looked.columns.field(name).type),
    )


def _label(looked: Looked, taken: set[str], wishes: Wishes) -> tuple[str | None, str]:
    if wishes.label:
        return wishes.label, "As you said: only used to evaluate, never seen by the detector."
    free = [name for name in looked.columns.names if name not in taken]
    candidates = [
        name
        for words in (LABELS, PERHAPS_LABELS)
        for name in free
        if words.search(name.lower())
        and (CERTAIN_LABELS.fullmatch(name.lower()) or _says_yes_or_no(looked, name))
    ]
    if not candidates:
        return None, ""
    also = f" Also possible: {', '.join(candidates[1:])}." if candidates[1:] else ""
    why = f"Named like a label: it only evaluates, and no detector sees it.{also}"
    return candidates[0], f"{why} If it is none, take it away."


def _says_yes_or_no(looked: Looked, name: str) -> bool:
    values = looked.records.column(name).unique().drop_null()
    if pa.types.is_boolean(values.type):
        return True
    numbers = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    return bool(numbers and len(values) and set(values.to_pylist()) <= {0, 1})


def _monitor(reference: str, wishes: Wishes, guessed: dict[str, Any]) -> Monitor:
    name = wishes.name or _plain(wishes.table)
    place = {"database": reference, "table": wishes.table, "schema": wishes.schema}
    source = {**place, **{key: value for key, value in guessed.items() if value}}
    try:
        return Monitor.model_validate({"monitor": name, "source": source})
    except ValidationError as error:
        first = error.errors()[0]
        raise MonitorError(
            f"{'.'.join(map(str, first['loc']))} cannot be written into a monitor.",
            expected=first["msg"].removeprefix("Value error, expected "),
            mend="correct the option; names are given with --name",
        ) from None


def _plain(table: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "_", table.lower()).strip("_")[:40]
    return word if re.match(r"(?!nightflag|sqlite)[a-z]", word) else f"watch_{word}"[:40]


def _alarm_rate(records: int) -> float:
    """The lowest usual rate that this many records can be calibrated for."""
    smallest = 1 / (records * HELD_OUT + 1)
    usable = [rate for rate in RATES if records == SAMPLE or smallest <= rate]
    return (*usable, RATES[-1])[0]
