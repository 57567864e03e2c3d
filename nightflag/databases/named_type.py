"""Types of PostgreSQL that SQLAlchemy need not know."""

from sqlalchemy import types


class NamedType(types.UserDefinedType[object]):
    """A PostgreSQL type called by the name the catalogue knows it by."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """The name, as it stands in a column definition or a cast."""
        return self.name
