"""How good the night's flags are, as :mod:`nightflag.evaluation` found them to be."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from nightflag.evaluation.evaluating import kept
from nightflag.evaluation.intervals import wilson
from nightflag.evaluation.measures import METRICS
from nightflag.results.reading import Row
from nightflag.results.tables import MonitorTables
from nightflag.results.verdicts import given, on_record
from nightflag.runs import Run


@dataclass(frozen=True)
class Quality:
    """A measure of the night: its row of ``nightflag_quality`` by labels and by verdicts."""

    metric: str
    labels: Row | None
    verdicts: Row | None


@dataclass(frozen=True)
class Judged:
    """How many flags of all nights people have judged, and how many of those are anomalies."""

    flags: int
    anomalies: int

    @property
    def precision(self) -> float | None:
        """The share of anomalies; None where nothing was judged."""
        return self.anomalies / self.flags if self.flags else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the precision lies, 19 times in 20."""
        return wilson(self.anomalies / self.flags, self.flags) if self.flags else (0, 1)


def of_night(connection: Connection, night: Run) -> tuple[Quality, ...]:
    """The night's measures, those that are known."""
    rows = kept(connection, night.monitor, night.model_version or 0, night.run_id)
    found = {(row["truth"], row["metric"]): row for row in rows}
    every = (
        Quality(metric, found.get(("labels", metric)), found.get(("verdicts", metric)))
        for metric in METRICS
    )
    return tuple(one for one in every if one.labels or one.verdicts)


def judged(connection: Connection, tables: MonitorTables) -> Judged:
    """The verdicts on every flag that stands, of whichever night."""
    scores = tables.scores
    said = given(scores.schema)
    same = on_record(said, tables.monitor, tables.keys_of(scores))
    statement = (
        select(func.count(), func.count().filter(said.c.verdict == "anomaly"))
        .select_from(scores.join(said, same))
        .where(scores.c.is_anomaly)
    )
    return Judged(*connection.execute(statement).one())
