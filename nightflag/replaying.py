"""Replaying: nights over history as they would have been, each knowing only what was known then.

A night sees the records up to its logical date, and the verdicts, exclusions and mutes that people
had given by it. Late and corrected records, and labels, are as they stand now: nothing says when
they came.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from nightflag import evaluation, memory, models, nights, runs, scoring, training
from nightflag.databases import Database, connect
from nightflag.errors import NightflagError, SettingsError
from nightflag.evaluation import Truth
from nightflag.locks import Lock
from nightflag.models import Entry
from nightflag.runs import Run
from nightflag.workplace import Workplace

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Night:
    """A replayed night: its run, the model trained for it, and what is known of its records."""

    run: Run
    trained: Entry | None
    known: tuple[Truth, ...]


@contextmanager
def apart(workplace: Workplace, keep: Path | None = None) -> Iterator[Workplace]:
    """The same source, with results in a new SQLite file and models in a folder beside it.

    Both are gone at the end unless the file is named with ``keep``.
    """
    with _places(keep) as (database, folder):
        results = connect(f"sqlite:///{database}")
        try:
            yield replace(workplace, results=results, models=folder, reports=folder)
        finally:
            results.close()


@contextmanager
def _places(keep: Path | None) -> Iterator[tuple[Path, Path]]:
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


def replay(
    workplace: Workplace, dates: Iterable[datetime], *, said_in: Database
) -> Iterator[Night]:
    """Each night of these logical dates, the earliest first, published in the scratch results.

    ``said_in`` is where people's words are looked for. A night that fails is one that failed, and
    the next one takes up its records; an error that is to be corrected first ends the replay.
    """
    workplace.prepare()
    before = LONG_AGO
    for as_of in dates:
        memory.recall(said_in, workplace.results, workplace.monitor.name, after=before, until=as_of)
        yield _night(replace(workplace, moment=as_of), as_of)
        before = as_of


def _night(workplace: Workplace, as_of: datetime) -> Night:
    results, name = workplace.results, workplace.monitor.name
    with nights.only_run(workplace) as lock:
        night = nights.open_night(workplace, as_of)
        try:
            _publish(workplace, night, lock)
        except NightflagError as error:
            if error.exit_code != NightflagError.exit_code:
                raise
    night = runs.of_date(results, name, as_of) or night
    known = evaluation.evaluate(workplace, night) if night.is_published else ()
    newest = models.latest(results, name, limit=1)
    trained = [one for one in newest if one.training.as_of == as_of]
    return Night(night, trained[0] if trained else None, known)


def _publish(workplace: Workplace, night: Run, lock: Lock) -> None:
    """The steps of the nightly flow, without Prefect (a test compares the two)."""
    with nights.recorded_failure(workplace, night):
        findings = nights.check_tonight(workplace, night)
        with nights.champion_goes_on(workplace) as warnings:
            reason = nights.reason_to_train(workplace, night, "when due")
            if reason is not None:
                before = night.window.start or night.as_of
                training.train(workplace, as_of=night.as_of, before=before, reason=reason)
        entry, model = nights.load_champion(workplace, night.as_of)
        partitions = [scoring.score(workplace, night, model)]
        nights.publish(
            workplace, night, entry, partitions, warnings=warnings, lock=lock, findings=findings
        )
