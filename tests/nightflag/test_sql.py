"""The paperwork of the SQL: every query runs on both databases and is used."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import nightflag
from nightflag.databases import Database, connect
from nightflag.queries import TIMESTAMPS, run
from nightflag.results.setup import upgrade
from sql import queries, statements

PLACEHOLDER = re.compile(r"(?<!:):(\w+)")
NUMBERS = re.compile(
    r"run_id|version|records|rate|limit|process|number|count|_rows|psi|p_value|missing|unseen"
    r"|^(value|low|high|anomalies|nights|checked|failed)$"
)
WORDS = {
    "verdict": "anomaly",
    "truth": "labels",
    "status": "retired",
    "drifted": True,
    "held": True,
}


@pytest.fixture
def results(database_url: str) -> Iterator[Database]:
    made = connect(database_url, schema="nightflag")
    upgrade(made)
    yield made
    made.close()


def value(name: str) -> object:
    if name in TIMESTAMPS:
        return datetime(2024, 5, 2, tzinfo=UTC)
    return 1 if NUMBERS.search(name) else WORDS.get(name, "a")


def test_every_query_runs(results: Database) -> None:
    assert queries()
    for name, query in queries().items():
        with results.writing() as connection:
            values = {one: value(one) for one in PLACEHOLDER.findall(query)}
            result = run(connection, name, **values)
            if result.returns_rows:
                assert all(len(row) == len(result.keys()) for row in result)


def test_every_query_is_used() -> None:
    (package,) = nightflag.__path__
    code = "".join(path.read_text(encoding="utf-8") for path in Path(package).rglob("*.py"))
    assert [name for name in queries() if f'"{name}"' not in code] == []


def test_a_script_is_split_where_its_statements_end() -> None:
    script = "create table a (\n    v text default ';' -- ; not here\n);\n\ninsert into a;  \n"
    assert statements(script) == [
        "create table a (\n    v text default ';' -- ; not here\n)",
        "insert into a",
    ]
    assert statements("\n;\n") == []
