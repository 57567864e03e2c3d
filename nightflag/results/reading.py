"""What has been published, read back: flags, runs and models as plain rows."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, inspect, select, table

from nightflag.databases import Database
from nightflag.databases.literal import qualified
from nightflag.queries import UtcTimestamp, run

RUNS, MODELS, VERSIONS = "nightflag_runs", "nightflag_models", "nightflag_schema"
ORDER = "order_of_columns"
MOMENTS = frozenset({"event_time", "scored_at"})
ALL_NIGHTS = 100_000

Row = dict[str, Any]


def file_of(database: Database) -> Path | None:
    """The file of a SQLite database, whether it exists or not; None for any other."""
    if database.dialect != "sqlite":
        return None
    return Path((database.url.database or "").removeprefix("file:").partition("?")[0])


def schema_of(results: Database) -> str | None:
    """The schema of the results, where the database knows schemas."""
    return results.schema if results.dialect == "postgresql" else None


def existing_tables(results: Database) -> frozenset[str]:
    """The names of the tables that are there; none, and none made, where the file is missing."""
    file = file_of(results)
    if file is not None and not file.exists():
        return frozenset()
    with results.reading() as connection:
        return frozenset(inspect(connection).get_table_names(schema=schema_of(results)))


def spelt(names: Iterable[str], connection: Connection) -> dict[str, str]:
    """The names as they are spelt, by how the database knows them: SQLite ignores their case."""
    ignores_case = connection.dialect.name == "sqlite"
    return {name.lower() if ignores_case else name: name for name in names}


def latest(results: Database, query: str, monitor: str, *, limit: int) -> list[Row]:
    """The newest rows of the named query; none before the first night."""
    if RUNS not in existing_tables(results):
        return []
    with results.reading() as connection:
        rows = run(connection, query, monitor=monitor, limit=limit).mappings()
        return [dict(row) for row in rows]


def order_of_columns(results: Database, monitor: str) -> tuple[str, ...]:
    """The source's columns in the order in which the newest model read them.

    None before the first model, or where that is of a version that did not write it down.
    """
    if not {VERSIONS, RUNS, MODELS} <= existing_tables(results):
        return ()
    newest = latest(results, "models_of_monitor", monitor, limit=1)
    return tuple(json.loads(newest[0]["about"]).get(ORDER, ())) if newest else ()


def published_night(results: Database, monitor: str, as_of: datetime | None) -> Row | None:
    """The published night of that logical date, or by default the newest one."""
    nights = latest(results, "runs_of_monitor", monitor, limit=ALL_NIGHTS)
    published = [night for night in nights if night["status"] == "published"]
    return next((night for night in published if as_of in (None, night["as_of"])), None)


def flags(results: Database, monitor: str, run_id: int, *, limit: int) -> list[Row]:
    """The flags that stand from this run, the most anomalous first."""
    name, schema = f"{monitor}_flags", schema_of(results)
    with results.reading() as connection:
        names = [found["name"] for found in inspect(connection).get_columns(name, schema)]
        columns = [column(one, UtcTimestamp() if one in MOMENTS else None) for one in names]
        statement = (
            select(*columns)
            .select_from(table(name, schema=schema))
            .where(column("run_id") == run_id)
            .order_by(column("p_value"), column("score").desc())
            .limit(limit)
        )
        return [dict(row) for row in connection.execute(statement).mappings()]


def flags_query(results: Database, monitor: str, run_id: int) -> str:
    """The SQL with which anyone reads the flags of this run."""
    view = qualified(results.engine.dialect, schema_of(results), f"{monitor}_flags")
    return f"select * from {view} where run_id = {run_id} order by p_value"
