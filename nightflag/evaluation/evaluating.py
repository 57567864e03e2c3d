"""Evaluating nights and models, and keeping what comes out where SQL reads it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from nightflag.evaluation.measures import measures
from nightflag.evaluation.truth import Truth, labels, together, verdicts
from nightflag.failpoints import reached
from nightflag.queries import run
from nightflag.results.reading import Row
from nightflag.runs import Run
from nightflag.workplace import Workplace

ALL_NIGHTS = 0
"""The run_id under which all nights of a model stand together; those of nights begin with 1."""


def evaluate(workplace: Workplace, night: Run) -> tuple[Truth, ...]:
    """What is known of a published night; its measures are in ``nightflag_quality`` from now on.

    Nothing of a night that was cleaned away, whose measures stay as they are.
    """
    if night.cleaned_at is not None:
        return ()
    known = _known(workplace, night)
    with workplace.results.writing() as connection:
        _keep(connection, workplace, night.model_version or 0, night.run_id, known)
    reached("evaluated")
    return known


def evaluate_nights(workplace: Workplace, nights: Sequence[Run]) -> None:
    """Evaluate published nights, and what they have of each model together."""
    models: dict[int, list[Truth]] = defaultdict(list)
    for night in (one for one in nights if one.cleaned_at is None):
        models[night.model_version or 0] += evaluate(workplace, night)
    with workplace.results.writing() as connection:
        for version, known in models.items():
            _keep(connection, workplace, version, ALL_NIGHTS, _by_source(known))


def kept(connection: Connection, monitor: str, version: int, run_id: int) -> list[Row]:
    """The rows of ``nightflag_quality`` of a night, or with ``ALL_NIGHTS`` of a model."""
    values = {"monitor": monitor, "model_version": version, "run_id": run_id}
    return [dict(row) for row in run(connection, "quality_of_night", **values).mappings()]


def _known(workplace: Workplace, night: Run) -> tuple[Truth, ...]:
    found = (labels(workplace, night), verdicts(workplace, night))
    return tuple(one for one in found if one is not None and one.records)


def _by_source(known: Iterable[Truth]) -> tuple[Truth, ...]:
    parts: dict[str, list[Truth]] = defaultdict(list)
    for one in known:
        parts[one.source].append(one)
    return tuple(together(same) for same in parts.values())


def _keep(
    connection: Connection,
    workplace: Workplace,
    version: int,
    run_id: int,
    known: Iterable[Truth],
) -> None:
    """Replace what was known before: a verdict may have been taken back."""
    place = {"monitor": workplace.monitor.name, "model_version": version, "run_id": run_id}
    run(connection, "forget_quality", **place)
    for truth in known:
        counts = {"records": truth.records, "anomalies": truth.anomalies, "truth": truth.source}
        for measure in measures(truth):
            values = {**place, **counts, **asdict(measure), "evaluated_at": workplace.now()}
            run(connection, "keep_quality", **values)
