"""Which records raise an alarm: how many false ones are accepted, and what does not count."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from nightflag.monitors.section import Identifier, Section

Rate = Annotated[float, Field(gt=0, le=0.5)]
PER_NIGHT = re.compile(r"\s*([0-9_,]+)\s+(?:(?:a|per)\s+night)\s*")


def _per_night(limit: object) -> object:
    """``50 per night`` as 50; anything else is left for the type to refuse."""
    found = PER_NIGHT.fullmatch(limit) if isinstance(limit, str) else None
    return int(re.sub("[_,]", "", found[1])) if found else limit


PerNight = Annotated[
    int,
    BeforeValidator(_per_night),
    Field(ge=1),
    WithJsonSchema(
        {"type": ["integer", "string"], "minimum": 1, "pattern": f"^{PER_NIGHT.pattern}$"}
    ),
]


class Segments(Section):
    """Alarm rates of their own for the records with certain values in one column."""

    column: Identifier = Field(description="The column that says to which segment a record belongs")
    rates: dict[str, Rate] = Field(
        min_length=1, max_length=1_000, description="The rate for each value, written as text."
    )


class Alarm(Section):
    """The budget for alarms: every limit that is given holds."""

    rate: Rate = Field(
        default=0.01, description="A record is flagged only when its p-value is at most this."
    )
    at_most: PerNight | None = Field(
        default=None, description="Flag no more than so many records a night, the strongest."
    )
    false_discovery_rate: Rate | None = Field(
        default=None,
        description="The share of false alarms among a night's flags (Benjamini-Hochberg).",
    )
    refuse_above: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None,
        description="Publish no night with a larger share of records unusual enough to be flagged.",
    )
    segments: Segments | None = Field(
        default=None, description="Other rates for some values of a column."
    )
    directions: dict[Identifier, Literal["high", "low"]] = Field(
        default_factory=dict,
        description="Columns of which only values above, or below, the expected one count.",
    )
    minimum_change: dict[Identifier, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="Columns of which only departures of at least so much count, in their unit.",
    )

    @property
    def largest_rate(self) -> float:
        """The p-value beyond which no record can be flagged, whatever its segment."""
        return max(self.rate, *self.segments.rates.values()) if self.segments else self.rate

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source that the alarm depends on."""
        segment = [self.segments.column] if self.segments else []
        return tuple(dict.fromkeys([*segment, *self.directions, *self.minimum_change]))
