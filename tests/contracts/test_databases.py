"""What every database obeys, whichever driver is behind it."""

import datetime as dt
import math
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    MetaData,
    Select,
    Table,
    Text,
    column,
    create_engine,
    literal_column,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.schema import CreateSchema

from nightflag.databases import Database, connect
from nightflag.databases.core import CoreDatabase
from nightflag.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    NightflagError,
    SettingsError,
    SourceError,
)
from tests.large_files import BALLAST

KINDS = ("postgresql", "sqlite", "large sqlite", "core on postgresql", "core on sqlite")
AWKWARD = ("order", 'Tab "le"', "a%b:c", "50% (of) all", "n" * 63)


def opened(kind: str, url: str) -> Database:
    if kind.startswith("core"):
        parsed = make_url(url)
        psycopg = parsed.get_backend_name() == "postgresql"
        return CoreDatabase(
            parsed.set(drivername="postgresql+psycopg") if psycopg else parsed, None
        )
    return connect(url)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = request.getfixturevalue(f"{request.param.split()[-1]}_url")
    made = opened(request.param, url)
    if request.param.startswith("large"):
        execute(made, BALLAST)
    yield made
    made.close()


def execute(database: Database, *statements: Any) -> None:
    engine = create_engine(database.url)
    with engine.begin() as connection:
        for statement in statements:
            made = text(statement) if isinstance(statement, str) else statement
            connection.execute(made)
    engine.dispose()


def create(database: Database, name: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    made = Table(name, MetaData(), *(Column(column, BigInteger) for column in columns))
    engine = create_engine(database.url)
    made.create(engine)
    with engine.begin() as connection:
        connection.execute(made.insert(), [dict(zip(columns, row, strict=True)) for row in rows])
    engine.dispose()


def everything(name: str) -> Select[Any]:
    return select(literal_column("*")).select_from(table(name))


def of_query(query: str) -> Select[Any]:
    return select(literal_column("*")).select_from(text(f"({query}) as source"))


def batches(
    database: Database, name: str, *, batch_size: int = 1_000
) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    columns = database.columns(everything(name))
    readable = [database.readable(column(one.name), one).label(one.name) for one in columns]
    statement = select(*readable).select_from(table(name))
    return columns, list(database.read(statement, columns=columns, batch_size=batch_size))


def rows(database: Database, name: str) -> list[dict[str, Any]]:
    columns, read = batches(database, name)
    return pa.Table.from_batches(read, columns).to_pylist()


def test_columns_are_named_in_order_and_typed(database: Database) -> None:
    execute(
        database,
        "create table t (whole bigint, part double precision, words varchar(9), amount numeric)",
        "insert into t values (1, 1.5, 'one', 2.25)",
    )
    found = database.columns(everything("t"))
    assert found.names == ["whole", "part", "words", "amount"]
    assert found.types == [pa.int64(), pa.float64(), pa.string(), pa.float64()]


def test_columns_of_a_select_are_those_it_computes(database: Database) -> None:
    execute(database, "create table t (v integer)", "insert into t values (1)")
    found = database.columns(of_query("select v + 1 as next, 'a' as word from t"))
    assert found.names == ["next", "word"]
    assert found.types == [pa.int64(), pa.string()]


def test_types_that_people_made_are_read_as_text_and_domains_as_what_they_are_of(
    postgresql_url: str,
) -> None:
    database = opened("postgresql", postgresql_url)
    execute(
        database,
        "create type mood as enum ('glad', 'sad')",
        "create domain price as numeric(9, 2) check (value >= 0)",
        "create table t (m mood, p price, several integer[])",
        "insert into t values ('sad', 2.25, '{1,2}'), (null, null, null)",
    )
    columns, _ = batches(database, "t")
    assert [one.metadata[b"sql_type"] for one in columns] == [b"mood", b"numeric", b"_int4"]
    assert rows(database, "t") == [
        {"m": "sad", "p": 2.25, "several": "{1,2}"},
        {"m": None, "p": None, "several": None},
    ]
    database.close()


def test_a_batch_too_long_is_cut_into_pieces_of_one_length(postgresql_url: str) -> None:
    database = opened("postgresql", postgresql_url)
    execute(database, "create table t as select i as v from generate_series(1, 1000) as i")
    _, read = batches(database, "t", batch_size=400)
    assert [one.num_rows for one in read] == [334, 334, 332]
    assert pa.Table.from_batches(read)["v"].to_pylist() == list(range(1, 1001))
    database.close()


@pytest.mark.parametrize("database", [one for one in KINDS if one != "postgresql"], indirect=True)
def test_of_wide_rows_a_batch_holds_fewer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightflag.databases.arrow.VALUES_AT_ONCE", 40)
    create(database, "t", ["a", "b", "c", "d"], [(i, i, i, i) for i in range(25)])
    _, read = batches(database, "t")
    lengths = [one.num_rows for one in read]
    assert (sum(lengths), max(lengths)) == (25, 10)


MOMENT = dt.datetime(2024, 3, 31, 2, 30, 0, 123456)
IDENTITY = uuid.uuid4()
AS_HELD = {
    "postgresql": {"truth": True, "at": MOMENT, "at_zone": MOMENT.replace(tzinfo=dt.UTC)}
    | {"day": dt.date(2024, 2, 29)},
    "sqlite": {"truth": True, "at": "2024-03-31 02:30:00.123456", "day": "2024-02-29"}
    | {"at_zone": "2024-03-31 02:30:00.123456+00:00"},
    "core on sqlite": {"truth": 1, "at": "2024-03-31 02:30:00.123456", "day": "2024-02-29"}
    | {"at_zone": "2024-03-31 02:30:00.123456+00:00"},
}


def test_values_of_every_type_come_through_unchanged(
    database: Database, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["database"].removeprefix("large ")
    raw = "bytea" if database.dialect == "postgresql" else "blob"
    as_raw = r"'\x00ff'" if database.dialect == "postgresql" else "x'00ff'"
    execute(
        database,
        "create table t (whole bigint, part double precision, words text, truth boolean,"
        f" raw {raw}, at timestamp, at_zone timestamp with time zone, day date, amount numeric,"
        " identity uuid)",
        f"insert into t values ({2**63 - 1}, 0.1, 'Zürich 🌙', true, {as_raw},"
        " '2024-03-31 02:30:00.123456', '2024-03-31 02:30:00.123456+00:00', '2024-02-29', 12.5,"
        f" '{IDENTITY}')",
        f"insert into t (whole) values ({2**53 + 1})",
        f"insert into t (whole) values ({-(2**63)})",
    )
    full, *others = rows(database, "t")
    assert full == {
        "whole": 2**63 - 1,
        "part": 0.1,
        "words": "Zürich 🌙",
        "raw": b"\x00\xff",
        "amount": 12.5,
        "identity": str(IDENTITY),
        **AS_HELD.get(kind, AS_HELD["postgresql"]),
    }
    assert [row.pop("whole") for row in others] == [2**53 + 1, -(2**63)]
    assert {value for row in others for value in row.values()} == {None}


def test_what_is_no_number_stays_apart_from_what_is_missing(database: Database) -> None:
    values = {
        "postgresql": ["'NaN'", "'Infinity'", "'-Infinity'", "null"],
        "sqlite": ["null", "9e999", "-9e999", "null"],  # SQLite itself keeps NaN as NULL
    }[database.dialect]
    execute(database, "create table t (id integer, v double precision)")
    for position, value in enumerate(values):
        execute(database, f"insert into t values ({position}, {value})")
    found = [row["v"] for row in rows(database, "t")]
    assert found[1:] == [math.inf, -math.inf, None]
    assert math.isnan(found[0]) if database.dialect == "postgresql" else found[0] is None


@pytest.mark.parametrize("size", [1, 4, 10, 1_000])
def test_batches_hold_at_most_so_many_rows(
    database: Database, size: int, request: pytest.FixtureRequest
) -> None:
    create(database, "t", ["v"], [(value,) for value in range(10)])
    _, read = batches(database, "t", batch_size=size)
    largest = max(batch.num_rows for batch in read)
    # The first batch of a file read apart begins with a row that is taken out again.
    is_apart = request.node.callspec.params["database"] == "large sqlite"
    assert largest == min(size, 10) - (is_apart and size == 10)
    assert [value for batch in read for value in batch["v"].to_pylist()] == list(range(10))


def test_an_empty_table_has_columns_and_no_rows(database: Database) -> None:
    execute(database, "create table t (whole bigint, words text)")
    columns, read = batches(database, "t")
    assert columns.names == ["whole", "words"]
    assert sum(batch.num_rows for batch in read) == 0


def test_a_column_of_nulls_only_keeps_its_place(database: Database) -> None:
    execute(database, "create table t (a bigint, b text, c double precision)")
    execute(database, "insert into t values (null, null, null)")
    assert rows(database, "t") == [{"a": None, "b": None, "c": None}]


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_can_be_read_and_appended_to(database: Database, name: str) -> None:
    create(database, name, [name, "id"], [(5, 1)])
    assert rows(database, name) == [{name: 5, "id": 1}]
    with database.appending() as append:
        append(_table(database, name), pa.record_batch({"id": [2], name: [6]}))
    assert rows(database, name) == [{name: 5, "id": 1}, {name: 6, "id": 2}]


def test_sqlite_reads_names_longer_than_postgresql_allows(sqlite_url: str) -> None:
    database, name = connect(sqlite_url), "n" * 70
    create(database, name, [name], [(1,)])
    assert rows(database, name) == [{name: 1}]


def _table(database: Database, name: str, schema: str | None = None) -> Table:
    engine = create_engine(database.url)
    found = Table(name, MetaData(), schema=schema, autoload_with=engine)
    engine.dispose()
    return found


def test_appended_batches_stand_after_those_that_were_there(database: Database) -> None:
    create(database, "t", ["v"], [(1,)])
    target = _table(database, "t")
    with database.appending() as append:
        append(target, pa.record_batch({"v": [2, None]}))
        append(target, pa.record_batch({"v": [2**62 + 1]}))
    assert [row["v"] for row in rows(database, "t")] == [1, 2, None, 2**62 + 1]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_appended_text_with_nul_is_kept_or_written_out(database: Database) -> None:
    execute(database, "create table t (v text)")
    with database.appending() as append:
        append(_table(database, "t"), pa.record_batch({"v": ["a\0b", "\0", None, "c"]}))
    kept = "\\0" if database.dialect == "postgresql" else "\0"
    assert [row["v"] for row in rows(database, "t")] == [f"a{kept}b", kept, None, "c"]


def test_appended_values_read_back_as_they_were(database: Database) -> None:
    raw = "bytea" if database.dialect == "postgresql" else "blob"
    execute(
        database, f"create table t (part double precision, words text, truth boolean, raw {raw})"
    )
    written = {"part": [1e-300, None], "words": ["ü%:'\"", None], "truth": [True, None]}
    written["raw"] = [b"\x00", None]
    with database.appending() as append:
        append(_table(database, "t"), pa.record_batch(written))
    assert rows(database, "t") == pa.record_batch(written).to_pylist()


def test_appended_times_are_the_instants_they_were(database: Database) -> None:
    target = Table("t", MetaData(), Column("at", DateTime(timezone=True)), Column("day", Date))
    with database.writing() as connection:
        target.create(connection)
    moment = dt.datetime(2024, 3, 31, 1, 0, 0, 500_000, tzinfo=dt.UTC)
    written = pa.record_batch({"at": [moment], "day": [dt.date(2024, 2, 29)]})
    with database.appending() as append:
        append(target, written)
    found = rows(database, "t")[0]
    read = found["at"] if database.dialect == "postgresql" else parsed(found["at"])
    assert read == moment
    assert str(found["day"]) == "2024-02-29"


def parsed(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


def test_a_failed_append_leaves_whole_batches_only(database: Database) -> None:
    execute(database, "create table t (v bigint not null unique)")
    target = _table(database, "t")

    def appended() -> None:
        with database.appending() as append:
            append(target, pa.record_batch({"v": [1, 2]}))
            append(target, pa.record_batch({"v": [3, 1]}))

    with pytest.raises(DatabaseRefused):
        appended()
    assert [row["v"] for row in rows(database, "t")] in ([], [1, 2])


def test_a_table_in_another_schema_is_appended_to(postgresql_url: str) -> None:
    database = connect(postgresql_url, schema='no "lights"')
    target = Table("t", MetaData(schema='no "lights"'), Column("v", Text))
    with database.writing() as connection:
        connection.execute(CreateSchema('no "lights"'))
        target.create(connection)
    with database.appending() as append:
        append(target, pa.record_batch({"v": ["here"]}))
    with database.reading() as connection:
        assert connection.execute(text("select v from t")).scalar_one() == "here"


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    create(database, "t", ["v"], [(1,)])

    def interrupted() -> None:
        with database.writing() as connection:
            connection.execute(text("delete from t"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert rows(database, "t") == [{"v": 1}]


READS: list[Callable[[Database], object]] = [
    lambda database: database.columns(everything("t")),
    lambda database: list(
        database.read(everything("t"), columns=pa.schema({"v": pa.int64()}), batch_size=1)
    ),
]


@pytest.mark.parametrize("read", READS, ids=["columns", "read"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_unreachable_database_says_so_without_its_password(
    kind: str, read: Callable[[Database], object], tmp_path: Path
) -> None:
    nowhere = {
        "postgresql": "postgresql://ann:hunter2@127.0.0.1:1/bank",
        "sqlite": f"sqlite:///{tmp_path / 'no folder' / 'bank.db'}",
    }
    database = opened(kind, nowhere[kind.split()[-1]])
    with pytest.raises(DatabaseUnreachable) as raised:
        read(database)
    assert raised.value.exit_code == 75
    assert "hunter2" not in str(raised.value)
    assert "check" in str(raised.value)


@pytest.mark.parametrize("read", READS, ids=["columns", "read"])
@pytest.mark.parametrize(
    "login", ["ann@127.0.0.1:1/bank?password=hunter2", "ann:hunter%2F2@127.0.0.1:1/bank"]
)
@pytest.mark.parametrize("kind", ["postgresql", "core on postgresql"])
def test_a_password_is_hidden_wherever_it_stands(
    kind: str, login: str, read: Callable[[Database], object]
) -> None:
    database = opened(kind, f"postgresql://{login}")
    with pytest.raises(DatabaseUnreachable) as raised:
        read(database)
    assert "hunter" not in str(raised.value)
    assert "hunter" not in database.name


@pytest.mark.parametrize("read", READS, ids=["columns", "read"])
def test_an_unknown_table_is_refused_by_name(
    database: Database, read: Callable[[Database], object]
) -> None:
    with pytest.raises(DatabaseRefused, match=r'no such table: t|relation "t" does not exist'):
        read(database)


def test_an_error_amid_the_rows_is_ours(database: Database, request: pytest.FixtureRequest) -> None:
    failing = {
        "postgresql": "select 1 / (5000 - i) as v from generate_series(1, 10000) as i",
        "sqlite": "with recursive c(i) as (select 1 union all select i + 1 from c where i < 9000)"
        " select case when i < 5000 then i else abs(-9223372036854775808) end as v from c",
    }[database.dialect]
    columns = pa.schema({"v": pa.int64()})
    # SQLite's driver calls everything an OperationalError; only its own class sees through that.
    kind = request.node.callspec.params["database"]
    expected = NightflagError if kind == "core on sqlite" else DatabaseRefused
    with pytest.raises(expected, match=r"division by zero|integer overflow"):
        list(database.read(of_query(failing), columns=columns, batch_size=100))


def test_a_connection_lost_amid_the_rows_may_be_tried_again(postgresql_url: str) -> None:
    database = connect(postgresql_url)
    reading = database.read(
        of_query("select i as v from generate_series(1, 10000000) as i"),
        columns=pa.schema({"v": pa.int64()}),
        batch_size=100,
    )
    next(reading)
    others = "from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
    execute(database, f"select pg_terminate_backend(pid) {others}")
    with pytest.raises(DatabaseUnreachable):
        list(reading)


def test_every_part_of_a_url_means_the_same_in_both_ways_to_postgresql(postgresql_url: str) -> None:
    url = make_url(postgresql_url).update_query_dict({"options": "-c application_name=a%20b"})
    database = connect(url.render_as_string(hide_password=False))
    setting = of_query("select current_setting('application_name') as v")
    with database.reading() as connection:
        assert connection.execute(setting).scalars().all() == ["a%20b"]
    columns = pa.schema({"v": pa.string()})
    [batch] = database.read(setting, columns=columns, batch_size=1)
    assert batch.to_pylist() == [{"v": "a%20b"}]


def test_a_value_of_another_type_is_named_with_its_column(sqlite_url: str) -> None:
    database = connect(sqlite_url)
    execute(database, "create table t (id integer, amount integer)")
    execute(database, "insert into t values (1, 2), (2, 'plenty')")
    with pytest.raises(SourceError, match=r"'amount'.*no int64"):
        rows(database, "t")


def test_a_whole_number_among_parts_is_a_number(sqlite_url: str) -> None:
    database = connect(sqlite_url)
    execute(database, "create table t (v, w)", "insert into t values (1, 1), (2.5, 'b'), (3, 2)")
    assert [row["v"] for row in rows(database, "t")] == [1.0, 2.5, 3.0]
    assert [row["w"] for row in rows(database, "t")] == ["1", "b", "2"]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "postgres//bank:hunter2",
        "postgresql://ann:hunter2@x:yhunter2@127.0.0.1/bank",
        "postgresql://ann:hunter2@127.0.0.1:port/bank",
        "postgresql://ann:begins@hunter2@127.0.0.1/bank",
    ],
)
def test_what_is_no_lasting_database_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        connect(url)
    assert isinstance(raised.value, NightflagError)
    assert "hunter2" not in str(raised.value)


def test_memory_is_bounded_by_the_batch(database: Database) -> None:
    count, width = 150_000, 500  # 75 MB of text
    query = {
        "postgresql": f"select i as id, repeat('x', {width}) as words"
        f" from generate_series(1, {count}) as i",
        "sqlite": "with recursive c(id) as (select 1 union all select id + 1 from c"
        f" where id < {count}) select id, printf('%.{width}c', 'x') as words from c",
    }[database.dialect]
    columns = pa.schema({"id": pa.int64(), "words": pa.string()})
    reading = database.read(of_query(query), columns=columns, batch_size=2_000)
    found = next(reading).num_rows
    before, peak = resident_bytes(), 0
    for batch in reading:
        found += batch.num_rows
        peak = max(peak, resident_bytes())
    assert found == count
    assert peak - before < 40e6


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_looking_into_a_sqlite_file_that_is_missing_creates_none(tmp_path):
    mistyped = tmp_path / "bnak.db"

    with pytest.raises(DatabaseUnreachable, match="no file"):
        connect(f"sqlite:///{mistyped}").columns(select(literal_column("*")).select_from(text("t")))

    assert not mistyped.exists()


@pytest.mark.parametrize("inserted", ["", "insert into t values (null)"], ids=["empty", "null"])
def test_a_blob_column_of_sqlite_without_a_value_yet_holds_bytes(
    sqlite_url: str, inserted: str
) -> None:
    database = connect(sqlite_url)
    execute(database, "create table t (scan blob)", *([inserted] if inserted else []))
    assert database.columns(everything("t")).types == [pa.binary()]
    execute(database, "insert into t values (x'89504e47')")
    assert {"scan": b"\x89PNG"} in rows(database, "t")
    database.close()
