"""Troubles that a database names by a code, whatever language it speaks, and how to mend them."""

from dataclasses import dataclass

from nightflag.errors import DatabaseBusy, DatabaseRefused, NightflagError, StatementEnded


@dataclass(frozen=True)
class Trouble:
    """What goes on in a database that answers with a code, in words that end a sentence on it."""

    error: type[NightflagError]
    what: str
    expected: str
    mend: str

    def failure(self, database: str, reason: str) -> NightflagError:
        """The error for that database, which gives that reason."""
        what = f"{database} {self.what}: {reason}"
        return self.error(what, expected=self.expected, mend=self.mend)


FULL = Trouble(
    DatabaseRefused,
    "has no room left",
    "a disk with room for what a night stages and publishes",
    "free some space, then run the night again; what is published stays as it was",
)
TROUBLES = {
    "53100": FULL,
    "SQLITE_FULL": FULL,
    "55P03": Trouble(
        DatabaseBusy,
        "holds a lock for somebody else",
        "locks on the night's tables that are given back within a minute",
        "find in pg_locks and pg_stat_activity who holds it, let that end, run the night again",
    ),
    "SQLITE_BUSY": Trouble(
        DatabaseBusy,
        "is written to by somebody else",
        "other writers to the file that end within a minute",
        "find them (on Linux: `fuser -v FILE`), let them end, then run the night again",
    ),
    "40": Trouble(
        DatabaseBusy,
        "let another transaction go first",
        "nobody else who changes the night's tables at the same time",
        "run the night again",
    ),
    "57014": Trouble(
        StatementEnded,
        "ended a statement before it was done",
        "statements of a night that may run to their end",
        "raise `statement_timeout` for the night's login, or ask who cancelled the statement; then "
        "run the night again",
    ),
}
"""By SQLSTATE (of PostgreSQL, appendix A) or by SQLite's name of its result code, or its start."""


def code(error: BaseException | None) -> str:
    """The code with which a driver's error came; '' where the driver tells none."""
    found = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return str(found or "")


def trouble(code: str) -> Trouble | None:
    """What is known of the code."""
    return next((known for start, known in TROUBLES.items() if code.startswith(start)), None)
