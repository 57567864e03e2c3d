"""Which moment a run stands for."""

from datetime import UTC, datetime

from prefect import runtime

from nightflag.windows import as_utc


def resolved(as_of: datetime | None) -> datetime:
    """``as_of`` in UTC; by default the minute for which the flow run was scheduled."""
    if as_of is not None:
        return as_utc(as_of)
    scheduled = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    return as_utc(scheduled).replace(second=0, microsecond=0)
