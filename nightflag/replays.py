"""Replays in words: the same on the terminal and in the Prefect UI."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nightflag.evaluation import Truth
    from nightflag.replaying import Night

LINE = "{:<16}{:>9}{:>9}{:>9}{:>8}{:>7}{:>11}{:>8}"
HEADING = LINE.format(
    "night (UTC)", "read", "scored", "flagged", "rate", "model", "precision", "recall"
)
UNKNOWN = "Late and corrected records, and labels, are taken as they stand now."


def row(night: "Night") -> dict[str, Any]:
    """A replayed night as a row: its counts, the model trained for it, what is known of it."""
    run, trained = night.run, night.trained
    counts = ("records_read", "records_scored", "records_quarantined", "records_flagged")
    return {
        "as_of": run.as_of,
        "status": run.status,
        **{name: getattr(run, name) for name in (*counts, "realised_rate", "model_version")},
        "trained_version": trained and trained.version,
        "trained_because": trained and trained.training.reason,
        "trained_status": trained and _became(trained.status),
        "decision": trained and trained.decision,
        "warnings": run.warnings,
        "error": run.error,
        **_quality(night.known),
    }


def _became(status: str) -> str:
    """What the contest made of a model, which may have been retired since."""
    return "champion" if status == "retired" else status


def _quality(known: Sequence["Truth"]) -> dict[str, Any]:
    """Precision and recall by labels, or by verdicts where there are none."""
    from nightflag.evaluation import measures

    found = {one.metric: one.value for one in measures(known[0])} if known else {}
    return {
        "truth": known[0].source if known else None,
        "anomalies": known[0].anomalies if known else None,
        "precision": found.get("precision"),
        "recall": found.get("recall"),
    }


def lines(night: "Night") -> Iterator[str]:
    """A replayed night in lines under :data:`HEADING`."""
    found = row(night)
    date = f"{night.run.as_of:%Y-%m-%d %H:%M}"
    if night.run.is_published:
        counts = [f"{found[name]:,}" for name in ("records_read", "records_scored")]
        shares = [_share(found[name]) for name in ("precision", "recall")]
        flagged, rate = f"{found['records_flagged']:,}", f"{found['realised_rate'] or 0:.2%}"
        yield LINE.format(date, *counts, flagged, rate, found["model_version"], *shares)
    else:
        yield f"{date} failed: {str(found['error']).splitlines()[0]}"
    if night.trained:
        yield f"    model {found['trained_version']} trained: {found['trained_because']}"
        yield f"    {found['trained_status']}: {found['decision']}"
    yield from (f"    warning: {line}" for line in (found["warnings"] or "").splitlines())


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def summary(seen: Sequence["Night"], rate: float) -> Iterator[str]:
    """What all nights together came to, beside the alarm ``rate`` they were promised."""
    from nightflag.evaluation import measures
    from nightflag.evaluation.truth import together

    published = [night.run for night in seen if night.run.is_published]
    scored, flagged = (
        sum(getattr(run, name) or 0 for run in published)
        for name in ("records_scored", "records_flagged")
    )
    yield (
        f"{len(published)} of {len(seen)} nights: {scored:,} records scored, {flagged:,} flagged, "
        f"{flagged / max(scored, 1):.2%} of them (alarm rate {rate:.2%})."
    )
    trained = [_became(night.trained.status) for night in seen if night.trained]
    refused = trained.count("refused")
    yield f"Models trained: {len(trained)}, of them refused: {refused}."
    known = [night.known[0] for night in seen if night.known]
    same = [one for one in known if one.source == known[0].source]
    for one in measures(together(same)) if same else ():
        if one.metric in ("precision", "recall"):
            shares = f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"
            yield f"{one.metric.capitalize()} by {known[0].source}: {shares}."
