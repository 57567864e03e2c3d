"""Ownership: which of the tables and views by names of ours nightflag made itself.

Tables are made all at once, so none of a monitor's is ours where ``<monitor>_scores`` is not, and
none of those that all share where one of the first two is missing. A monitor's table is ours where
it has the columns that ours have had from the first version on, which are those that hold no NULL;
a staging table, which is emptied and may be replaced, has no columns but ours. A view is ours where
it bears our mark. Whatever else has such a name is someone else's, and a night leaves it alone: it
is refused before it begins (docs/decisions/0016).
"""

import re
from collections.abc import Mapping
from importlib.resources import files

from sqlalchemy import Connection, Table, inspect

from nightflag.databases import Database
from nightflag.errors import SettingsError
from nightflag.results.columns import OWN
from nightflag.results.definitions import marks
from nightflag.results.reading import RUNS, VERSIONS, file_of, schema_of, spelt
from nightflag.results.tables import MonitorTables
from nightflag.results.views import ALL_FLAGS, NIGHTS


def refuse_foreign(results: Database, tables: MonitorTables) -> None:
    """Raise :class:`SettingsError` where a table or view of someone else has a name of ours."""
    if names := foreign(results, tables):
        raise SettingsError(
            f"{', '.join(names)} in {results.name} would be in the way of {tables.monitor}'s "
            "results, and nightflag did not make it.",
            expected=f"no table or view but nightflag's own by the names nightflag_... and those "
            f"of the monitor's results: {tables.monitor}_scores, {tables.monitor}_staged_scores, "
            "...",
            mend="rename it, give the monitor another name, or keep the results elsewhere: "
            "`results: {database: ...}`, in PostgreSQL also `results: {schema: ...}`",
        )


def foreign(results: Database, tables: MonitorTables) -> list[str]:
    """The names of tables and views of someone else that are in the way, as they are spelt."""
    file = file_of(results)
    if file is not None and not file.exists():
        return []
    with results.reading() as connection:
        return sorted(_foreign(connection, schema_of(results), tables))


def own_tables() -> list[str]:
    """The names of the tables that all monitors share."""
    schema = (files("sql") / "schema.sql").read_text(encoding="utf-8")
    return re.findall(r"^create table (\w+)", schema, re.MULTILINE)


def _foreign(connection: Connection, schema: str | None, tables: MonitorTables) -> set[str]:
    marked = marks(connection, schema)
    views = spelt(marked, connection)
    there = spelt(inspect(connection).get_table_names(schema=schema), connection)
    shared = {*own_tables(), VERSIONS}
    read = {f"{tables.monitor}_flags", ALL_FLAGS, NIGHTS}
    ours = {name for name in read if marked.get(views.get(name, ""))}
    ours |= shared & there.keys() if {VERSIONS, RUNS} <= there.keys() else set()
    ours |= _own_tables_of(connection, tables, there)
    names = shared | read | tables.names | tables.index_names
    return {spelling for name, spelling in (there | views).items() if name in names - ours}


def _own_tables_of(
    connection: Connection, tables: MonitorTables, there: Mapping[str, str]
) -> set[str]:
    """The names of the monitor's tables that are there and nightflag's own."""
    if tables.scores.name not in there:
        return set()
    spellings = [there[name] for name in tables.names if name in there]
    held = inspect(connection).get_multi_columns(tables.scores.schema, filter_names=spellings)
    found = {name: {one["name"] for one in columns} for (_, name), columns in held.items()}
    columns = {name: found[there[name]] for name in tables.names if name in there}
    scores = columns[tables.scores.name]
    if not _lasting(tables.scores, tables) <= scores:
        return set()
    strange = {table.name for table in tables.staging} & {
        name for name, names in columns.items() if names - OWN - scores
    }
    return {
        table.name
        for table in tables.metadata.tables.values()
        if table.name in columns and _lasting(table, tables) <= columns[table.name]
    } - strange


def _lasting(table: Table, tables: MonitorTables) -> set[str]:
    """The columns that the table has had from the first version on; its key may be another."""
    kept = {column.name for column in table.columns if not column.nullable}
    return (kept | {"partition"} & {*table.columns.keys()}) - {*tables.key}
