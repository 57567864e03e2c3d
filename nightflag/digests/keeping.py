"""Digests that are to be sent, written down once for each night and channel."""

from datetime import datetime, timedelta

from nightflag.digests import wording
from nightflag.queries import run
from nightflag.runs import Run
from nightflag.workplace import Workplace

RECENT = timedelta(days=2)


def keep(workplace: Workplace, night: Run, link: str) -> datetime | None:
    """When the night's digest is due, now that it is written down; None where there is none.

    There is none without ``alerts`` in the monitor, for a night with too few flags, and for one
    more than two days ago: a backfill wakes nobody. One that is written down stays as it is.
    """
    alerts, now = workplace.monitor.alerts, workplace.now()
    if alerts is None or now - night.as_of > RECENT:
        return None
    if (night.records_flagged or 0) < alerts.at_least:
        return None
    due = alerts.due(now)
    with workplace.results.writing() as connection:
        digest = wording.of_night(connection, workplace.tables, night, link)
        for channel in alerts.to:
            run(
                connection,
                "keep_digest",
                monitor=night.monitor,
                as_of=night.as_of,
                channel=channel,
                title=digest.title,
                body=digest.body,
                due_at=due,
            )
    return due
