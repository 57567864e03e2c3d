"""The model in the shadow beside the one in use, on the records that both scored.

Who would flag what goes by the p-values and the alarm rate alone: limits on a night, mutes,
directions and what verdicts weigh hold for flags, and nothing in the shadow is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, or_, select

from nightflag.evaluation.truth import columns_of, labelled
from nightflag.references import correlation, rank
from nightflag.reporting.quality import Judged
from nightflag.reporting.scores import of_night
from nightflag.results.deciding import accepted
from nightflag.results.tables import MonitorTables
from nightflag.results.verdicts import given, on_record
from nightflag.runs import Run
from nightflag.workplace import Workplace

NEWEST_NIGHTS = 30
MOST_RANKED = 20_000
UNUSUAL = pa.schema(
    [
        pa.field("fingerprint", pa.int64()),
        pa.field("in_use", pa.bool_()),
        pa.field("waiting", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Counts:
    """Of so many nights the records that both scored, and how many each, and both, would flag."""

    nights: int
    records: int
    in_use: int
    waiting: int
    both: int

    @property
    def overlap(self) -> float | None:
        """The share of records flagged by both among those flagged by either."""
        either = self.in_use + self.waiting - self.both
        return self.both / either if either else None


@dataclass(frozen=True)
class Comparison:
    """How model ``version``, in the shadow, compares with the one in use.

    ``rank_correlation`` is Spearman's, of up to 20,000 of the night's scores. Of what labels say of
    the night, and verdicts of all nights, there is a pair: in use, waiting.
    """

    version: int
    night: Counts
    newest: Counts
    rank_correlation: float | None
    labels: tuple[Judged, Judged] | None
    verdicts: tuple[Judged, Judged] | None


def comparison(
    connection: Connection, workplace: Workplace, night: Run, nights: Sequence[Run]
) -> Comparison | None:
    """The comparison up to this night, the last of ``nights``; None for one without a shadow."""
    if not workplace.monitor.training.shadow:
        return None
    both = _Both(workplace)
    tonight = of_night(workplace.tables, night)
    first = select(both.shadow.c.model_version).select_from(both.joined).where(tonight).limit(1)
    version = connection.execute(first).scalar_one_or_none()
    if version is None:
        return None
    newest = or_(tonight, *(of_night(workplace.tables, one) for one in nights[-NEWEST_NIGHTS:]))
    return Comparison(
        version,
        both.counts(connection, tonight, version),
        both.counts(connection, newest, version),
        both.rank_correlation(connection, tonight),
        both.by_labels(night),
        both.by_verdicts(connection, version),
    )


class _Both:
    """The records that both models scored, and which of them each would flag."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        tables, alarm = workplace.tables, workplace.monitor.alarm
        self.scores, self.shadow = tables.scores, tables.shadow
        self.joined = _joined(tables)
        self.in_use = self.scores.c.p_value <= accepted(self.scores, alarm)
        self.waiting = self.shadow.c.p_value <= accepted(self.scores, alarm)

    def counts(
        self, connection: Connection, condition: ColumnElement[bool], version: int
    ) -> Counts:
        found = (
            func.count(self.scores.c.run_id.distinct()),
            func.count(),
            func.count().filter(self.in_use),
            func.count().filter(self.waiting),
            func.count().filter(and_(self.in_use, self.waiting)),
        )
        of_model = and_(condition, self.shadow.c.model_version == version)
        statement = select(*found).select_from(self.joined).where(of_model)
        return Counts(*connection.execute(statement).one())

    def rank_correlation(
        self, connection: Connection, condition: ColumnElement[bool]
    ) -> float | None:
        statement = (
            select(self.scores.c.score, self.shadow.c.score)
            .select_from(self.joined)
            .where(condition)
            .order_by(self.scores.c.fingerprint)
            .limit(MOST_RANKED)
        )
        pairs = np.array([tuple(row) for row in connection.execute(statement)], np.float64)
        return correlation(*(rank(one) for one in pairs.T))

    def by_verdicts(self, connection: Connection, version: int) -> tuple[Judged, Judged] | None:
        said = given(self.scores.schema)
        keys = self.workplace.tables.keys_of(self.scores)
        judged = self.joined.join(said, on_record(said, self.workplace.monitor.name, keys))
        anomalous = said.c.verdict == "anomaly"
        counts = [
            func.count().filter(and_(one, *known))
            for one in (self.in_use, self.waiting)
            for known in ((), (anomalous,))
        ]
        of_model = self.shadow.c.model_version == version
        found = connection.execute(select(*counts).select_from(judged).where(of_model)).one()
        return _pair(Judged(*found[:2]), Judged(*found[2:]))

    def by_labels(self, night: Run) -> tuple[Judged, Judged] | None:
        if self.workplace.monitor.source.label is None:
            return None
        told = (self.in_use.label("in_use"), self.waiting.label("waiting"))
        statement = (
            select(self.scores.c.fingerprint, *told)
            .select_from(self.joined)
            .where(of_night(self.workplace.tables, night), or_(self.in_use, self.waiting))
            .order_by(self.scores.c.fingerprint)
        )
        fingerprint, *flagged = columns_of(self.workplace, statement, UNUSUAL)
        at, anomalous = labelled(self.workplace, night, fingerprint)
        return _pair(
            *(Judged(int(one[at].sum()), int(anomalous[one[at]].sum())) for one in flagged)
        )


def _pair(in_use: Judged, waiting: Judged) -> tuple[Judged, Judged] | None:
    return (in_use, waiting) if in_use.flags or waiting.flags else None


def _joined(tables: MonitorTables) -> FromClause:
    scores, shadow = tables.scores, tables.shadow
    return scores.join(shadow, and_(*(scores.c[name] == shadow.c[name] for name in tables.key)))
