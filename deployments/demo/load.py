"""The demo's two public data sets as SQL tables; data/README.md says where they come from."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
)

from nightflag.databases import connect
from nightflag.errors import DatabaseRefused

DATA = Path(__file__).parent / "data"
SHUTTLE_END = datetime(2026, 1, 11)
SHUTTLE_STEP = timedelta(seconds=17.597)
TABLES = MetaData()

SHUTTLE = Table(
    "shuttle_readings",
    TABLES,
    Column("reading_id", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at", DateTime, nullable=False),
    *(Column(f"a{number}", Integer, nullable=False) for number in range(1, 10)),
    Column("is_anomaly", Boolean, nullable=False),
)
MACHINE = Table(
    "machine_temperature",
    TABLES,
    Column("recorded_at", DateTime, primary_key=True),
    Column("sensor", String(32), primary_key=True),
    Column("value", Double, nullable=False),
    Column("is_anomaly", Boolean, nullable=False),
)


def load(url: str) -> None:
    """Leave ``shuttle_readings`` and ``machine_temperature`` filled in the database behind ``url``.

    One transaction, the same rows however often it runs. Rows of an earlier load are replaced in
    place, so views on the tables survive. Raises :class:`DatabaseRefused`, with nothing changed,
    when a table of either name has other columns: it is somebody else's.
    """
    database = connect(url)
    try:
        with database.writing() as connection:
            _refuse_foreign_tables(connection)
            _replace(connection, SHUTTLE, _shuttle_readings())
            _replace(connection, MACHINE, _machine_temperature())
    finally:
        database.close()


def _shuttle_readings() -> pd.DataFrame:
    """The readings in file order, 17.597 s apart up to 2026-01-11 00:00 UTC: they have no clock."""
    frame = _read("shuttle.csv.gz")
    steps_left = len(frame) - pd.RangeIndex(len(frame))
    return frame.assign(recorded_at=SHUTTLE_END - SHUTTLE_STEP * steps_left)


def _machine_temperature() -> pd.DataFrame:
    frame = _read("machine_temperature.csv.gz").rename(columns={"timestamp": "recorded_at"})
    return frame.assign(recorded_at=pd.to_datetime(frame["recorded_at"]), sensor="machine-1")


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / name).astype({"is_anomaly": bool})


def _replace(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
    table.create(connection, checkfirst=True)
    connection.execute(delete(table))
    records: list[Any] = frame.to_dict("records")
    connection.execute(insert(table), records)


def _refuse_foreign_tables(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in TABLES.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        present = {column["name"] for column in inspector.get_columns(table.name)}
        expected = set(table.columns.keys())
        if present != expected:
            raise DatabaseRefused(
                f"There is a table {table.name!r} already, with columns {sorted(present)}.",
                expected=f"no such table, or one with columns {sorted(expected)}",
                mend="give the demo a database of its own",
            )
