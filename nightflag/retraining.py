"""Retraining: why a model is due to be trained again."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from nightflag import models
from nightflag.drift.keeping import NIGHTS, lasting
from nightflag.models import Entry
from nightflag.monitors import Monitor, durations
from nightflag.queries import run
from nightflag.records import Layout
from nightflag.workplace import Workplace

CHANGED_COLUMNS = "the source's columns changed"
DRIFTED = f"drifted {NIGHTS} nights in a row"


def reason(workplace: Workplace, champion: Entry | None, as_of: datetime) -> str | None:
    """Why the monitor's model is to be trained for this logical date, if it is.

    It counts from the newest model, champion or not: one that was refused is not trained again
    every night.
    """
    monitor = workplace.monitor
    if champion is None:
        return due(None, monitor, as_of, present={})
    [newest] = models.latest(workplace.results, monitor.name, limit=1)
    with workplace.results.reading() as connection:
        since = {"monitor": monitor.name, "trained_at": newest.training.trained_at}
        verdicts = int(run(connection, "verdicts_since", **since).scalar_one())
        drifted = lasting(connection, monitor.name, since=newest.training.as_of, before=as_of)
    present = columns(workplace.layout)
    return due(newest, monitor, as_of, present=present, verdicts=verdicts, drifted=drifted)


def due(
    newest: Entry | None,
    monitor: Monitor,
    as_of: datetime,
    *,
    present: Mapping[str, str],
    verdicts: int = 0,
    drifted: str = "",
) -> str | None:
    """Why a model is to be trained for this logical date, or None where the newest one serves.

    ``present`` are the source's columns as :func:`columns` gives them, ``verdicts`` how many were
    given since that model was trained, ``drifted`` what no longer is as it was in training.
    """
    if newest is None:
        return "no champion yet"
    if newest.training.config_hash != recipe_hash(monitor):
        return "the monitor's source, features or detector changed"
    if changed := difference(newest.about.get("columns"), present):
        return f"{CHANGED_COLUMNS}: {changed}"
    if verdicts >= monitor.training.verdicts:
        return f"{verdicts} verdicts since the last training"
    if drifted and monitor.training.drift:
        return f"{DRIFTED}: {drifted}"
    age = as_of - newest.training.as_of
    if age >= monitor.training.every:
        cadence = durations.write(monitor.training.every)
        return f"{age.days} days since the last training; the cadence is {cadence}"
    return None


def recipe_hash(monitor: Monitor) -> str:
    """16 hexadecimal digits that change when the monitor would train another model."""
    recipe = monitor.model_dump(
        mode="json", include={"source", "features", "sequence", "training_rows", "detector"}
    )
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def columns(layout: Layout) -> dict[str, str]:
    """The Arrow type of each column that may be a feature: what a model was trained beside."""
    return {name: str(layout.columns.field(name).type) for name in layout.feature_candidates}


def difference(before: Mapping[str, str] | None, now: Mapping[str, str]) -> str:
    """What differs between such columns, in words; '' where nothing is known of before."""
    if before is None:
        return ""
    gained = [f"{name} is new" for name in now if name not in before]
    lost = [f"{name} is gone" for name in before if name not in now]
    other = [
        f"{name} was {kind} and is {now[name]}"
        for name, kind in before.items()
        if now.get(name, kind) != kind
    ]
    return ", ".join([*gained, *lost, *other])
