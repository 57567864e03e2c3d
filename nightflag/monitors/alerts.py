"""Who is sent a digest of each night, and when not."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from nightflag.monitors.section import Section, Zone

Channel = Annotated[
    str, Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|secret:[a-z0-9]+(-[a-z0-9]+)*)$")
]
HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) to ([01]?\d|2[0-3]):([0-5]\d)")


class Alerts(Section):
    """A digest a night, through Apprise: mail, chat or a webhook."""

    to: tuple[Channel, ...] = Field(
        strict=False,
        min_length=1,
        max_length=20,
        description="env:NAME or secret:NAME, each holding the Apprise URL of a channel.",
    )
    at_least: int = Field(
        default=1, ge=0, description="Send nothing for a night with fewer flags; 0: every night."
    )
    quiet: str | None = Field(
        default=None,
        description='Hours in which digests wait, such as "22:00 to 06:30"; by default none.',
    )
    time_zone: Zone = Field(default="UTC", description="The time zone of the quiet hours.")

    @field_validator("quiet")
    @classmethod
    def _two_different_hours(cls, quiet: str | None) -> str | None:
        found = HOURS.fullmatch(quiet) if quiet is not None else None
        if quiet is not None and (found is None or found.group(1, 2) == found.group(3, 4)):
            raise ValueError('expected two different times of day, such as "22:00 to 06:30"')
        return quiet

    def due(self, now: datetime) -> datetime:
        """When a digest that is ready now may be sent: now, or when the quiet hours end."""
        found = HOURS.fullmatch(self.quiet or "")
        if found is None:
            return now
        hours = [int(one) for one in found.groups()]
        begin, end = time(hours[0], hours[1]), time(hours[2], hours[3])
        local = now.astimezone(ZoneInfo(self.time_zone))
        clock = local.time()
        is_quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
        if not is_quiet:
            return now
        later = local.date() + timedelta(days=clock >= end)
        return datetime.combine(later, end, local.tzinfo).astimezone(now.tzinfo)
