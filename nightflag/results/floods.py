"""Floods: nights in which so many records are unusual that something else may be wrong.

A sensor that fails, a unit that changed or a column that came empty makes every record unusual. A
night of a failing machine looks the same, so by default a flood is published with a warning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from nightflag.errors import PublicationRefused
from nightflag.monitors import Alarm
from nightflag.mutes import Mute
from nightflag.results.deciding import accepted, muted, within_rate
from nightflag.results.tables import MonitorTables

TIMES_THE_RATE, AT_LEAST = 5.0, 20


@dataclass(frozen=True)
class Tide:
    """How many of a night's ``records`` are ``unusual`` enough for an alarm.

    Of these some are ``muted``. ``below`` have a p-value within the rate, whatever of it counts.
    """

    records: int
    unusual: int
    muted: int
    below: int

    @property
    def share(self) -> float:
        """The share of unusual records, 0 where there are none at all."""
        return self.unusual / self.records if self.records else 0.0

    @property
    def realised_rate(self) -> float | None:
        """The share of records within the rate; None where there are none at all."""
        return self.below / self.records if self.records else None


def tide(
    connection: Connection, tables: MonitorTables, alarm: Alarm, mutes: Sequence[Mute]
) -> Tide:
    """The tide of the staged night, in one pass."""
    staged = tables.staged_scores
    within, silent = within_rate(staged, alarm), muted(staged, mutes).is_not(None)
    counts = (within, and_(within, silent), staged.c.p_value <= accepted(staged, alarm))
    every = [func.count(), *(func.count().filter(condition) for condition in counts)]
    return Tide(*connection.execute(select(*every).select_from(staged)).one())


def is_flood(unusual: int, records: int, rate: float) -> bool:
    """Whether far more of the records are unusual than the rate promises."""
    return unusual >= AT_LEAST and unusual > TIMES_THE_RATE * rate * records


def refuse(found: Tide, alarm: Alarm) -> None:
    """Raise :class:`PublicationRefused` where more is unusual than the monitor lets pass."""
    if alarm.refuse_above is None or found.share <= alarm.refuse_above:
        return
    raise PublicationRefused(
        f"{found.unusual:,} of {found.records:,} records ({found.share:.0%}) are unusual enough "
        "for an alarm.",
        expected=f"at most {alarm.refuse_above:.0%} (alarm: refuse_above)",
        mend="see whether a unit, a column or the source itself changed. If the records are right, "
        "retrain the model, or take refuse_above away; then run the night again",
    )


def warning(found: Tide, alarm: Alarm) -> str | None:
    """What the night is to be told of, where far more is unusual than was promised."""
    if not is_flood(found.unusual, found.records, alarm.largest_rate):
        return None
    return (
        f"{found.share:.0%} of the records are unusual enough for an alarm, the rate is "
        f"{alarm.rate:g}: did a unit or a column of the source change, or are they true? "
        "`alarm: {refuse_above: ...}` refuses such nights"
    )
