"""The tables of one monitor, with the source's own key columns and types."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    Table,
    cast,
)

from nightflag.databases import Database
from nightflag.databases.arrow import SQL_TYPES
from nightflag.errors import SourceError
from nightflag.records import Layout
from nightflag.results import columns
from nightflag.results.columns import Columns


@dataclass(frozen=True)
class MonitorTables:
    """The published tables of a monitor, and the staging tables that feed them.

    Only a source with a binary column has heat maps.
    """

    monitor: str
    key: tuple[str, ...]
    scores: Table
    reasons: Table
    quarantine: Table
    history: Table
    shadow: Table
    staged_scores: Table
    staged_reasons: Table
    staged_shadow: Table
    staged_quarantine: Table
    staged_gone: Table
    heat_maps: Table | None
    staged_heat_maps: Table | None

    @property
    def metadata(self) -> MetaData:
        """All of these tables, to create them."""
        return self.scores.metadata

    @property
    def names(self) -> frozenset[str]:
        """The names of all of these tables."""
        return frozenset(table.name for table in self.metadata.tables.values())

    @property
    def index_names(self) -> frozenset[str]:
        """The names of their indexes, which no table may have either."""
        held = (table.indexes for table in self.metadata.tables.values())
        return frozenset(str(index.name) for indexes in held for index in indexes)

    @property
    def staging(self) -> tuple[Table, ...]:
        """The tables that only a night in progress uses."""
        staged = [one for _, one in self.details]
        return (self.staged_scores, *staged, self.staged_quarantine, self.staged_gone)

    @property
    def details(self) -> tuple[tuple[Table, Table], ...]:
        """The published tables that tell more of a score, each with the staged one behind it."""
        always = (self.reasons, self.staged_reasons), (self.shadow, self.staged_shadow)
        if self.heat_maps is None or self.staged_heat_maps is None:
            return always
        return *always, (self.heat_maps, self.staged_heat_maps)

    def keys_of(self, table: Table) -> list[Column[Any]]:
        """The key columns of one of these tables."""
        return [table.c[name] for name in self.key]


def exact(staged: Table, name: str, tables: MonitorTables) -> ColumnElement[Any]:
    """The staged key column, cast back to the type the source has."""
    kind = tables.scores.c[name].type
    column = staged.c[name]
    return column if type(kind) is type(column.type) else cast(column, kind)


class _Builder:
    """Tables that begin with the key columns of one source."""

    def __init__(self, monitor: str, layout: Layout, results: Database, same_dialect: bool) -> None:
        self.monitor = monitor
        self.postgresql = results.dialect == "postgresql"
        self.metadata = MetaData(schema=results.schema if self.postgresql else None)
        self.travelling = {name: SQL_TYPES[layout.columns.field(name).type] for name in layout.key}
        self.exact = {
            name: (results.exact_type(layout.sql_type(name) or "") if same_dialect else None)
            or self.travelling[name]
            for name in layout.key
        }

    def published(self, name: str, columns: Columns, primary: bool) -> Table:
        keys = [Column(key, kind, primary_key=primary) for key, kind in self.exact.items()]
        return Table(f"{self.monitor}_{name}", self.metadata, *keys, *columns)

    def staged(self, name: str, columns: Columns) -> Table:
        keys = [Column(key, kind) for key, kind in self.travelling.items()]
        return self.keyless(name, (*keys, *columns))

    def keyless(self, name: str, columns: Columns) -> Table:
        # An emptied staging table after a crash is noticed: publishing counts what is staged.
        prefixes = ["UNLOGGED"] if self.postgresql else []
        partition = Column("partition", Integer)
        full_name = f"{self.monitor}_staged_{name}"
        return Table(full_name, self.metadata, *columns, partition, prefixes=prefixes)


def tables(monitor: str, layout: Layout, results: Database, *, same_dialect: bool) -> MonitorTables:
    """The tables of ``monitor``; within one dialect its keys keep their exact SQL type.

    Raises :class:`SourceError` for a key column called like one of our own columns.
    """
    _refuse_own_names(layout)
    build = _Builder(monitor, layout, results, same_dialect)
    scores = build.published(
        "scores",
        (*columns.of_scores(), *columns.of_decisions(), *columns.of_scoring()),
        primary=True,
    )
    _index(scores)
    drawn = any(
        pa.types.is_binary(layout.columns.field(name).type) for name in layout.feature_candidates
    )
    return MonitorTables(
        monitor,
        layout.key,
        scores,
        build.published("reasons", columns.of_reasons(primary=True), primary=True),
        build.published(
            "quarantine", (*columns.of_rules(), *columns.of_quarantine()), primary=False
        ),
        build.published("history", columns.of_history(), primary=False),
        build.published("shadow", columns.of_shadow(), primary=True),
        build.staged("scores", columns.of_scores()),
        build.staged("reasons", columns.of_reasons(primary=False)),
        build.staged("shadow", columns.of_shadow()),
        build.staged("quarantine", columns.of_rules()),
        build.keyless("gone", (Column("fingerprint", BigInteger),)),
        build.published("heat_maps", columns.of_pictures(), primary=True) if drawn else None,
        build.staged("heat_maps", columns.of_pictures()) if drawn else None,
    )


def _index(scores: Table) -> None:
    Index(f"{scores.name}_event_time", scores.c.event_time, postgresql_using="brin")
    flagged = scores.c.is_anomaly
    Index(
        f"{scores.name}_anomalies",
        scores.c.run_id,
        postgresql_where=flagged,
        sqlite_where=flagged,
    )


def _refuse_own_names(layout: Layout) -> None:
    taken = [name for name in layout.key if name.lower() in columns.OWN]
    if taken:
        raise SourceError(
            f"The key column {', '.join(map(repr, taken))} is called like a column of the results.",
            expected=f"a key column with a name other than {', '.join(sorted(columns.OWN))}",
            mend="give it another name in a `query`: select ... as record_" + taken[0],
        )
