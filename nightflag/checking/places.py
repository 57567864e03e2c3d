"""Whether a night may write where it has to: folders, the results database, its tables."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, func, inspect, select, text

from nightflag.checking.finding import Finding
from nightflag.databases import Database
from nightflag.databases.literal import qualified
from nightflag.monitors.references import redact
from nightflag.results.definitions import quoted
from nightflag.results.ownership import own_tables, refuse_foreign
from nightflag.results.reading import existing_tables, file_of, schema_of
from nightflag.results.setup import refuse_unsupported
from nightflag.results.treatment import treatment_names
from nightflag.results.views import taken_names
from nightflag.storage import Place, trouble_with
from nightflag.workplace import Workplace

if TYPE_CHECKING:
    from upath import UPath

WRITING = ("SELECT", "INSERT", "UPDATE", "DELETE")


def folders(places: Iterable[Place], *, write: bool = False) -> Iterator[Finding]:
    """Whether each folder can be written to, or be made; those elsewhere are tried if ``write``."""
    for place in places:
        yield _folder(place) if isinstance(place, Path) else _elsewhere(place, write=write)


def _folder(path: Path) -> Finding:
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        will = "can be written to" if there == path else "will be made"
        return Finding("ok", "folders", f"{path} {will}")
    return Finding(
        "problem",
        "folders",
        f"{path} cannot be written to: {there} does not allow it.",
        f"let {there} be a folder this user may write to, or set NIGHTFLAG_HOME",
    )


def _elsewhere(place: "UPath", *, write: bool) -> Finding:
    if trouble := trouble_with(place, write=write):
        text = f"{redact(str(place))} cannot be used: {trouble}"
        mend = "correct NIGHTFLAG_MODELS, the login in the environment, or its permissions"
        return Finding("problem", "folders", text, mend)
    will = "can be written to" if write else "answers; `nightflag doctor` tries to write there"
    return Finding("ok", "folders", f"{redact(str(place))} {will}")


def results(database: Database) -> Iterator[Finding]:
    """Whether the login may create nightflag's tables in the results database."""
    refuse_unsupported(database)
    file = file_of(database)
    if file is not None:
        yield from _sqlite(database, file)
        return
    with database.reading() as connection:
        yield from _postgresql(connection, database)


def tables(workplace: Workplace) -> Iterator[Finding]:
    """Which tables a night would create, and whether those that are there can be written to."""
    refuse_foreign(workplace.results, workplace.tables)
    needed = [*own_tables(), *(table.name for table in _tables(workplace))]
    there = existing_tables(workplace.results)
    missing = [name for name in needed if name not in there]
    text = f"would create {', '.join(missing)}" if missing else "every table is there"
    yield Finding("ok", "results", text)
    if workplace.results.dialect == "postgresql":
        yield from _not_writable(workplace.results, [name for name in needed if name in there])


def views(workplace: Workplace) -> Iterator[Finding]:
    """Which views of the treated source a night would make, or why it makes none."""
    names = treatment_names(workplace.monitor.name)
    if workplace.untreatable:
        text = f"would make no {_listed(names)}: {workplace.untreatable}"
        yield Finding("ok", "results", text)
        return
    with workplace.results.reading() as connection:
        taken = taken_names(connection, workplace.tables)
    for name in sorted(taken):
        mend = "rename yours, or do without all three: take `treatment_views` out of the monitor"
        yield Finding("warning", "results", f"{name} is yours, so none is made for you.", mend)
    made = [name for name in names if name not in taken]
    if made:
        yield Finding("ok", "results", _on_the_source(workplace.results, made))


def _on_the_source(results: Database, made: Sequence[str]) -> str:
    dialect, schema = results.engine.dialect, schema_of(results)
    drop = ", ".join(qualified(dialect, schema, name) for name in made)
    if results.dialect == "sqlite":
        drop = drop.replace(", ", "; drop view ")
    return (
        f"{_listed(made)} read the source: before one of its columns is altered or dropped, drop "
        f"view {drop}; the next night makes them again"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _tables(workplace: Workplace) -> list[Table]:
    return list(workplace.tables.metadata.tables.values())


def _sqlite(database: Database, file: Path) -> Iterator[Finding]:
    folder = file.absolute().parent
    allowed = os.access(folder, os.W_OK | os.X_OK) and (
        not file.exists() or os.access(file, os.W_OK)
    )
    if database.url.query.get("mode") == "ro" or not allowed:
        what = f"The results cannot be written to {file}: it or its folder is read-only or missing."
        mend = "correct the permissions, or name another database under `results` in the monitor"
        yield Finding("problem", "results", what, mend)
    else:
        will = "can be written to" if file.exists() else "will be made"
        yield Finding("ok", "results", f"{file} {will}")


def _postgresql(connection: Connection, database: Database) -> Iterator[Finding]:
    login = connection.execute(select(func.current_user())).scalar_one()
    if connection.execute(text("show transaction_read_only")).scalar_one() == "on":
        mend = "name another database under `results: {database: ...}` in the monitor"
        yield Finding("problem", "results", f"{database.name} is read-only for {login}.", mend)
    elif _may_create(connection, database.schema):
        yield Finding("ok", "results", f"{login} may create tables in schema {database.schema}")
    else:
        grant = f"GRANT CREATE ON DATABASE {database.url.database} TO {login};"
        if _has_schema(connection, database.schema):
            grant = f"GRANT USAGE, CREATE ON SCHEMA {database.schema} TO {login};"
        what = f"{login} may not create tables in schema {database.schema}."
        yield Finding("problem", "results", what, f"as its owner: {grant}")


def _has_schema(connection: Connection, schema: str | None) -> bool:
    return schema is None or inspect(connection).has_schema(schema)


def _may_create(connection: Connection, schema: str | None) -> bool:
    rights = [func.has_database_privilege(func.current_database(), "CREATE")]
    if schema and _has_schema(connection, schema):
        rights = [func.has_schema_privilege(schema, right) for right in ("CREATE", "USAGE")]
    return all(connection.execute(select(*rights)).one())


def _not_writable(database: Database, names: Iterable[str]) -> Iterator[Finding]:
    schema = schema_of(database)
    with database.reading() as connection:
        for name in names:
            place = quoted(connection, name, schema)
            allowed = [func.has_table_privilege(place, right) for right in WRITING]
            refused = [
                right
                for right, is_allowed in zip(
                    WRITING, connection.execute(select(*allowed)).one(), strict=True
                )
                if not is_allowed
            ]
            if refused:
                mend = f"as its owner: GRANT {', '.join(refused)} ON {place} TO this login;"
                what = f"The login lacks {', '.join(refused)} on {qualified}."
                yield Finding("problem", "results", what, mend)
