"""How much of its entity's past a record is seen with."""

from datetime import timedelta

from pydantic import Field

from nightflag.monitors.durations import Duration
from nightflag.monitors.section import Columns, Section


class Sequence(Section):
    """A record is seen with the latest records of its entity; without entity all are one series."""

    entity: Columns = Field(
        default=(),
        max_length=16,
        description="The column or columns that name a record's entity; by default there is one "
        "series only.",
    )
    length: int | None = Field(
        default=None,
        ge=1,
        le=1_024,
        description="With how many of its entity's latest records, itself included, a record is "
        "seen; 1: itself alone; by default two periods of the series, 128 to 1,024.",
    )
    gap: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="A pause after which a series starts anew; by default ten times what nine in "
        "ten pauses stay below.",
    )
    departure: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="Numbers are seen as departures from the entity's median over so long before; "
        "by default from its median in training.",
    )
    learning: int = Field(
        default=30,
        ge=0,
        le=1_000,
        description="An entity with fewer earlier records gets scores but no alarms.",
    )
