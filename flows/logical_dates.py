"""Which moment a run stands for, and what the run is called."""

from datetime import UTC, datetime
from typing import Annotated

from prefect import runtime
from pydantic import WithJsonSchema

from nightflag.windows import as_utc

# Prefect's server checks patterns but not formats, so without the pattern it takes "yesterday".
A_MOMENT = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$",
}
Moment = Annotated[datetime, WithJsonSchema(A_MOMENT)]
LogicalDate = Moment | None


def resolved(as_of: datetime | None) -> datetime:
    """``as_of`` in UTC; by default the minute for which the flow run was scheduled."""
    if as_of is not None:
        return as_utc(as_of)
    scheduled = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    plain = datetime.fromtimestamp(scheduled.timestamp(), UTC)  # Prefect has a kind of its own
    return plain.replace(second=0, microsecond=0)


def run_name() -> str:
    """What the present flow run is called: ``shuttle 2026-01-07 02:30 UTC``."""
    parameters = runtime.flow_run.parameters
    as_of = resolved(parameters.get("as_of"))
    return f"{parameters['monitor']} {as_of:%Y-%m-%d %H:%M} UTC"


def stretch_name() -> str:
    """What a flow run over a stretch of nights is called: ``shuttle 2026-01-01 to 2026-01-07``."""
    parameters = runtime.flow_run.parameters
    return "{monitor} {start:%Y-%m-%d} to {end:%Y-%m-%d}".format(**parameters)


def since_name() -> str:
    """What a flow run over all nights, or those since one, is called: ``shuttle, all nights``."""
    parameters = runtime.flow_run.parameters
    since = parameters.get("since")
    return f"{parameters['monitor']}" + (f" since {since:%Y-%m-%d}" if since else ", all nights")


def plain_name() -> str:
    """What a flow run that stands for no night is called: ``shuttle 2026-01-07 06:30 UTC``."""
    return f"{runtime.flow_run.parameters['monitor']} {resolved(None):%Y-%m-%d %H:%M} UTC"
