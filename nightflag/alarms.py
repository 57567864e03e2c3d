"""Alarms: how unusual a record is in what counts for alarms, and what was left out of account.

A departure in a direction that the monitor does not mind, or one too small to matter, keeps its
part in the score; the p-value that decides is that of the score without it. Verdicts on flags with
the same reasons weigh on what is left.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag import explanation
from nightflag.errors import MonitorError
from nightflag.explanation import Account
from nightflag.features import History
from nightflag.features.numeric import numbers
from nightflag.models import Model
from nightflag.monitors import Alarm
from nightflag.verdicts.profiles import Reasons
from nightflag.verdicts.weighing import Precedents

LEARNING = "its entity is still being learned"
NEVER = 1.0

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """What a model says of records, each of shape (n,).

    A p-value that is ``extrapolated`` comes from the tail of the calibration, not from a rank.
    ``alarm_p_value`` decides about alarms and ``withheld`` says why it is not the ``p_value``, None
    where it is. The ``candidates`` may become flags.
    """

    score: Values
    p_value: Values
    extrapolated: NDArray[np.bool_]
    alarm_p_value: Values
    withheld: NDArray[np.object_]
    candidates: NDArray[np.bool_]


def judge(model: Model, alarm: Alarm, records: pd.DataFrame | History) -> Judged:
    """The scores and p-values of the records, and which of them are candidates for a flag."""
    score, p_value = model.score(records)
    alarm_p_value, withheld = p_value.copy(), np.full(len(p_value), None, dtype=object)
    learning = ~model.may_alarm(records)
    alarm_p_value[learning], withheld[learning] = NEVER, LEARNING
    candidates = alarm_p_value <= alarm.largest_rate
    if (alarm.directions or alarm.minimum_change) and candidates.any():
        _refuse_other_features(model, alarm)
        chosen = records.keep(candidates) if isinstance(records, History) else records[candidates]
        account = explanation.account(model, chosen)
        counted, why = _counted(score[candidates], model.features.columns, account, alarm)
        alarm_p_value[candidates] = model.calibration.p_values(counted)
        withheld[candidates] = why
    extrapolated = model.calibration.extrapolated(score)
    return Judged(score, p_value, extrapolated, alarm_p_value, withheld, candidates)


def weighed(judged: Judged, precedents: Precedents, found: explanation.Reasons) -> Judged:
    """The same, with what verdicts on flags say of candidates that have the reasons ``found``."""
    chosen = judged.candidates
    told = Reasons(found.row, found.feature, found.contribution, found.value, found.expected)
    beside = precedents.weigh(judged.alarm_p_value[chosen], told)
    alarm_p_value, withheld = judged.alarm_p_value.copy(), judged.withheld.copy()
    alarm_p_value[chosen] = beside.p_value
    both = zip(withheld[chosen], beside.withheld, strict=True)
    withheld[chosen] = ["; ".join(filter(None, one)) or None for one in both]
    return replace(judged, alarm_p_value=alarm_p_value, withheld=withheld)


def _refuse_other_features(model: Model, alarm: Alarm) -> None:
    rules = alarm.model_copy(update={"segments": None})
    refuse_unknown_columns(rules, model.features.columns, what="a feature of the model")


def refuse_unknown_columns(alarm: Alarm, known: Iterable[str], *, what: str) -> None:
    """Raise :class:`MonitorError` where the alarm names a column that is not a known one."""
    columns = tuple(known)
    missing = [name for name in alarm.columns if name not in columns]
    if missing:
        raise MonitorError(
            f"The alarm names {', '.join(map(repr, missing))}, which is not {what}.",
            expected=f"one of {', '.join(columns)}",
            mend="correct `alarm` in the monitor",
        )


def _counted(
    score: Values, columns: tuple[str, ...], account: Account, alarm: Alarm
) -> tuple[Values, NDArray[np.object_]]:
    """The scores (n,) without the parts that do not count, and in words what these are."""
    counted, why = score.copy(), np.full(len(score), None, dtype=object)
    for column, ignored, words in _rules(account, alarm):
        part = np.where(ignored, account.contributions[:, columns.index(column)], 0.0)
        counted -= np.maximum(part, 0.0)
        for row in np.flatnonzero(part > 0):
            why[row] = f"{why[row]}; {words}" if why[row] else words
    return counted, why


def _rules(account: Account, alarm: Alarm) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    """Each column with a rule, the records (n,) whose departure there does not count, and why."""
    for column in dict.fromkeys([*alarm.directions, *alarm.minimum_change]):
        departure = numbers(account.values[column]) - numbers(account.expected[column])
        direction, least = alarm.directions.get(column), alarm.minimum_change.get(column, 0.0)
        ignored = np.abs(departure) < least
        if direction is not None:
            ignored |= departure < 0 if direction == "high" else departure > 0
        limits = ([direction] if direction else []) + ([f"by {least:g} or more"] if least else [])
        yield column, ignored, f"{column} counts only when {' '.join(limits)}"
