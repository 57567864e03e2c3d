"""Options: what stands after the question mark of a PostgreSQL URL."""

from sqlalchemy import URL

from nightflag.errors import SettingsError


def known() -> set[str]:
    """The names of all there are."""
    from psycopg.pq import Conninfo

    return {option.keyword.decode() for option in Conninfo.get_defaults()}


def refuse_unknown(url: URL) -> None:
    """Raise :class:`SettingsError` now for what the drivers would not know when they connect."""
    if unknown := sorted(set(url.query) - known()):
        raise SettingsError(
            f"The database URL has options that PostgreSQL does not know: {', '.join(unknown)}.",
            expected="options of libpq, such as sslmode=require or connect_timeout=10",
            mend="correct them after the ? of the URL, or leave them out",
        )
