"""A watched table of payments and all that its nights need, in a folder and database of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).parents[2]
MOMENTS = {
    "scored_at",
    "quarantined_at",
    "changed_at",
    "measured_at",
    "started_at",
    "finished_at",
    "trained_at",
    "attempt",
}
PUBLISHED = (
    "payments_scores",
    "payments_reasons",
    "payments_quarantine",
    "payments_history",
    "nightflag_drift",
    "nightflag_expectations",
)
OTHERS = """
select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
A_MINUTE = 60.0
NUMBERS = count()

MONITOR: dict[str, Any] = {
    "monitor": "payments",
    "source": {
        "database": "env:RECORDS",
        "table": "payments",
        "key": "payment_id",
        "time": "paid_at",
    },
    "expectations": [
        {"expect_column_values_to_be_between": {"column": "amount", "min_value": 0}},
        {"expect_column_values_to_not_be_null": {"column": "channel"}},
        {"expect_table_row_count_to_be_between": {"min_value": 1, "severity": "warning"}},
    ],
    "detector": {"settings": {"cosines": 64}},
    "training": {"at_least": 100},
    "alarm": {"rate": 0.05},
    "execution": {"batch_size": 24, "lock_wait": "1 minute"},
}


@dataclass(frozen=True)
class Outcome:
    """What became of a night: the status of its run, or the error it ended with.

    ``places`` are those it came to, each with the seconds from its start to the first time.
    """

    status: str = "refused"
    error: str = ""
    what: str = ""
    expected: str = ""
    mend: str = ""
    imported: list[str] = field(default_factory=list)
    places: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """A folder with the monitor and its models, and the database of its records and flags."""

    folder: Path
    url: str

    def describe(self, **sections: Any) -> None:
        """Write the monitor's file, with these sections in place of the usual ones."""
        (self.folder / "monitors").mkdir(parents=True, exist_ok=True)
        path = self.folder / "monitors" / "payments.yaml"
        path.write_text(yaml.safe_dump({**MONITOR, **sections}))

    def change(self, **sections: Any) -> None:
        """Write these sections into the monitor's file, and leave the others."""
        path = self.folder / "monitors" / "payments.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **sections}))

    def night(self, as_of: datetime, **how: Any) -> Outcome:
        """What becomes of the night ``as_of``; ``how`` is explained at :func:`nights`."""
        return nights([self.asked(as_of, **how)])[0]

    def asked(
        self,
        as_of: datetime,
        *,
        place: str = "",
        nth: int = 1,
        after: str = "",
        deed: str | list[str] = "kill",
        retraining: str = "when due",
        results: str = "",
        lease: float = 120,
        doom: tuple[str, float] | None = None,
        page: bool = True,
        patience: float = A_MINUTE,
    ) -> dict[str, Any]:
        """The night as :mod:`night` is asked for it."""
        url = self.url if patience == A_MINUTE else with_options(self.url, lock_timeout=patience)
        names = {"NIGHTFLAG_HOME": str(self.folder), "RECORDS": url, "RESULTS": results}
        interruption = {"place": place, "nth": nth, "deed": deed, "after": after}
        night = {"monitor": "payments", "as_of": as_of.isoformat(), "retraining": retraining}
        limits = {"lease": lease, "patience": patience, "doom": doom}
        return {"environment": names, "page": page, **limits, **night, **interruption}

    def execute(self, statement: str | sa.Executable, rows: Any = None) -> None:
        """Change the database."""
        ready = sa.text(statement) if isinstance(statement, str) else statement
        with engine(self.url).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("set search_path to public, nightflag"))
            connection.execute(ready, rows)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the query returns."""
        with engine(self.url).connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("set search_path to nightflag, public"))
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]

    def table(self, name: str, condition: str = "1 = 1") -> list[str]:
        """The rows of a table as text, sorted, without what no two nights have in common."""
        if name not in self.tables():
            return []
        found = self.rows(f"select * from {name} where {condition}")
        kept = [{k: v for k, v in row.items() if k not in MOMENTS} for row in found]
        return sorted(map(str, kept))

    def tables(self) -> list[str]:
        """The names of the tables nightflag owns in this database."""
        found = sa.inspect(engine(self.url))
        schema = "nightflag" if self.url.startswith("postgresql") else None
        return found.get_table_names(schema=schema)

    def published(self) -> dict[str, list[str]]:
        """Everything that is published; timestamps and attempts are left out."""
        runs = self.table("nightflag_runs", "status = 'published'")
        marks = self.table("nightflag_watermarks")
        return {**{name: self.table(name) for name in PUBLISHED}, "runs": runs, "watermarks": marks}

    def copy(self, folder: Path) -> "Watch":
        """The same monitor, models, records and flags once more, in another place."""
        shutil.copytree(self.folder, folder)
        if not self.url.startswith("postgresql"):
            return Watch(folder, f"sqlite:///{folder / 'records.db'}")
        name = sa.make_url(self.url).database
        return Watch(folder, new_database(self.url, template=name))

    def wait_until_nobody_is_connected(self) -> None:
        """A server may still be at work for a process that was killed; a file never is."""
        if self.url.startswith("postgresql"):
            while self.rows(OTHERS):
                time.sleep(0.02)

    def remove(self) -> None:
        """Take it away, database and all."""
        shutil.rmtree(self.folder)
        if self.url.startswith("postgresql"):
            in_postgres(self.url, f"drop database {sa.make_url(self.url).database} with (force)")


@cache
def engine(url: str) -> sa.Engine:
    """What opens connections to that database and keeps none."""
    return sa.create_engine(psycopg(url), poolclass=NullPool)


def psycopg(url: str) -> str:
    """The URL with the driver named, whatever it is called with."""
    return url.replace("postgresql://", "postgresql+psycopg://")


def with_options(url: str, **seconds: float) -> str:
    """The URL for a login to whose sessions PostgreSQL gives these settings; a file has none."""
    if not url.startswith("postgresql"):
        return url
    said = " ".join(f"-c {name}={int(1_000 * value)}" for name, value in seconds.items())
    made = sa.make_url(url).update_query_dict({"options": said})
    return made.render_as_string(hide_password=False)


def new_database(server_url: str, *, template: str | None = "template1") -> str:
    """The URL of a database of its own on the server, a copy of ``template``."""
    name = f"watch_{os.getpid()}_{next(NUMBERS)}"
    in_postgres(server_url, f"create database {name} template {template}")
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


def in_postgres(server_url: str, statement: str) -> None:
    """Carry out what no transaction and no database of its own can."""
    admin = sa.make_url(server_url).set(database="postgres")
    server = engine(admin.render_as_string(hide_password=False))
    with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(statement))


def driver(*options: str) -> "subprocess.Popen[str]":
    """A process that runs nights; see :mod:`night`. It ends when its standard input does."""
    home = tempfile.mkdtemp(prefix="nightflag-prefect-")
    environment = {"PYTHONPATH": str(ROOT), "PREFECT_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.night", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


everyones_driver = cache(driver)


def nights(
    asked: list[dict[str, Any]], process: "subprocess.Popen[str] | None" = None
) -> list[Outcome]:
    """The outcomes of nights that run at the same time, each in a process of its own.

    A night is killed (``deed="kill"``), fails, hangs or waits at the ``nth`` time it comes to
    ``place`` after it was at ``after``, or runs a command there. Its ``doom`` is to be killed so
    many seconds after a place; '' is its start. Nights asked for after one that hangs start then,
    and it goes on when they have ended. A night takes a lock that was not renewed for ``lease``
    seconds, and waits ``patience`` seconds for other users' locks.
    """
    process = process or everyones_driver()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    try:
        return [Outcome(**told) for told in json.loads(process.stdout.readline())]
    except BaseException:  # a test that ran out of time: the answer would go to the next who asks
        everyones_driver.cache_clear()
        raise
