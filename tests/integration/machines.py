"""A long table of readings, entity by entity, and nights over it in this process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from nightflag import nights, scoring, training
from nightflag.monitors import Monitor
from nightflag.runs import Run
from nightflag.workplace import Workplace, opened

READINGS = sa.Table(
    "readings",
    sa.MetaData(),
    sa.Column("reading_id", sa.BigInteger, primary_key=True),
    sa.Column("machine", sa.Text),
    sa.Column("read_at", sa.DateTime),
    sa.Column("value", sa.Double),
    sa.Column("flaw", sa.Integer),
)
SOURCE = {
    "database": "env:RECORDS",
    "table": "readings",
    "key": "reading_id",
    "time": "read_at",
    "label": "flaw",
}


@dataclass
class Machines:
    """The table of readings, its monitor, and what its nights publish."""

    workplace: Workplace

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Write readings."""
        with self.workplace.source.writing() as connection:
            connection.execute(READINGS.insert(), rows)

    def change(self, statement: str) -> None:
        """Change the readings."""
        with self.workplace.source.writing() as connection:
            connection.execute(sa.text(statement))

    def night(self, as_of: datetime) -> Run:
        """The published night, its model trained first where it is due."""
        workplace = self.workplace
        with nights.only_run(workplace) as lock:
            night = nights.open_night(workplace, as_of)
            reason = nights.reason_to_train(workplace, night, "when due")
            if reason:
                training.train(workplace, as_of=as_of, before=night.window.start, reason=reason)
            entry, model = nights.load_champion(workplace)
            partitions = [scoring.score(workplace, night, model)]
            return nights.publish(workplace, night, entry, partitions, warnings=(), lock=lock)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the query returns from the results' database."""
        with self.workplace.results.reading() as connection:
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


@contextmanager
def machines(url: str, folder: Path, **sections: Mapping[str, Any]) -> Iterator[Machines]:
    """An empty table of readings in the database, and a monitor with these sections over it."""
    monitor = Monitor.model_validate({"monitor": "machines", "source": SOURCE, **sections})
    with opened(
        monitor, source_url=url, results_url=url, models=folder / "models", reports=folder
    ) as workplace:
        with workplace.source.writing() as connection:
            READINGS.create(connection)
        yield Machines(workplace)
