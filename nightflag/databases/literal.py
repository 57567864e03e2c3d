"""Statements as text: for drivers that take nothing else, and out of SQLAlchemy's reach."""

from functools import cache

from sqlalchemy import TextClause, text
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlalchemy.sql.expression import SelectBase


def verbatim(sql: str) -> TextClause:
    """``sql`` for SQLAlchemy to send as it stands: its colons and percent signs mean nothing."""
    return text(sql.replace(":", "\\:"))


def statement(select: SelectBase | TextClause, dialect: Dialect) -> str:
    """``select`` as one complete statement, its values written in as quoted literals."""
    return str(select.compile(dialect=_plain(dialect), compile_kwargs={"literal_binds": True}))


def preparer(dialect: Dialect) -> IdentifierPreparer:
    """What quotes identifiers for such a statement: percent signs are not doubled in them."""
    return _plain(dialect).identifier_preparer


def qualified(dialect: Dialect, schema: str | None, name: str) -> str:
    """A table or view as it stands in such a statement, quoted where it has to be."""
    quote = preparer(dialect).quote
    return ".".join(quote(part) for part in (schema, name) if part)


# A named style: only then are percent signs in identifiers left as they are. Each dialect is
# imported where it is in use: a command that only reads need not wait for the other.


def _plain(dialect: Dialect) -> Dialect:
    made = {"postgresql": _postgresql, "sqlite": _sqlite}.get(dialect.name)
    return made() if made else dialect


@cache
def _postgresql() -> Dialect:
    from sqlalchemy.dialects import postgresql

    plain: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    # In standard strings, all there are by default, a backslash is a backslash.
    plain._backslash_escapes = False  # type: ignore[attr-defined]
    return plain


@cache
def _sqlite() -> Dialect:
    from sqlalchemy.dialects import sqlite

    return sqlite.dialect(paramstyle="named")
