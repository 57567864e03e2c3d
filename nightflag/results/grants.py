"""Who may read the views: roles of PostgreSQL that can read nothing else of ours."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from nightflag.databases import Database
from nightflag.databases.literal import preparer, verbatim
from nightflag.errors import SettingsError
from nightflag.results.definitions import marks, quoted
from nightflag.results.views import names_of


def grants(results: Database, role: str, monitors: Sequence[str] | None) -> list[str]:
    """The statements that let ``role`` read the views that are there, and nothing else.

    Those of ``monitors``; with None those of all, and the ones over all monitors too. A view reads
    its tables with the rights of its owner, so the role needs none on them.

    Raises :class:`SettingsError` where there are no roles, not this one, or no view yet.
    """
    _refuse_sqlite(results)
    with results.reading() as connection:
        _refuse_unknown(connection, role)
        ours = {name for name, mark in marks(connection, results.schema).items() if mark}
        if monitors is not None:
            ours &= {name for monitor in monitors for name in names_of(monitor)}
        _refuse_none(sorted(ours), monitors)
        quote = preparer(connection.dialect).quote_identifier
        views = ", ".join(quoted(connection, name, results.schema) for name in sorted(ours))
    return [
        f"grant usage on schema {quote(str(results.schema))} to {quote(role)}",
        f"grant select on {views} to {quote(role)}",
    ]


def grant(results: Database, statements: Sequence[str]) -> None:
    """Execute the statements, all or none."""
    with results.writing() as connection:
        for statement in statements:
            connection.execute(verbatim(statement))


def _refuse_sqlite(results: Database) -> None:
    if results.dialect != "postgresql":
        raise SettingsError(
            f"{results.name} knows no roles.",
            expected="results in PostgreSQL",
            mend="let readers open the file read-only: file:flags.db?mode=ro",
        )


def _refuse_unknown(connection: Connection, role: str) -> None:
    known = text("select 1 from pg_roles where rolname = :role")
    if connection.execute(known, {"role": role}).first() is None:
        raise SettingsError(
            f"There is no role {role!r} in this database.",
            expected="a role that exists, written as it is: upper case stays upper case",
            mend=f"as an administrator: create role {role} login",
        )


def _refuse_none(views: Sequence[str], monitors: Sequence[str] | None) -> None:
    if not views:
        raise SettingsError(
            f"There is no view of {', '.join(monitors) if monitors else 'any monitor'} yet.",
            expected="views, which the first night makes",
            mend="run a night first: nightflag run MONITOR",
        )
