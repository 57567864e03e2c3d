"""Retraining: a new champion, from the records before a logical date."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.logical_dates import LogicalDate, resolved, run_name
from flows.workplaces import at_work_on
from nightflag import nights
from nightflag.models import Entry
from tasks import train_model

Reason = Annotated[str, Field(max_length=500)]


@flow(name="retrain", flow_run_name=run_name)
def retrain(
    monitor: str,
    as_of: LogicalDate = None,
    before: LogicalDate = None,
    reason: Reason = "asked for by hand",
) -> Entry:
    """Train a model on earlier records; it becomes champion unless it is found to be worse.

    Args:
        monitor: The monitor's name, as its file says.
        as_of: The moment the run stands for, UTC unless it names its zone; by default the one it
            was scheduled for.
        before: Only records from before this moment are trained on; by default before as_of.
        reason: Why, for the registry of models.
    """
    as_of = resolved(as_of)
    with at_work_on(monitor) as workplace, nights.only_training(workplace) as lock:
        return train_model(workplace, lock, as_of=as_of, before=before or as_of, reason=reason)
