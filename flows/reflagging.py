"""Reflagging: published nights decided anew, with other alarm limits."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import show_sentences
from flows.logical_dates import LogicalDate, since_name
from flows.retraining import Reason
from flows.workplaces import at_work_on
from nightflag.monitors.alarm import Rate
from nightflag.windows import as_utc
from tasks import decide_anew

AtMost = Annotated[int, Field(ge=1)]


@flow(name="reflag", flow_run_name=since_name)
def reflag(
    monitor: str,
    rate: Rate | None = None,
    at_most: AtMost | None = None,
    false_discovery_rate: Rate | None = None,
    since: LogicalDate = None,
    why: Reason = "",
) -> list[str]:
    """Decide published flags anew from their stored scores; trains and scores nothing.

    Args:
        monitor: The monitor's name, as its file says.
        rate: Another alarm rate, such as 0.0005; by default the monitor's.
        at_most: Flag no more than so many records a night; by default as the monitor says.
        false_discovery_rate: Another share of false alarms among a night's flags.
        since: Only nights from this one on, UTC unless it names its zone; by default all of them.
        why: The reason, for the history.
    """
    given = {"rate": rate, "at_most": at_most, "false_discovery_rate": false_discovery_rate}
    with at_work_on(monitor) as workplace:
        told = decide_anew(workplace, given, since=since and as_utc(since), why=why)
    show_sentences(monitor, "reflag", told)
    return told
