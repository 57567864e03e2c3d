"""Statements as text: for drivers that take nothing else, and out of SQLAlchemy's reach."""

from sqlalchemy import TextClause, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import SelectBase

# A named style: only then are percent signs in identifiers left as they are.
PLAIN_DIALECTS: dict[str, Dialect] = {
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(paramstyle="named"),
}
# In standard strings, all there are by default, a backslash is a backslash.
PLAIN_DIALECTS["postgresql"]._backslash_escapes = False  # type: ignore[attr-defined]


def verbatim(sql: str) -> TextClause:
    """``sql`` for SQLAlchemy to send as it stands: its colons and percent signs mean nothing."""
    return text(sql.replace(":", "\\:"))


def statement(select: SelectBase, dialect: Dialect) -> str:
    """``select`` as one complete statement, its values written in as quoted literals."""
    plain = PLAIN_DIALECTS.get(dialect.name, dialect)
    return str(select.compile(dialect=plain, compile_kwargs={"literal_binds": True}))
