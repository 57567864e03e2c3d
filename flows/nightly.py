"""The night: pull, validate, features, retrain or score, publish."""

from typing import Annotated, Literal

from prefect import flow
from pydantic import Field

from flows.logical_dates import resolved
from flows.retraining import LogicalDate, MonitorName, retrain
from flows.workplaces import at_work_on
from nightflag import nights
from nightflag.runs import Run
from tasks import check_tonight, load_champion, open_night, publish_night, score_partition

Retraining = Annotated[
    Literal["when due", "always", "never"],
    Field(description="Whether to train a new model before tonight's records are scored."),
]


@flow(name="nightly", flow_run_name="{monitor} {as_of}")
def nightly(
    monitor: MonitorName, as_of: LogicalDate = None, retraining: Retraining = "when due"
) -> Run:
    """Publish the flags of one monitor for one logical date, exactly once."""
    with at_work_on(monitor) as workplace, nights.only_run(workplace) as lock:
        night = open_night(workplace, resolved(as_of))
        if night.is_published:
            return night
        with nights.recorded_failure(workplace, night):
            warnings = check_tonight(workplace, night)
            reason = nights.reason_to_train(workplace, night, retraining)
            if reason is not None:
                retrain(monitor, as_of=night.as_of, before=night.window.start, reason=reason)
            entry, model = load_champion(workplace)
            partition = score_partition(workplace, night, model)
            return publish_night(workplace, night, entry, [partition], warnings=warnings, lock=lock)
