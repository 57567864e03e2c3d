"""What a night hears when a database is full, locked, impatient or restarted, and what it does."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, create_engine, event, make_url, text

from nightflag.databases import Database, connect, sqlite
from nightflag.errors import DatabaseBusy, DatabaseRefused, SettingsError
from tests.contracts.test_databases import execute, of_query

NUMBERS = pa.schema({"v": pa.int64()})
TARGET = Table("t", MetaData(), Column("v", BigInteger))


def with_options(url: str, options: str) -> str:
    """The URL of a server that is told so by whoever connects."""
    made = make_url(url).update_query_dict({"options": options})
    return made.render_as_string(hide_password=False)


@pytest.fixture
def locked(postgresql_url: str) -> Iterator[str]:
    """The URL of a database whose table ``t`` somebody else has locked."""
    engine = connect(postgresql_url).engine
    with engine.begin() as connection:
        connection.execute(text("create table t (v bigint)"))
    with engine.begin() as connection:
        connection.execute(text("lock table t in access exclusive mode"))
        yield postgresql_url
    engine.dispose()


def read(database: Database, query: str = "select v from t") -> list[pa.RecordBatch]:
    return list(database.read(of_query(query), columns=NUMBERS, batch_size=100))


def append(database: Database) -> None:
    with database.appending() as append:
        append(TARGET, pa.record_batch({"v": [1]}))


def write(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(TARGET.delete())


@pytest.mark.parametrize("use", [read, append, write])
def test_a_lock_in_the_way_is_waited_for_and_then_named(
    locked: str, use: Callable[[Database], object]
) -> None:
    database = connect(with_options(locked, "-c lock_timeout=300ms"))
    with pytest.raises(DatabaseBusy, match="pg_locks") as raised:
        use(database)
    assert raised.value.exit_code == 75
    database.close()


def test_a_minute_is_waited_for_locks_unless_somebody_says_how_long(postgresql_url: str) -> None:
    patience = "select current_setting('lock_timeout') as v"
    words = pa.schema({"v": pa.string()})
    for options, expected in (("", "1min"), ("-c lock_timeout=5s", "5s")):
        database = connect(with_options(postgresql_url, options))
        [batch] = database.read(of_query(patience), columns=words, batch_size=1)
        assert batch.to_pylist() == [{"v": expected}]
        with database.reading() as connection:
            assert connection.execute(text(patience)).scalar_one() == expected
        database.close()


def test_another_writer_of_a_file_is_waited_for_and_then_named(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 200)
    database, other = connect(sqlite_url), create_engine(sqlite_url)
    execute(database, "create table t (v bigint)")
    with other.connect() as connection:
        connection.exec_driver_sql("begin immediate")
        with pytest.raises(DatabaseBusy, match="fuser"):
            write(database)
    write(database)


def test_a_statement_that_may_not_take_so_long_is_not_tried_again(postgresql_url: str) -> None:
    database = connect(with_options(postgresql_url, "-c statement_timeout=300ms"))
    with pytest.raises(DatabaseRefused, match="statement_timeout"):
        read(database, "select 1::bigint as v from pg_sleep(9)")
    with (
        pytest.raises(DatabaseRefused, match="statement_timeout"),
        database.reading() as connection,
    ):
        connection.execute(text("select pg_sleep(9)"))


LITTLE = "pragma max_page_count = 4"
FULL = "do $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$"


def test_a_server_without_room_says_so_and_is_not_asked_again(postgresql_url: str) -> None:
    """The server's own code for it, without filling a disk."""
    database = connect(postgresql_url)
    with pytest.raises(DatabaseRefused, match="free some space"), database.writing() as connection:
        connection.execute(text(FULL))
    with pytest.raises(DatabaseRefused, match="free some space"), database._cursor() as cursor:
        cursor.execute(FULL)


def test_a_file_that_cannot_grow_says_so_and_keeps_what_it_has(sqlite_url: str) -> None:
    database = connect(sqlite_url)
    execute(database, "create table t (v bigint)", "insert into t values (7)")
    event.listen(database.engine, "connect", lambda driver, _: driver.execute(LITTLE))
    with pytest.raises(DatabaseRefused, match="free some space"), database.appending() as append:
        append(TARGET, pa.record_batch({"v": list(range(10_000))}))
    assert [batch.to_pylist() for batch in read(database)] == [[{"v": 7}]]


def test_an_option_that_postgresql_does_not_know_is_refused_at_once(postgresql_url: str) -> None:
    url = make_url(postgresql_url).update_query_dict({"sslmod": "require"})
    with pytest.raises(SettingsError, match="sslmod") as raised:
        connect(url.render_as_string(hide_password=False))
    assert raised.value.exit_code == 2


def test_a_statement_that_fails_amid_the_rows_is_not_taken_for_a_lost_connection(
    postgresql_url: str,
) -> None:
    numbers = "select i, case when i < 5000 then '1' else 'connection' end as word"
    query = f"select word::bigint as v from ({numbers} from generate_series(1, 9000) i) n"
    with pytest.raises(DatabaseRefused, match='"connection"'):
        read(connect(postgresql_url), query)


def test_a_connection_that_was_lost_while_it_lay_idle_is_replaced(postgresql_url: str) -> None:
    """So a night whose database restarts can at least say so in its run."""
    database = connect(postgresql_url)
    execute(database, "create table t (v bigint)")
    write(database)
    others = "from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
    execute(database, f"select pg_terminate_backend(pid) {others}")
    write(database)
