"""A file becomes a table: its types kept, all of it or nothing, on both databases."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from sqlalchemy import inspect, text

from nightflag.databases import connect

TEXT = """day;paid at;zip;amount;count;open;number;seen;remark
2026-01-01;2026-01-01 10:00:00;01234;1.5;1;true;12345678901234567890;2026-01-01T10:00:00+02:00;"a
b;c"
2026-01-02;2026-01-02 10:00;99999;NaN;;False;2;2026-01-01T10:00:00Z;NA
"""


@pytest.fixture
def place(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NIGHTFLAG_DATABASE_URL", database_url)
    return database_url


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    database = connect(url)
    with database.reading() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    database.close()
    return found


def types(url: str, table: str) -> dict[str, str]:
    database = connect(url)
    with database.reading() as connection:
        found = inspect(connection).get_columns(table)
    database.close()
    return {column["name"]: str(column["type"]) for column in found}


def test_the_types_of_a_csv_fit_all_of_its_values(nightflag, place: str, tmp_path: Path) -> None:
    file = tmp_path / "payments.csv.gz"
    file.write_bytes(gzip.compress(TEXT.encode()))
    said = nightflag("load", str(file), "--table", "payments", "--key", "zip")
    assert (said.code, said.out) == (0, "")
    assert "2 records are loaded into payments: 9 columns (3 text, 1 date" in said.err
    found = types(place, "payments")
    assert {name: found[name] for name in ("day", "zip", "count", "open", "number")} == {
        "day": "DATE", "zip": "TEXT", "count": "BIGINT", "open": "BOOLEAN", "number": "TEXT",
    }  # fmt: skip
    assert found["paid at"].startswith(("TIMESTAMP", "DATETIME"))
    assert rows(place, "select zip, amount, count, remark from payments order by zip") == [
        ("01234", 1.5, 1, "a\nb;c"),
        ("99999", None, None, "NA"),
    ]


def test_parquet_keeps_its_types(nightflag, place: str, tmp_path: Path) -> None:
    file = tmp_path / "payments.parquet"
    columns = {
        "id": pa.array([1, 2], pa.uint16()),
        "day": pa.array([date(2026, 1, 1), None]),
        "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("ns", "Europe/Berlin")),
        "shop": pa.array(["01", "01"]).dictionary_encode(),
        "picture": pa.array([b"\x00", None]),
    }
    parquet.write_table(pa.table(columns), file)
    assert nightflag("load", str(file), "--table", "payments").code == 0
    assert types(place, "payments")["id"] == "BIGINT"
    assert rows(place, "select id, shop from payments order by id") == [(1, "01"), (2, "01")]
    pictures = [row[0] for row in rows(place, "select picture from payments order by id")]
    assert [value and bytes(value) for value in pictures] == [b"\x00", None]


def test_a_table_that_is_there_is_only_touched_on_request(
    nightflag, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "shops.csv"
    load = ("load", str(file), "--table", "shops")
    file.write_text("id,city\n1,Bonn\n")
    assert nightflag(*load, "--key", "id").code == 0
    again = nightflag(*load)
    assert again.code == 2
    assert "--append" in again.err
    file.write_text("city,id\nKöln,2\nUlm,1\n")
    refused = nightflag(*load, "--append")
    assert refused.code == 1
    assert "Nothing was loaded." in refused.err
    assert rows(place, "select * from shops") == [(1, "Bonn")]
    file.write_text("city,id\nKöln,2\n")
    assert nightflag(*load, "--append", "--quiet").err == ""
    assert rows(place, "select * from shops order by id") == [(1, "Bonn"), (2, "Köln")]
    file.write_text("city,id\nKöln,x\n")
    assert "Nothing was loaded. Column 'id' holds a value" in nightflag(*load, "--append").err
    file.write_text("city,street\nKöln,x\n")
    assert "has no column 'street'" in nightflag(*load, "--append").err
    assert nightflag(*load, "--replace").code == 0
    assert rows(place, "select * from shops") == [("Köln", "x")]


def test_a_load_that_fails_leaves_the_old_table_and_no_new_one(
    nightflag, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "shops.csv"
    file.write_text("id,city\n1,Bonn\n1,Ulm\n")
    for name in ("shops", "shops"):
        assert nightflag("load", str(file), "--table", name, "--key", "id").code == 1
    assert nightflag("load", str(file), "--table", "shops").code == 0
    said = nightflag("load", str(file), "--table", "shops", "--key", "id", "--replace")
    assert said.code == 1
    assert "--number NAME" in said.err
    assert len(rows(place, "select * from shops")) == 2


def test_a_file_without_headings_key_and_time_gets_them(
    nightflag, place: str, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "readings.csv"
    file.write_text("".join(f"{value},x\n" for value in range(300)))
    made = ("--no-header", "--number", "line", "--clock", "read_at", "--every", "1 hour")
    assert nightflag("load", str(file), "--table", "readings", *made).code == 0
    found = rows(place, "select line, read_at, column_1 from readings order by line")
    assert [row[0] for row in found] == list(range(1, 301))
    times = [datetime.fromisoformat(str(row[1])) for row in found]
    midnight = datetime.combine(datetime.now(UTC).date(), datetime.min.time())
    assert times[-1] == midnight - timedelta(hours=1)
    assert times[0] == midnight - timedelta(hours=300)
    assert nightflag("init", "--table", "readings").code == 0
    assert nightflag("check", "readings").code == 0
    again = ("--until", "2026-01-31", "--replace", *made)
    assert nightflag("load", str(file), "--table", "readings", *again).code == 0
    [[latest]] = rows(place, "select max(read_at) from readings")
    assert datetime.fromisoformat(str(latest)) == datetime(2026, 1, 30, 23)


@pytest.mark.parametrize(
    ("content", "words", "named"),
    [
        (None, (), "There is no file"),
        ("", (), "Empty CSV"),
        ("a,b\n1,2\n3\n", (), "Expected 2 columns"),
        ("a,a\n1,2\n", (), "more than one column named 'a'"),
        (b"a\n\xe4\n", (), "--encoding latin-1"),
        ("a\n1\n", ("--encoding", "klingon"), "unknown encoding"),
        ("a\n1\n", ("--key", "b"), "no column 'b' to be the key"),
        ("a\n1\n", ("--number", "a"), "has a column 'a' already"),
        ("a\n1\n", ("--append", "--replace"), "both given"),
        ("a\n1\n", ("--every", "soon", "--clock", "t"), "duration"),
    ],
)
def test_a_slip_is_named(
    nightflag, home: Path, sqlite_url: str, tmp_path: Path, content: Any, words: Any, named: str
) -> None:
    file = tmp_path / "file.csv"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = nightflag("load", str(file), "--table", "t", "--database", sqlite_url, *words)
    assert (said.code, said.out) == (2, "")
    assert named in said.err


def test_a_name_of_its_own_is_refused(nightflag, home: Path, sqlite_url, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("a\n1\n")
    said = nightflag("load", str(file), "--table", "nightflag_runs", "--database", sqlite_url)
    assert (said.code, "keeps for itself" in said.err) == (2, True)
