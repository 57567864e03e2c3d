"""Where records come from and where flags go.

A :class:`Database` reads a ``SELECT`` as Arrow record batches from one snapshot and appends Arrow
record batches to a table. PostgreSQL goes through ADBC, SQLite through Python's own library; every
other SQLAlchemy database goes through :class:`~nightflag.databases.core.CoreDatabase`. One contract
suite runs on all three.
"""

from nightflag.databases.database import Database
from nightflag.databases.opening import connect

__all__ = ["Database", "connect"]
