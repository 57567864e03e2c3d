import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, make_url, text
from sqlalchemy.schema import CreateSchema

from nightflag.databases import connect
from nightflag.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    ExpectationError,
    TableRefused,
)
from nightflag.monitors import Expectation
from nightflag.validation import TableFinding, check_table, refuse

AWKWARD = 'Tab "le"'
ROWS = [
    {"id": 1, "a%b:c": 10, "note": "50% :off {x}"},
    {"id": 2, "a%b:c": 20, "note": "b"},
    {"id": 3, "a%b:c": None, "note": "c"},
    {"id": 3, "a%b:c": 30, "note": "d"},
]


class Source(NamedTuple):
    url: str
    schema: str | None

    def check(self, query: str, *expectations: Any) -> list[tuple[bool, str]]:
        findings = check_table(self.url, query, expectations, schema=self.schema)
        return [(finding.success, finding.observed) for finding in findings]


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    if request.param == "sqlite":
        made = Source(f"sqlite:///{tmp_path / 'bank.db'}", None)
    else:
        made = Source(request.getfixturevalue("postgresql_url"), f"s{uuid.uuid4().hex}")
    fill(made)
    return made


@pytest.fixture
def postgresql(postgresql_url: str) -> Source:
    made = Source(postgresql_url, f"s{uuid.uuid4().hex}")
    fill(made)
    return made


def fill(source: Source) -> None:
    engine = connect(source.url).engine
    metadata = MetaData(schema=source.schema)
    with engine.begin() as connection:
        if source.schema:
            connection.execute(CreateSchema(source.schema))
        for name in ("order", AWKWARD):
            columns = Column("id", Integer), Column("a%b:c", Integer), Column("note", Text)
            table = Table(name, metadata, *columns)
            table.create(connection)
            connection.execute(table.insert(), ROWS)
    engine.dispose()


def expect(name: str, **settings: Any) -> Expectation:
    return Expectation(type=name, settings=settings)


def unexpected_rows(query: str) -> SimpleNamespace:
    return SimpleNamespace(
        type="unexpected_rows_expectation",
        settings={"unexpected_rows_query": query},
        line=None,
    )


COUNT = expect("expect_table_row_count_to_be_between", min_value=4)


@pytest.mark.parametrize("table", ['"order"', '"Tab ""le"""'])
def test_expectations_are_judged_over_what_the_query_selects(source: Source, table: str) -> None:
    findings = source.check(
        f"SELECT * FROM {table} WHERE id < 3;\n",
        COUNT,
        expect("expect_column_max_to_be_between", column="a%b:c", max_value=20),
    )
    assert findings == [(False, "2"), (True, "20")]


def test_the_query_is_taken_as_the_database_takes_it(source: Source) -> None:
    query = """
        -- what is :this {thing} of 100%?
        WITH kept AS (SELECT * FROM "order" WHERE note <> '50% :off {x}')
        SELECT * FROM kept -- the end
    """
    findings = source.check(
        query,
        expect("expect_table_row_count_to_equal", value=3),
        unexpected_rows('SELECT * FROM {batch} WHERE "a%b:c" > 20'),
    )
    assert findings == [(True, "3"), (False, "1")]


def test_uniqueness_is_judged_over_the_whole_window(source: Source) -> None:
    findings = source.check(
        'SELECT * FROM "order"',
        expect("expect_column_values_to_be_unique", column="id"),
        expect("expect_column_values_to_be_unique", column="a%b:c"),
        expect("expect_compound_columns_to_be_unique", column_list=["id", "a%b:c"]),
    )
    assert [success for success, _ in findings] == [False, True, True]
    assert findings[0] == (False, "2 unexpected, such as 3, 3")


@pytest.mark.parametrize(("mostly", "success"), [(0.7, True), (0.8, False)])
def test_mostly_is_a_share_of_the_window(source: Source, mostly: float, success: bool) -> None:
    known = expect("expect_column_values_to_not_be_null", column="a%b:c", mostly=mostly)
    assert source.check('SELECT * FROM "order"', known)[0][0] is success


def test_a_missing_column_is_an_error_that_names_it(source: Source) -> None:
    with pytest.raises(ExpectationError, match="'amuont'") as caught:
        source.check(
            'SELECT * FROM "order"', expect("expect_column_mean_to_be_between", column="amuont")
        )
    assert "a%b:c" in caught.value.expected


def test_whether_a_column_exists_is_a_finding(source: Source) -> None:
    findings = source.check(
        'SELECT * FROM "order"',
        expect("expect_column_to_exist", column="amuont"),
        expect("expect_column_to_exist", column="note"),
    )
    assert findings == [(False, "not as expected"), (True, "as expected")]


def test_what_sql_cannot_judge_is_an_error_and_not_a_failed_night(source: Source) -> None:
    rising = expect("expect_column_values_to_be_increasing", column="id", mostly=0.5)
    with pytest.raises(ExpectationError, match="expect_column_values_to_be_increasing"):
        source.check('SELECT * FROM "order"', rising)


def test_an_aggregate_the_type_does_not_allow_is_one_clear_error(postgresql: Source) -> None:
    mean = expect("expect_column_mean_to_be_between", column="note", min_value=0)
    with pytest.raises(ExpectationError, match="column=note") as caught:
        postgresql.check('SELECT * FROM "order"', mean)
    assert "Traceback" not in str(caught.value)


def test_a_query_the_database_rejects_is_refused(postgresql: Source) -> None:
    with pytest.raises(DatabaseRefused, match="nowhere"):
        postgresql.check("SELECT * FROM nowhere", COUNT)


def test_an_unreachable_database_is_said_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        check_table("postgresql://watcher:s3cret@127.0.0.1:1/bank", "SELECT 1", [COUNT])
    assert "watcher" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_no_expectations_need_no_database() -> None:
    assert check_table("postgresql://watcher@127.0.0.1:1/bank", "SELECT 1", []) == ()


def test_a_login_that_may_only_read_is_enough_and_leaves_no_connection(
    postgresql: Source,
) -> None:
    reader = f"reader_{postgresql.schema}"
    admin = connect(postgresql.url).engine
    with admin.begin() as connection:
        connection.execute(text(f"CREATE ROLE {reader} LOGIN"))
        connection.execute(text(f"REVOKE TEMPORARY ON DATABASE {admin.url.database} FROM PUBLIC"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA {postgresql.schema} TO {reader}"))
        connection.execute(
            text(f"GRANT SELECT ON ALL TABLES IN SCHEMA {postgresql.schema} TO {reader}")
        )
    url = make_url(postgresql.url).set(username=reader)
    source = Source(url.render_as_string(hide_password=False), postgresql.schema)
    assert source.check('SELECT * FROM "order"', COUNT) == [(True, "4")]
    with admin.connect() as connection:
        open_ = text("SELECT count(*) FROM pg_stat_activity WHERE usename = :reader")
        wait_until_zero(lambda: connection.scalar(open_, {"reader": reader}))
    admin.dispose()


def wait_until_zero(count: Any) -> None:
    deadline = time.monotonic() + 5
    while left := count():
        assert time.monotonic() < deadline, f"{left} connections are still open"
        time.sleep(0.05)


def finding(rule: str, severity: str, *, success: bool) -> TableFinding:
    return TableFinding(rule, severity, success, observed="7")


def test_all_failed_critical_findings_refuse_the_table_together() -> None:
    with pytest.raises(TableRefused) as caught:
        refuse(
            [
                finding("expect_a(min_value=9)", "critical", success=False),
                finding("expect_b(min_value=9)", "critical", success=True),
                finding("expect_c(max_value=3)", "critical", success=False),
                finding("expect_d(min_value=9)", "warning", success=False),
            ]
        )
    assert caught.value.what.splitlines()[1:] == [
        "expect_a(min_value=9): observed 7",
        "expect_c(max_value=3): observed 7",
    ]


def test_a_table_that_only_warns_is_not_refused() -> None:
    refuse(
        [
            finding("expect_a(min_value=9)", severity, success=False)
            for severity in ("warning", "info")
        ]
    )
