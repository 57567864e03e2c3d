"""The steps of a night: each in one place, and each safe to be called again after a crash."""

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from nightflag import drift, models, retraining, runs, succession
from nightflag.errors import ExpectationError, FeatureError, MonitorError, NightflagError
from nightflag.failpoints import reached
from nightflag.locks import Lock, hold
from nightflag.logical_dates import known, refuse_impossible
from nightflag.models import Entry, Model
from nightflag.monitors import Monitor
from nightflag.records.pulling import selection
from nightflag.results import publication
from nightflag.results.publication import Publication
from nightflag.results.staging import Counts, drop_shadow
from nightflag.runs import Run
from nightflag.scoring import Partition
from nightflag.validation import TableFinding, check_table, outcomes, refuse, split, total
from nightflag.validation.outcome import warnings as failed_expectations
from nightflag.workplace import Workplace

logger = logging.getLogger(__name__)


@contextmanager
def only_run(workplace: Workplace) -> Iterator[Lock]:
    """The monitor's lock, once every table exists; waits as long as the monitor says."""
    with _alone(workplace, "night") as lock:
        reached("locked")
        yield lock


def only_training(workplace: Workplace) -> AbstractContextManager[Lock]:
    """The lock on training the monitor's model, once every table exists."""
    return _alone(workplace, "training")


@contextmanager
def _alone(workplace: Workplace, activity: str) -> Iterator[Lock]:
    workplace.prepare()
    monitor = workplace.monitor
    name, wait = f"{activity} of {monitor.name}", monitor.execution.lock_wait
    with hold(workplace.results, name, wait=wait, clock=workplace.now) as lock:
        yield lock


def open_night(workplace: Workplace, as_of: datetime) -> Run:
    """The run of this logical date: its window, and whether it is published already.

    Raises :class:`SettingsError` for a date more than a day ahead, and for one before the first.
    """
    results, name = workplace.results, workplace.monitor.name
    refuse_impossible(name, as_of, known(results, name), workplace.now())
    night = runs.open_run(workplace.results, workplace.monitor, as_of, workplace.now())
    reached("opened")
    return night


@contextmanager
def recorded_failure(workplace: Workplace, night: Run) -> Iterator[None]:
    """Write the error of the steps inside into the run's row, then let it pass on."""
    try:
        yield
    except BaseException as error:
        try:
            runs.fail(workplace.results, night, str(error) or repr(error), workplace.now())
        except NightflagError as unrecorded:
            logger.warning("The failure could not be recorded: %s", unrecorded)
        raise


def check_tonight(workplace: Workplace, night: Run) -> tuple[TableFinding, ...]:
    """What tonight's table expectations found; a critical one that fails stops the night."""
    source = workplace.source
    expectations = split(workplace.monitor.expectations)[1]
    if not expectations:
        return ()
    window = selection(source, workplace.layout, night.window, undated=True)
    url = source.url.render_as_string(hide_password=False)
    findings = check_table(url, source.statement(window), expectations)
    reached("checked")
    refuse(findings)
    return findings


def reason_to_train(workplace: Workplace, night: Run, wish: str) -> str | None:
    """Why the model is to be trained before tonight's records are scored, if it is.

    A night before the newest published one is a backfill: the model of that time scores it.
    """
    if wish == "never" or _is_backfill(workplace, night):
        return None
    champion = models.champion(workplace.results, workplace.monitor.name)
    due = retraining.reason(workplace, champion, night.as_of)
    return due or ("asked for by hand" if wish == "always" else None)


class champion_goes_on(AbstractContextManager[list[str]]):  # noqa: N801 - reads as a function
    """A place in which a model is trained: where that fails, the champion scores the night.

    Gives the list that tells of the failure, a warning of the night. Without a champion, for a
    mistake in the monitor, or where the process is told to stop, the failure is the night's.
    """

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.warnings: list[str] = []

    def __enter__(self) -> list[str]:
        return self.warnings

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        monitor = self.workplace.monitor
        champion = models.champion(self.workplace.results, monitor.name)
        if champion is None or _is_mistake_in(monitor, champion, error):
            return False
        logger.warning("Retraining %s failed", monitor.name, exc_info=error)
        what = error.what if isinstance(error, NightflagError) else repr(error)
        self.warnings.append(f"retraining failed, model {champion.version} goes on: {what}")
        return True


def _is_mistake_in(monitor: Monitor, champion: Entry, error: Exception) -> bool:
    """Whether a person is to correct the monitor: it says what cannot be, maybe since today."""
    if isinstance(error, FeatureError):
        return champion.training.config_hash != retraining.recipe_hash(monitor)
    return isinstance(error, ExpectationError | MonitorError)


def _is_backfill(workplace: Workplace, night: Run) -> bool:
    newest = runs.newest_published(workplace.results, night.monitor)
    return newest is not None and night.as_of < newest


def load_champion(workplace: Workplace, as_of: datetime | None = None) -> tuple[Entry, Model]:
    """The model in use, or in use at that logical date, its files checked against the registry."""
    results, name = workplace.results, workplace.monitor.name
    entry = models.champion_at(results, name, as_of) if as_of else models.champion(results, name)
    if entry is None:
        raise NightflagError(
            f"{workplace.monitor.name} has no model yet.",
            expected="a champion in nightflag_models",
            mend=f"train one: nightflag retrain {workplace.monitor.name}",
        )
    model = models.load(entry, folder=workplace.models)
    reached("loaded")
    return entry, model


def publish(
    workplace: Workplace,
    night: Run,
    entry: Entry,
    partitions: Sequence[Partition],
    *,
    warnings: Sequence[str],
    lock: Lock,
    findings: Sequence[TableFinding] = (),
) -> Run:
    """The published run: everything staged became visible in one transaction.

    Called again because the answer to an earlier COMMIT was lost, it finds the run published.
    """
    reached("before publishing")
    earlier = runs.of_date(workplace.results, night.monitor, night.as_of)
    if earlier is not None and earlier.is_published:
        return earlier
    counts = sum((partition.counts for partition in partitions), start=Counts())
    rules = total(partition.rules for partition in partitions if partition.rules)
    found = outcomes(workplace.monitor.expectations, rules, findings)
    troubles = dict.fromkeys(filter(None, (partition.trouble for partition in partitions)))
    if troubles:
        drop_shadow(workplace.results, workplace.tables)
    publication.publish(
        workplace.results,
        workplace.tables,
        Publication(
            run_id=night.run_id,
            window=night.window,
            counts=counts,
            tickets=tuple(partition.ticket for partition in partitions),
            model_version=entry.version,
            warnings="\n".join(
                [
                    *warnings,
                    *failed_expectations(found),
                    *troubles,
                    *_nothing_there(night, partitions),
                    *_other_columns(night, entry),
                    *_reach_of_alarm(workplace, entry),
                    *succession.told(workplace, night.as_of),
                ]
            )
            or None,
            alarm=workplace.monitor.alarm,
            lock=lock,
            now=workplace.now(),
            drift=drift.measured(partition.tally for partition in partitions),
            expectations=found,
        ),
    )
    reached("published")
    published = runs.of_date(workplace.results, night.monitor, night.as_of)
    return published or night


def _nothing_there(night: Run, partitions: Sequence[Partition]) -> tuple[str, ...]:
    """A warning where the source holds nothing at all, due or not: it may have been emptied."""
    if any(partition.seen for partition in partitions):
        return ()
    start = f"{night.window.start:%Y-%m-%d %H:%M}" if night.window.start else "its beginning"
    return (
        f"the source holds no record from {start} to {night.window.end:%Y-%m-%d %H:%M} UTC: "
        "was it filled? Records that were published and are gone were retracted",
    )


def _other_columns(night: Run, entry: Entry) -> tuple[str, ...]:
    """A warning where the model was trained tonight because the source is not what it was."""
    made = entry.training
    changed = made.as_of == night.as_of and made.reason.startswith(retraining.CHANGED_COLUMNS)
    return (f"model {entry.version} was trained tonight: {made.reason}",) if changed else ()


def _reach_of_alarm(workplace: Workplace, entry: Entry) -> tuple[str, ...]:
    """A warning where the alarm rate is below the p-values that ranks alone can give."""
    records, rate = entry.training.calibration_records, workplace.monitor.alarm.rate
    if rate >= 1 / (records + 1):
        return ()
    calibration = models.load(entry, folder=workplace.models).calibration
    reach = (
        "it is extrapolated from them, and an estimate"
        if math.isfinite(calibration.threshold(rate))
        else "nothing can be flagged"
    )
    return (
        f"alarm rate {rate:g}: {reach}; the ranks of {records} calibration records end at a "
        f"p-value of {1 / (records + 1):.2g}, and it takes {math.ceil(1 / rate) - 1}",
    )
