"""Views brought to their definitions: made, replaced or left, and what was granted on them kept."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import InternalError, ProgrammingError
from sqlalchemy.sql.expression import SelectBase

from nightflag.databases.literal import preparer, statement, verbatim
from nightflag.errors import SettingsError

Views = Mapping[str, SelectBase]
"""Views by name, each after those that it reads."""

MARK = re.compile("made by nightflag [0-9a-f]{16}")
GIVEN = """
select format(
    'grant %s on %I.%I to %s%s',
    entry.privilege_type, schema.nspname, view.relname,
    case entry.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(entry.grantee)) end,
    case when entry.is_grantable then ' with grant option' else '' end
)
from pg_class view
join pg_namespace schema on schema.oid = view.relnamespace
cross join aclexplode(view.relacl) entry
where schema.nspname = :schema and view.relname = any(:views) and view.relkind = 'v'
  and entry.grantee <> view.relowner
"""


def marks(connection: Connection, schema: str | None) -> dict[str, str]:
    """The views that are there, each with the mark of its definition; '' on one of another maker.

    PostgreSQL rewrites what it is told, so the mark is a comment there; SQLite keeps the text.
    """
    found = inspect(connection)
    if connection.dialect.name == "postgresql":
        comments = found.get_multi_table_comment(schema, kind=ObjectKind.ANY_VIEW)
        texts = {name: comment["text"] for (_, name), comment in comments.items()}
    else:
        texts = {name: found.get_view_definition(name) for name in found.get_view_names()}
    return {name: _mark_in(text or "") for name, text in texts.items()}


def are_current(
    connection: Connection, views: Views, schema: str | None, *, unwanted: Iterable[str] = ()
) -> bool:
    """Whether the views stand as they are defined, and of the unwanted ones none of ours."""
    there = marks(connection, schema)
    wanted = {name: _mark(_text(connection, content)) for name, content in views.items()}
    return wanted.items() <= there.items() and not any(there.get(name) for name in unwanted)


def define(
    connection: Connection, views: Views, schema: str | None, *, unwanted: Iterable[str] = ()
) -> None:
    """Bring the views to their definitions; drop the unwanted ones that are ours.

    Whoever was granted a view keeps it, also where PostgreSQL has to drop and make it again.
    """
    there = marks(connection, schema)
    _drop(connection, [name for name in unwanted if there.get(name)], schema)
    if connection.dialect.name == "postgresql":
        # A source without a schema lies where its own login looks for it.
        connection.exec_driver_sql("set local search_path to default")
        if _are_replaced(connection, views, schema):
            return
    kept = _given(connection, schema, views)
    _drop(connection, [name for name in reversed([*views]) if name in there], schema)
    for name, content in views.items():
        _create(connection, name, schema, _text(connection, content))
    for grant in kept:
        connection.execute(verbatim(grant))


def _given(connection: Connection, schema: str | None, views: Iterable[str]) -> list[str]:
    """The statements that grant again what is granted on these views; none in SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(text(GIVEN), {"schema": schema, "views": [*views]})
    return list(found.scalars())


def _are_replaced(connection: Connection, views: Views, schema: str | None) -> bool:
    """Whether all went in place: PostgreSQL lets a view gain columns at its end, and no more."""
    try:
        with connection.begin_nested():
            for name, content in views.items():
                _create(connection, name, schema, _text(connection, content), replacing=True)
    except ProgrammingError:
        return False
    return True


def _create(
    connection: Connection, name: str, schema: str | None, content: str, *, replacing: bool = False
) -> None:
    create, view = "create or replace" if replacing else "create", quoted(connection, name, schema)
    mark = _mark(content)
    connection.execute(verbatim(f"{create} view {view} as -- {mark}\n{content}"))
    if connection.dialect.name == "postgresql":
        connection.execute(verbatim(f"comment on view {view} is '{mark}'"))


def _drop(connection: Connection, names: Iterable[str], schema: str | None) -> None:
    for name in names:
        try:
            connection.execute(verbatim(f"drop view {quoted(connection, name, schema)}"))
        except InternalError as error:
            raise SettingsError(
                f"The view {name} has to be made anew: {' '.join(str(error.orig).split())}",
                expected="no view of yours on it while its columns change",
                mend="drop yours, run the night again, and create yours again",
            ) from None


def _text(connection: Connection, content: SelectBase) -> str:
    return statement(content, connection.dialect)


def _mark(content: str) -> str:
    return f"made by nightflag {hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _mark_in(text: str) -> str:
    found = MARK.search(text)
    return found.group() if found else ""


def quoted(connection: Connection, name: str, schema: str | None) -> str:
    """The view as it stands in a statement."""
    quote = preparer(connection.dialect).quote_identifier
    return ".".join(quote(part) for part in (schema, name) if part)
