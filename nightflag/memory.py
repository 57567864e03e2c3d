"""Memory: what people had said of a monitor by a moment, carried into other results."""

from collections.abc import Iterable
from datetime import datetime

from nightflag.databases import Database
from nightflag.queries import run
from nightflag.results.reading import existing_tables

SAID = {
    "nightflag_verdicts": ("verdicts_said", "give_verdict"),
    "nightflag_exclusions": ("exclusions_said", "add_exclusion"),
    "nightflag_mutes": ("mutes_said", "add_mute"),
}
"""For each table the query that reads what was said in a stretch of time, and the one to say it."""


def recall(
    said_in: Database, results: Database, monitor: str, *, after: datetime, until: datetime
) -> None:
    """Say in ``results`` what verdicts, exclusions and mutes said after one moment, until another.

    ``said_in`` is only read, and may lack some of the tables or all of them.
    """
    for read, say in _there(existing_tables(said_in)):
        with said_in.reading() as connection:
            stretch = {"said_after": after, "said_until": until}
            rows = run(connection, read, monitor=monitor, **stretch).mappings().all()
        with results.writing() as connection:
            for row in rows:
                run(connection, say, monitor=monitor, **row)


def _there(tables: Iterable[str]) -> list[tuple[str, str]]:
    return [queries for table, queries in SAID.items() if table in tables]
