"""``nightflag replay``."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from nightflag.cli.options import AsJson, Moment, duration
from nightflag.cli.output import print_json, say
from nightflag.cli.progress import each_night
from nightflag.cli.results import at_work_on
from nightflag.errors import SettingsError
from nightflag.monitors import overridden
from nightflag.workplace import Workplace

if TYPE_CHECKING:
    from nightflag.evaluation import Truth
    from nightflag.replaying import Night

HEADINGS = ("night (UTC)", "read", "scored", "flagged", "rate", "model", "precision", "recall")
LINE = "{:<16}{:>9}{:>9}{:>9}{:>8}{:>7}{:>11}{:>8}"
UNKNOWN = "Late and corrected records, and labels, are taken as they stand now."


def replay(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    start: Annotated[Moment, Parameter(name="--from", help="The first night, such as 2026-01-31.")],
    end: Annotated[Moment, Parameter(name="--to", help="The last night.")],
    every: Annotated[
        timedelta,
        Parameter(
            converter=duration, n_tokens=1, help="How far apart nights are; by default 1 day"
        ),
    ] = timedelta(days=1),
    settings: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            negative="",
            help="A setting to try, such as alarm.rate=0.001; may be given again.",
        ),
    ] = (),
    keep: Annotated[
        Path | None, Parameter(help="Keep the results in this new SQLite file, models beside it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a monitor's nights over history again, apart from all that is published."""
    dates = _dates(start, end, every)
    logging.getLogger("nightflag").addHandler(logging.NullHandler())  # warnings are shown
    with at_work_on(monitor) as real:
        changed = replace(real, monitor=overridden(real.monitor, settings))
        say(f"Replaying {len(dates)} nights of {monitor}; nothing published is touched. {UNKNOWN}")
        seen = []
        if not as_json:
            print(LINE.format(*HEADINGS))
        nights = _nights(real, changed, dates, keep)
        for night in each_night(nights, len(dates), quiet=as_json):
            seen.append(night)
            if not as_json:
                print(*_lines(night), sep="\n", flush=True)
    if as_json:
        print_json([_row(night) for night in seen])
    else:
        print("", *_summary(seen, changed.monitor.alarm.rate), sep="\n")


def _dates(start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    if end < start:
        raise SettingsError(
            f"The last night, {end:%Y-%m-%d %H:%M}, is before the first, {start:%Y-%m-%d %H:%M}.",
            expected="a last night that is not before the first",
            mend="correct --from and --to",
        )
    return [start + number * every for number in range((end - start) // every + 1)]


def _nights(
    real: Workplace, changed: Workplace, dates: Sequence[datetime], keep: Path | None
) -> Iterator["Night"]:
    from nightflag.replaying import replay, scratch

    with _places(keep) as (database, models), scratch(changed, database, models) as workplace:
        yield from replay(workplace, dates, said_in=real.results)


@contextmanager
def _places(keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """A file for the results and a folder for the models, both gone at the end unless kept."""
    if keep is None:
        with TemporaryDirectory(prefix="nightflag-replay-") as folder:
            yield Path(folder) / "replay.db", Path(folder) / "models"
        return
    models = keep.with_name(f"{keep.name}-models")
    for place in (keep, models):
        if place.exists():
            raise SettingsError(
                f"{place} is there already.",
                expected="a new file, because a replay starts without results",
                mend="name another file with --keep, or remove what an earlier replay left",
            )
    yield keep, models


def _row(night: "Night") -> dict[str, Any]:
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


def _lines(night: "Night") -> Iterator[str]:
    row = _row(night)
    date = f"{night.run.as_of:%Y-%m-%d %H:%M}"
    if night.run.is_published:
        counts = [f"{row[name]:,}" for name in ("records_read", "records_scored")]
        shares = [_share(row[name]) for name in ("precision", "recall")]
        flagged, rate = f"{row['records_flagged']:,}", f"{row['realised_rate'] or 0:.2%}"
        yield LINE.format(date, *counts, flagged, rate, row["model_version"], *shares)
    else:
        yield f"{date} failed: {str(row['error']).splitlines()[0]}"
    if night.trained:
        yield f"    model {row['trained_version']} trained: {row['trained_because']}"
        yield f"    {row['trained_status']}: {row['decision']}"
    yield from (f"    warning: {line}" for line in (row["warnings"] or "").splitlines())


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _summary(seen: Sequence["Night"], rate: float) -> Iterator[str]:
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
