"""Named queries, run with typed parameters and typed results on both databases."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, DateTime, Dialect, bindparam, text
from sqlalchemy.types import TypeDecorator

from sql import queries


class UtcTimestamp(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC also where the database knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """``value`` in UTC; naive datetimes are refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a datetime without a time zone: {value!r}")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored instant, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


TIMESTAMPS = (
    "as_of",
    "window_start",
    "window_end",
    "training_start",
    "training_end",
    "scored_from",
    "scored_until",
    "started_at",
    "finished_at",
    "trained_at",
    "renewed_at",
    "muted_from",
    "muted_until",
    "created_at",
    "given_at",
    "evaluated_at",
    "measured_at",
    "promoted_at",
    "excluded_from",
    "excluded_until",
    "due_at",
    "claimed_at",
    "sent_at",
    "abandoned_at",
    "cleaned_at",
    "cleaned_until",
    "kept_since",
    "since",
    "said_after",
    "said_until",
    "now",
)


def run(connection: Connection, query: str, /, **values: object) -> CursorResult[Any]:
    """The result of the named query of ``sql/queries`` with these values."""
    moments = [bindparam(key, type_=UtcTimestamp()) for key in values if key in TIMESTAMPS]
    statement = text(queries()[query]).bindparams(*moments)
    if statement.text.startswith("select"):
        typed = statement.columns(**dict.fromkeys(TIMESTAMPS, UtcTimestamp()))
        return connection.execute(typed, values)
    return connection.execute(statement, values)
