"""A statement as text, for drivers that take no SQLAlchemy constructs."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

# A named style: only then are percent signs in identifiers left as they are.
PLAIN_DIALECTS: dict[str, Dialect] = {
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(paramstyle="named"),
}


def statement(select: Select[Any], dialect: Dialect) -> str:
    """``select`` as one complete statement, its values written in as quoted literals."""
    plain = PLAIN_DIALECTS.get(dialect.name, dialect)
    return str(select.compile(dialect=plain, compile_kwargs={"literal_binds": True}))
