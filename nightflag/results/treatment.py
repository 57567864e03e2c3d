"""Treatment: three views of the source that leave it untouched, and answer its anomalies.

An anomaly is a record that is flagged, unless a verdict says otherwise.
``<monitor>_clean`` holds the scored records that are no anomalies. ``<monitor>_corrected`` and
``<monitor>_nulled`` hold every scored record, and replace in anomalies the offending values: by
what the model expected, or by NULL. A record that was not scored, because it is in quarantine,
newer than the last night or older than the first, is in none of them: nobody vouches for it.

The offending values are those of the fewest reasons, in the order of their rank, without which the
rest of the score would be lower than that of every flag by the same model.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    table,
)

from nightflag.databases import Database
from nightflag.databases.literal import verbatim
from nightflag.monitors import Monitor
from nightflag.records import Layout
from nightflag.results.tables import MonitorTables
from nightflag.results.verdicts import given, on_record

TREATMENTS = ("clean", "corrected", "nulled")
LISTED = "corrected_columns"
IS_DATED, IS_HOUR = "____-__-__%", "%__:00"
SOME_RARE_VALUE = "other"


def treatment_names(monitor: str) -> tuple[str, ...]:
    """The names of a monitor's treatment views."""
    return tuple(f"{monitor}_{treatment}" for treatment in TREATMENTS)


def untreatable(monitor: Monitor, source: Database, results: Database, layout: Layout) -> str:
    """Why the monitor has no such views, '' where it has."""
    if not monitor.results.treatment_views:
        return "the monitor does not ask for them (`results: {treatment_views: true}`)"
    if source.url != results.url:
        return "source and results are in two databases"
    if LISTED in layout.columns.names:
        return f"the source has a column {LISTED} of its own"
    return ""


@dataclass(frozen=True)
class Treatment:
    """The treatment of one source whose results lie in the same database."""

    results: Database
    tables: MonitorTables
    layout: Layout

    def views(self) -> dict[str, Select[Any]]:
        """The views by name."""
        corrected, nulled = (self._repaired(by_expected=expected) for expected in (True, False))
        contents = (self._clean(), corrected, nulled)
        return dict(zip(treatment_names(self.tables.monitor), contents, strict=True))

    def _clean(self) -> Select[Any]:
        source, state = self._source(), effective(self.tables)
        joined = source.join(state, self._same_record(source, state))
        return select(*source.c).select_from(joined).where(~state.c.is_flagged)

    def _repaired(self, *, by_expected: bool) -> Select[Any]:
        source, state, repairs = self._source(), effective(self.tables), self._repairs()
        joined = source.join(state, self._same_record(source, state)).outerjoin(
            repairs, _same_key(state, repairs, self.tables)
        )
        listed = case((state.c.is_flagged, func.coalesce(repairs.c[LISTED], "")))
        columns = [
            self._repaired_value(found, repairs.c.get(_place(place)), by_expected)
            for place, found in enumerate(source.c)
        ]
        # First, so that a column the source gains stands at the end, where PostgreSQL lets it come.
        return select(listed.label(LISTED), *columns).select_from(joined)

    def _repaired_value(
        self,
        found: ColumnElement[Any],
        replacement: ColumnElement[Any] | None,
        by_expected: bool,
    ) -> ColumnElement[Any]:
        if replacement is None:
            return found
        field = self.layout.columns.field(found.key)
        expected = func.substr(func.nullif(replacement, ""), 2)
        value = self.results.from_text(expected, field) if by_expected else null()
        return case((replacement.is_not(None), value), else_=found).label(field.name)

    def _repairs(self) -> Subquery:
        """One row for each record with offending values.

        Column by column the replacement: '=' and the expected text, or '' for NULL.
        """
        found = self._offending_values()
        key = [found.c[name] for name in self.tables.key]
        replacements = [
            func.max(case((found.c.feature == name, found.c.replacement))).label(_place(place))
            for place, name in enumerate(self.layout.columns.names)
            if name in self._treated
        ]
        listed = func.max(found.c[LISTED]).label(LISTED)
        return select(*key, listed, *replacements).group_by(*key).subquery("repairs")

    def _offending_values(self) -> Subquery:
        reasons = offending(self.tables)
        key = [reasons.c[name] for name in self.tables.key]
        separator: Any = literal_column("', '")
        listed = func.aggregate_strings(reasons.c.feature, separator).over(
            partition_by=key, order_by=reasons.c.rank, rows=(None, None)
        )
        replacement = case(
            (_in_words(reasons), ""), else_=func.coalesce("=" + reasons.c.expected, "")
        )
        columns = reasons.c.feature, listed.label(LISTED), replacement.label("replacement")
        # What lies in an earlier record is no fault of this one.
        own = func.coalesce(reasons.c.records_back, 0) == 0
        treated = reasons.c.feature.in_(sorted(self._treated))
        return select(*key, *columns).where(reasons.c.offends, own, treated).subquery("found")

    @property
    def _treated(self) -> frozenset[str]:
        """The columns whose values may be replaced: what identifies or dates a record stays."""
        return frozenset(self.layout.feature_candidates) - {self.layout.source.time}

    def _source(self) -> FromClause:
        source = self.layout.source
        columns: list[ColumnClause[Any]] = [column(name) for name in self.layout.columns.names]
        if source.table is not None:
            return table(source.table, *columns, schema=source.schema_name).alias("source")
        return verbatim(f"\n{source.query}\n").columns(*columns).subquery("source")

    def _same_record(self, source: FromClause, state: FromClause) -> ColumnElement[bool]:
        kinds = {name: self.tables.scores.c[name].type for name in self.tables.key}
        return and_(
            *(
                (source.c[name] if self._is_exact(name) else cast(source.c[name], kind))
                == state.c[name]
                for name, kind in kinds.items()
            )
        )

    def _is_exact(self, name: str) -> bool:
        """Whether the results keep the key column as it is; SQLite compares what it is given."""
        kept = self.results.exact_type(self.layout.sql_type(name) or "")
        return kept is not None or self.results.dialect == "sqlite"


def effective(tables: MonitorTables) -> Subquery:
    """Each scored record with whether it is taken for an anomaly; nothing else decides that.

    A verdict on it does, whatever it is flagged as.
    """
    scores, verdicts = tables.scores, given(tables.scores.schema)
    judged = on_record(verdicts, tables.monitor, tables.keys_of(scores))
    is_flagged = func.coalesce(verdicts.c.verdict == "anomaly", scores.c.is_anomaly)
    return (
        select(
            *tables.keys_of(scores),
            scores.c.score,
            scores.c.model_version,
            is_flagged.label("is_flagged"),
        )
        .select_from(scores.outerjoin(verdicts, judged))
        .subquery("effective")
    )


def offending(tables: MonitorTables) -> Subquery:
    """The reasons of anomalies, each with whether it ``offends``: see the top of this file."""
    reasons, state, lowest = tables.reasons, effective(tables), _lowest_flag(tables)
    key = tables.keys_of(reasons)
    explained = func.sum(reasons.c.contribution).over(
        partition_by=key, order_by=reasons.c.rank, rows=(None, -1)
    )
    left = state.c.score - func.coalesce(explained, 0)
    offends = or_(reasons.c.rank == 1, left >= lowest.c.score).label("offends")
    details = [reasons.c[name] for name in ("rank", "feature", "value", "expected", "records_back")]
    joined = reasons.join(state, _same_key(reasons, state, tables)).outerjoin(
        lowest, lowest.c.model_version == state.c.model_version
    )
    found = select(*key, *details, offends).select_from(joined)
    return found.where(state.c.is_flagged).subquery("offending")


def _in_words(reasons: FromClause) -> ColumnElement[bool]:
    """Whether what was expected is no value: an hour of the week for a moment, any rare value."""
    is_hour = and_(reasons.c.value.like(IS_DATED), reasons.c.expected.like(IS_HOUR))
    return or_(is_hour, reasons.c.expected == SOME_RARE_VALUE)


def _lowest_flag(tables: MonitorTables) -> Subquery:
    """The lowest score that each model's flags have."""
    scores = tables.scores
    version, lowest = scores.c.model_version, func.min(scores.c.score).label("score")
    flagged = select(version, lowest).where(scores.c.is_anomaly)
    return flagged.group_by(version).subquery("lowest")


def _same_key(one: FromClause, other: FromClause, tables: MonitorTables) -> ColumnElement[bool]:
    return and_(*(one.c[name] == other.c[name] for name in tables.key))


def _place(place: int) -> str:
    """The name of a column of repairs; the source's own could be taken or too long."""
    return f"replacement_{place}"
