"""Deciding which scores are flags, as conditions that the database evaluates.

The same conditions serve a night that is published and one that is decided anew.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Double,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from nightflag.monitors import Alarm
from nightflag.mutes import Mute
from nightflag.queries import UtcTimestamp


def accepted(scores: Table, alarm: Alarm) -> ColumnElement[float]:
    """The alarm rate of each score: its segment's own, or the one for all."""
    if alarm.segments is None:
        return literal(alarm.rate)
    rates = [
        (scores.c.alarm_segment == value, rate) for value, rate in alarm.segments.rates.items()
    ]
    return case(*rates, else_=alarm.rate)


def within_rate(scores: Table, alarm: Alarm) -> ColumnElement[bool]:
    """Whether what of a score counts for alarms is unusual enough for one."""
    return alarm_p_value(scores) <= accepted(scores, alarm)


def alarm_p_value(scores: Table) -> ColumnElement[float]:
    """The p-value that rates and shares are promised by, never below that of the whole score.

    It is greater where a part of the score does not count, or where verdicts say so.
    """
    return case((urgency(scores) > scores.c.p_value, urgency(scores)), else_=scores.c.p_value)


def urgency(scores: Table) -> ColumnElement[float]:
    """The p-value by which candidates stand in order; verdicts may have made it smaller, too."""
    return func.coalesce(scores.c.alarm_p_value, scores.c.p_value)


def muted(scores: Table, mutes: Sequence[Mute]) -> ColumnElement[str | None]:
    """Why a score of that time and segment is not to raise an alarm, NULL where it may."""
    if not mutes:
        return literal(None, Text)
    return case(*((_covered(scores, mute), mute.why) for mute in mutes), else_=null())


def _covered(scores: Table, mute: Mute) -> ColumnElement[bool]:
    begin, end = (literal(moment, UtcTimestamp) for moment in (mute.start, mute.end))
    during = and_(scores.c.event_time >= begin, scores.c.event_time < end)
    return during if mute.segment is None else during & (scores.c.alarm_segment == mute.segment)


def within_limits(
    scores: Table, alarm: Alarm, candidates: ColumnElement[bool], nights: Subquery
) -> list[ColumnElement[bool]]:
    """The conditions that the limits on a whole night add; none where there is no such limit.

    ``candidates`` says which scores are up for a flag. ``nights`` gives each ``run_id`` with how
    many records it scored, ``records_scored``. The false-discovery rate is that of Benjamini and
    Hochberg (1995), which conformal p-values keep (Bates et al. 2023).
    """
    ranked = _ranked(scores, candidates)
    fingerprint = scores.c.fingerprint
    limits: list[ColumnElement[bool]] = []
    if alarm.false_discovery_rate is not None:
        below = _discovered(ranked, nights, alarm.false_discovery_rate)
        limits.append(fingerprint.in_(below))
        ranked = _ranked(scores, and_(candidates, fingerprint.in_(below)))
    if alarm.at_most is not None:
        limits.append(fingerprint.in_(_strongest(ranked, alarm.at_most)))
    return limits


def _ranked(scores: Table, candidates: ColumnElement[bool]) -> Subquery:
    """Each candidate with its place in its night, and how many stand at or below its p-value."""
    night: Column[Any] = scores.c.run_id
    p_value = alarm_p_value(scores)
    order = (urgency(scores), scores.c.score.desc(), scores.c.fingerprint)
    return (
        select(
            scores.c.fingerprint,
            night,
            p_value.label("p_value"),
            func.row_number().over(partition_by=night, order_by=order).label("place"),
            func.count().over(partition_by=night, order_by=p_value).label("at_or_below"),
        )
        .where(candidates)
        .subquery("ranked")
    )


def _strongest(ranked: Subquery, count: int) -> Select[Any]:
    return select(ranked.c.fingerprint).where(ranked.c.place <= count)


def _discovered(ranked: Subquery, nights: Subquery, rate: float) -> Select[Any]:
    """All candidates up to the last one whose p-value lies below its share of the rate."""
    same_night = ranked.c.run_id == nights.c.run_id
    share = cast(ranked.c.at_or_below, Double) * rate / nights.c.records_scored
    last = (
        select(ranked.c.run_id, func.max(ranked.c.p_value).label("p_value"))
        .select_from(ranked.join(nights, same_night))
        .where(ranked.c.p_value <= share)
        .group_by(ranked.c.run_id)
        .subquery("last")
    )
    reached = and_(ranked.c.run_id == last.c.run_id, ranked.c.p_value <= last.c.p_value)
    return select(ranked.c.fingerprint).select_from(ranked.join(last, reached))
