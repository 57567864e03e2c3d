"""Retraining: a new champion, from the records before a logical date."""

from datetime import datetime
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.logical_dates import resolved
from flows.workplaces import at_work_on
from nightflag import nights
from nightflag.models import Entry
from tasks import train_model

MonitorName = Annotated[str, Field(description="The monitor's name, as its file says.")]
LogicalDate = Annotated[
    datetime | None,
    Field(description="The moment the run stands for; by default the one it was scheduled for."),
]
Reason = Annotated[str, Field(max_length=500, description="Why, for the registry of models.")]


@flow(name="retrain", flow_run_name="retrain {monitor}")
def retrain(
    monitor: MonitorName,
    as_of: LogicalDate = None,
    before: LogicalDate = None,
    reason: Reason = "asked for by hand",
) -> Entry:
    """Train the monitor's model on the records before ``before`` and make it champion."""
    as_of = resolved(as_of)
    with at_work_on(monitor) as workplace, nights.only_training(workplace):
        return train_model(workplace, as_of=as_of, before=before or as_of, reason=reason)
