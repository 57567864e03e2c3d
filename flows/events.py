"""Events: what other systems, and Prefect's automations, are told of a night."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from prefect.events import emit_event

from nightflag.drift import keeping as drift
from nightflag.errors import NightflagError, PublicationRefused, TableRefused
from nightflag.results import floods
from nightflag.runs import Run
from nightflag.workplace import Workplace

PUBLISHED = "nightflag.flags.published"
REFUSED = "nightflag.guard.refused"
DRIFTED = "nightflag.drift.detected"
JUMPED = "nightflag.alarm-rate.jumped"
COUNTS = ("records_read", "records_scored", "records_quarantined", "records_flagged")


def announce(workplace: Workplace, night: Run) -> None:
    """Tell of a night that this run published, of drift, and of an alarm rate that jumped."""
    counts = {name: getattr(night, name) for name in (*COUNTS, "model_version")}
    rates = {"alarm_rate": night.alarm_rate, "realised_rate": night.realised_rate}
    _emit(PUBLISHED, night.monitor, night.as_of, {**counts, **rates})
    with workplace.results.reading() as connection:
        rows = drift.of_night(connection, night.monitor, night.run_id)
    if drifted := {row["feature"]: row["why"] for row in rows if row["drifted"]}:
        _emit(DRIFTED, night.monitor, night.as_of, {"drifted": drifted})
    scored, rate = night.records_scored or 0, workplace.monitor.alarm.largest_rate
    unusual = round((night.realised_rate or 0) * scored)
    if floods.is_flood(unusual, scored, rate):
        what = f"{unusual:,} of {scored:,} records are within an alarm rate of {rate:g}."
        _emit(JUMPED, night.monitor, night.as_of, {"what": what, **counts, **rates})


@contextmanager
def refusals_told(monitor: str, as_of: datetime) -> Iterator[None]:
    """Tell of a guard that refuses the night inside; the refusal itself goes on."""
    try:
        yield
    except (TableRefused, PublicationRefused) as refusal:
        _emit(REFUSED, monitor, as_of, _in_words(refusal))
        raise


def _in_words(error: NightflagError) -> dict[str, Any]:
    parts = {"what": error.what, "expected": error.expected, "mend": error.mend}
    return {"guard": type(error).__name__, **parts}


def _emit(event: str, monitor: str, as_of: datetime, payload: dict[str, Any]) -> None:
    resource = {
        "prefect.resource.id": f"nightflag.monitor.{monitor}",
        "prefect.resource.name": monitor,
    }
    emit_event(event, resource, payload={"as_of": as_of.isoformat(), **payload})
