"""Floods: nights in which so many records are unusual that something else may be wrong.

A sensor that fails, a unit that changed or a column that came empty makes every record unusual. A
night of a failing machine looks the same, so by default a flood is published with a warning.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from nightflag.errors import PublicationRefused
from nightflag.monitors import Alarm
from nightflag.results.deciding import within_rate
from nightflag.results.tables import MonitorTables

TIMES_THE_RATE, AT_LEAST = 5.0, 20


@dataclass(frozen=True)
class Tide:
    """How many of a night's records are unusual enough for an alarm, of how many."""

    unusual: int
    records: int

    @property
    def share(self) -> float:
        """The share of unusual records, 0 where there are none at all."""
        return self.unusual / self.records if self.records else 0.0


def tide(connection: Connection, tables: MonitorTables, alarm: Alarm) -> Tide:
    """The tide of the staged night."""
    staged = tables.staged_scores
    unusual = func.count().filter(within_rate(staged, alarm))
    row = connection.execute(select(unusual, func.count()).select_from(staged)).one()
    return Tide(*row)


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
    if found.unusual < AT_LEAST or found.share <= TIMES_THE_RATE * alarm.largest_rate:
        return None
    return (
        f"{found.share:.0%} of the records are unusual enough for an alarm, the rate is "
        f"{alarm.rate:g}: did a unit or a column of the source change, or are they true? "
        "`alarm: {refuse_above: ...}` refuses such nights"
    )
