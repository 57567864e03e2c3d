"""From a URL to the database that reads and writes it fastest."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from nightflag.databases.core import CoreDatabase
from nightflag.databases.database import Database
from nightflag.databases.postgresql import PostgresqlDatabase
from nightflag.databases.sqlite import SqliteDatabase
from nightflag.errors import SettingsError

DATABASES: dict[str, type[Database]] = {
    "postgresql": PostgresqlDatabase,
    "sqlite": SqliteDatabase,
}


def connect(url: str, *, schema: str | None = None) -> Database:
    """The database behind ``url``; no connection is made yet.

    ``schema`` comes first on PostgreSQL's search path. Raises :class:`SettingsError` for a text
    that is no database URL, for one whose driver is not installed, and for a database kept only in
    memory.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database in (
        None,
        "",
        ":memory:",
    ):
        raise SettingsError(
            "A SQLite database in memory was given.",
            expected="a file, because the published flags must outlive the run",
            mend="give a path, for example sqlite:///flags.db",
        )
    try:
        return DATABASES.get(parsed.get_backend_name(), CoreDatabase)(parsed, schema)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise SettingsError(
            f"There is no driver for {parsed.drivername} databases: {error}",
            expected="a dialect of SQLAlchemy, with its driver installed",
            mend="correct the URL, or install the driver, for example pip install pymysql",
        ) from None


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _unreadable() from None
    if "@" in (parsed.host or ""):  # an end of the password, which messages would repeat
        raise _unreadable()
    return parsed


def _unreadable() -> SettingsError:
    return SettingsError(
        "The database URL cannot be read (it is not repeated here: it may hold a password).",
        expected="dialect://user:password@host/database, or sqlite:///file.db",
        mend="correct the environment variable or secret that holds it; in a password write "
        "@ as %40, : as %3A and / as %2F",
    )
