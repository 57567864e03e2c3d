"""Nights with the fewest rights there can be, and passwords that no night tells anybody."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient
from prefect.logging.handlers import APILogWorker
from sqlalchemy import make_url

from flows.deploying import deploy
from nightflag.cli import main
from nightflag.monitors import find
from tests.flows.conftest import ROOT, Place, readings
from tests.reliability.watch import new_database

PASSWORD = "Kuckucksei @Nesthaken/7%'"
PARTS = ("Kuckucksei", "Nesthaken")
ENCODED = quote(PASSWORD, safe="")
AS_OF = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
WAYS = {"local": "", "host": "all"}
READER, WRITER = "nightflag_reader", "nightflag_writer"


@dataclass(frozen=True)
class Bank:
    """A database of PostgreSQL, and the URLs with which its two logins come to it."""

    administrator: str

    def url(self, login: str, password: str = ENCODED) -> str:
        """The login's URL, its password as it stands there."""
        url = make_url(self.administrator).set(username=login, password="PASSWORD")
        return url.render_as_string(hide_password=False).replace("PASSWORD", password)

    def may(self, login: str, statement: str) -> bool:
        """Whether the login is allowed what the statement does."""
        url = make_url(self.administrator)
        with psycopg.connect(
            host=url.query.get("host", url.host),
            port=url.port,
            dbname=url.database,
            user=login,
            password=PASSWORD,
        ) as connection:
            try:
                connection.execute(statement)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
                return False
            connection.rollback()
        return True


@pytest.fixture
def bank(postgresql_server: str) -> Iterator[Bank]:
    """The database with the two logins that the documentation creates, and passwords asked for."""
    url = new_database(postgresql_server)
    page = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
    (statements,) = re.findall(r"```sql\n(create role.*?)```", page, re.DOTALL)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create table transactions (reading_id int, read_at timestamp, celsius real)"
        )
        connection.cursor().executemany("insert into transactions values (%s, %s, %s)", readings())
        quoted = PASSWORD.replace("'", "''")
        connection.execute(re.sub("password '[^']*'", lambda _: f"password '{quoted}'", statements))
        access = Path(str(connection.execute("show hba_file").fetchone()[0]))
        before = access.read_text()
        asked = [f"{way} all {READER},{WRITER} {of} scram-sha-256" for way, of in WAYS.items()]
        access.write_text("\n".join([*asked, before]))
        connection.execute("select pg_reload_conf()")
        yield Bank(url)
        access.write_text(before)
        connection.execute("select pg_reload_conf()")
        connection.execute(f"drop owned by {READER}, {WRITER}")
        connection.execute(f"drop role {READER}, {WRITER}")


def watch(place: Place, *, source: str = "env:SOURCE_URL", **sections: object) -> None:
    """Write the monitor of the transactions."""
    table = {"database": source, "table": "transactions", "key": "reading_id", "time": "read_at"}
    sections = {"source": table, "results": {"database": "env:RESULTS_URL"}, **sections}
    place.describe("tills", **sections)


def everything_written(place: Place, bank: Bank) -> Iterator[tuple[str, bytes]]:
    """Every file of the place, among them Prefect's database, and every row of the bank."""
    for path in place.folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    with psycopg.connect(bank.administrator) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables "
            "where schemaname in ('nightflag', 'public')"
        )
        for (table,) in tables.fetchall():
            rows = connection.execute(f"select t::text from {table} t").fetchall()
            yield table, "\n".join(row for (row,) in rows).encode()


def test_two_logins_suffice_and_no_night_tells_a_password(
    at_home: Place,
    server: SyncPrefectClient,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def night(days: int, *, source: str = ENCODED, results: str = ENCODED) -> int:
        monkeypatch.setenv("SOURCE_URL", bank.url(READER, source))
        monkeypatch.setenv("RESULTS_URL", bank.url(WRITER, results))
        return main(["run", "tills", "--as-of", (AS_OF - timedelta(days)).isoformat()])

    monkeypatch.setenv("CHANNEL", f"json://night:{ENCODED}@127.0.0.1:9/Nesthaken")
    watch(at_home, alerts={"to": ["env:CHANNEL"], "at_least": 0})
    assert night(1) == 0
    assert bank.may(READER, "select * from transactions")
    assert not bank.may(READER, "delete from transactions")
    assert not bank.may(READER, "create table mine (one int)")
    assert not bank.may(READER, "select * from nightflag.tills_scores")
    assert bank.may(WRITER, "delete from nightflag.tills_scores")
    assert not bank.may(WRITER, "select * from transactions")

    unreachable = 75
    assert night(0, source="Kuckucksei%20Nesthaken%25") == unreachable
    assert night(0, results="Kuckucksei%zz") == unreachable
    assert night(0, source="Kuckucksei@Nesthaken") == 2
    assert main(["check", "tills"]) == 2
    assert main(["doctor"]) != 0
    Secret(value=bank.url(READER, "Kuckucksei")).save("transactions", overwrite=True)
    watch(at_home, source="secret:transactions")
    assert night(0) == unreachable
    watch(at_home, expectations=[{"expect_column_mean_to_be_between": {"column": "fahrenheit"}}])
    assert night(0) == 2
    watch(at_home, expectations=[{"expect_table_row_count_to_equal": {"value": 1}}])
    assert night(0) == 1
    watch(at_home)
    file = at_home.folder / "monitors" / "tills.yaml"
    described = file.read_text()
    file.write_text(described.replace("env:SOURCE_URL", bank.url(READER)))
    assert night(0) == 2
    file.write_text(described)
    deploy([find(file.parent, "tills")], work_pool="nightflag", version="1")
    APILogWorker.drain_all()

    said = "".join(capfd.readouterr()) + caplog.text
    written = [("said", said.encode()), *everything_written(at_home, bank)]
    assert sum(READER.encode() in content for _, content in written) >= 3, "nothing was searched"
    telling = {
        (name, part) for name, content in written for part in PARTS if part.encode() in content
    }
    assert telling == set()
