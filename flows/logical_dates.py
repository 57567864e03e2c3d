"""Which moment a run stands for, and what the run is called."""

from datetime import UTC, datetime

from prefect import runtime

from nightflag.windows import as_utc


def resolved(as_of: datetime | None) -> datetime:
    """``as_of`` in UTC; by default the minute for which the flow run was scheduled."""
    if as_of is not None:
        return as_utc(as_of)
    scheduled = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    return as_utc(scheduled).replace(second=0, microsecond=0)


def run_name() -> str:
    """What the present flow run is called: ``shuttle 2026-01-07 02:30 UTC``."""
    parameters = runtime.flow_run.parameters
    as_of = resolved(parameters.get("as_of"))
    return f"{parameters['monitor']} {as_of:%Y-%m-%d %H:%M} UTC"
