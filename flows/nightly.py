"""The night: pull, validate, features, retrain or score, publish, evaluate, report, clean up."""

import logging
from datetime import datetime
from typing import Literal

from prefect import flow, runtime

from flows import artifacts, events
from flows.digesting import tell_people
from flows.logical_dates import LogicalDate, resolved, run_name
from flows.partitions import scored
from flows.retraining import retrain
from flows.schedules import missed_nights, newest_due
from flows.workplaces import at_work_on
from nightflag import housekeeping, nights, reporting, runs
from nightflag.errors import NightflagError
from nightflag.locks import Lock
from nightflag.runs import Run
from nightflag.workplace import Workplace
from tasks import (
    check_tonight,
    clean_up,
    evaluate_night,
    load_champion,
    open_night,
    publish_night,
    tidy_up,
    write_metrics,
    write_report,
)

logger = logging.getLogger("nightflag")

LATEST = 100
Retraining = Literal["when due", "always", "never"]


@flow(name="nightly", flow_run_name=run_name)
def nightly(monitor: str, as_of: LogicalDate = None, retraining: Retraining = "when due") -> Run:
    """Publish the flags of one monitor for one logical date, exactly once.

    Args:
        monitor: The monitor's name, as its file says.
        as_of: The moment the run stands for, UTC unless it names its zone; by default the one it
            was scheduled for.
        retraining: Whether to train a new model before tonight's records are scored.
    """
    with at_work_on(monitor) as workplace:
        if as_of is None and runtime.deployment.id is not None:
            _make_up_for_missed_nights(workplace)
        with nights.only_run(workplace) as lock:
            night = open_night(workplace, _logical_date(workplace, as_of))
            if not night.is_published:
                with events.refusals_told(monitor, night.as_of):
                    night = _published(workplace, night, lock, retraining)
                events.announce(workplace, night)
            tidy_up(workplace, lock)
        with reporting.failure_is_a_warning():
            evaluate_night(workplace, night)
        with reporting.failure_is_a_warning():
            if workplace.metrics is not None:
                write_metrics(workplace, night)
        with artifacts.trouble_is_a_warning():
            artifacts.show_night(write_report(workplace, night))
        with artifacts.trouble_is_a_warning():
            tell_people(workplace, night)
        with housekeeping.failure_is_a_warning():
            if workplace.monitor.keep.is_limited:
                clean_up(workplace)
    return night


def _make_up_for_missed_nights(workplace: Workplace) -> None:
    """Publish the nights whose runs were killed or never scheduled; tonight goes on regardless."""
    workplace.prepare()
    latest = runs.latest(workplace.results, workplace.monitor.name, limit=LATEST)
    for missed in missed_nights(workplace.monitor, latest, resolved(None)):
        try:
            nightly(workplace.monitor.name, as_of=missed)
        except NightflagError as error:
            logger.warning("The missed night of %s failed: %s", missed, error)


def _logical_date(workplace: Workplace, as_of: datetime | None) -> datetime:
    if as_of is not None:
        return resolved(as_of)
    return newest_due(workplace.monitor, resolved(None), workplace.now())


def _published(workplace: Workplace, night: Run, lock: Lock, retraining: Retraining) -> Run:
    with nights.recorded_failure(workplace, night):
        findings = check_tonight(workplace, night)
        with nights.champion_goes_on(workplace) as warnings:
            reason = nights.reason_to_train(workplace, night, retraining)
            if reason is not None:
                retrain(night.monitor, as_of=night.as_of, before=night.window.start, reason=reason)
        entry, model = load_champion(workplace, night.as_of)
        partitions = scored(workplace, night, entry, model)
        return publish_night(
            workplace, night, entry, partitions, warnings=warnings, lock=lock, findings=findings
        )
