"""A check finds what a night would stumble over, says what it would do, and writes nothing."""

import json
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from nightflag.databases import connect

NIGHT = ["--as-of", "2026-01-20", "--json"]
NOT_NULL = "expectations: [{expect_column_values_to_not_be_null: {column: %s}}]\n"

TREATED = "results: {treatment_views: true}\n"


def execute(url: str, *statements: str) -> None:
    engine = connect(url).engine
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def texts(out: str, level: str) -> str:
    return "\n".join(one["text"] for one in json.loads(out) if one["level"] == level)


def test_it_says_what_the_first_night_would_do(nightflag, watch, any_bank: str) -> None:
    watch()
    said = nightflag("check", *NIGHT)
    assert said.code == 0
    assert texts(said.out, "problem") + texts(said.out, "warning") == ""
    fine = texts(said.out, "ok")
    assert "48 records from 2026-01-18 00:00 UTC to 2026-01-20 00:00 UTC" in fine
    assert "would be trained first (no champion yet), on 408 of 408 records" in fine
    assert "102 of them held out" in fine
    assert "smallest p-value by rank is 0.0097, the alarm rate 0.05" in fine
    assert "would create nightflag_runs," in fine
    assert "payments_scores" in fine


def test_it_says_how_the_source_can_still_be_altered(nightflag, watch, any_bank: str) -> None:
    watch(more=TREATED)
    before = texts(nightflag("check", *NIGHT).out, "ok")
    drop = before.partition("altered or dropped, ")[2].partition("; the next night")[0]
    assert drop.startswith("drop view ")
    assert nightflag("run", "payments", "--as-of", "2026-01-20", "--quiet").code == 0
    execute(any_bank, *drop.split("; "))
    execute(any_bank, "alter table payments drop column message")
    assert nightflag("run", "payments", "--as-of", "2026-01-21", "--quiet").code == 0
    execute(any_bank, *drop.split("; "))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("", "the monitor does not ask for them"),
        (
            "results: {database: env:FLAGS_URL, treatment_views: true}\n",
            "source and results are in two databases",
        ),
    ],
)
def test_it_says_why_the_source_is_not_treated(
    nightflag, watch, any_bank: str, more: str, why: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("FLAGS_URL", f"sqlite:///{tmp_path / 'flags.db'}")
    watch(more=more)
    found = texts(nightflag("check", *NIGHT).out, "ok")
    assert f"would make no payments_clean, payments_corrected, payments_nulled: {why}" in found


def test_it_warns_of_a_table_with_the_name_of_a_view(nightflag, watch, bank: str) -> None:
    execute(bank, "create table payments_clean (mine text)")
    watch(more=TREATED)
    said = nightflag("check", *NIGHT)
    assert (said.code, texts(said.out, "warning")) == (
        0,
        "payments_clean is yours, so none is made for you.",
    )


def test_it_writes_nothing(nightflag, watch, bank: str, home: Path, tmp_path: Path) -> None:
    watch()
    before = contents(tmp_path)
    assert nightflag("check", *NIGHT).code == 0
    assert contents(tmp_path) == before


def test_it_creates_nothing_in_postgresql(nightflag, watch, home, postgresql_url, monkeypatch):
    execute(postgresql_url, "create table payments (payment_id int primary key, paid_at timestamp)")
    monkeypatch.setenv("BANK_URL", postgresql_url)
    watch(label="")
    everything = "select relname, relnamespace from pg_class order by oid"
    with psycopg.connect(postgresql_url) as connection:
        before = connection.execute(everything).fetchall()
    nightflag("check", *NIGHT)
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute(everything).fetchall() == before


@pytest.mark.parametrize(
    ("more", "other", "problem"),
    [
        ("", {"table": "payment"}, "The source 'payment' cannot be read"),
        ("", {"key": "payment"}, "has no column 'payment'. Did you mean 'payment_id'?"),
        ("", {"time": "amount"}, "The time column 'amount' "),
        ("", {"training": "{at_least: 500}"}, "on 408 of 408 records"),
        ("", {"detector": "{settings: {cosine: 3}}"}, "The auto has no setting 'cosine'"),
        ("", {"key": "shop"}, "3 keys stand more than once in the window"),
        ("features: {kinds: {amuont: numeric}}\n", {}, "name 'amuont', which the source"),
        ("sequence: {entity: shopp}\n", {}, "has no column 'shopp' for the entity"),
        ("expectations: [{expect_x: {}}]\n", {}, "no expectation called 'expect_x'"),
        (NOT_NULL % "amuont", {}, "'amuont'"),
        ("", {"alarm": "{rat: 0.05}"}, "unknown key; did you mean rate?"),
    ],
    ids=[
        "table", "key", "time", "too few records", "detector", "repeated key", "feature", "entity",
        "expectation", "column of an expectation", "monitor file",
    ],
)  # fmt: skip
def test_a_problem_is_named(nightflag, watch, bank: str, more, other, problem: str) -> None:
    watch(more=more, **other)
    said = nightflag("check", "payments", *NIGHT)
    assert said.code == 2
    assert problem in texts(said.out, "problem")


@pytest.mark.parametrize(
    ("other", "as_of", "warning"),
    [
        ({"alarm": "{rate: 0.001}"}, "2026-01-20", "alarm rate 0.001: it would be extrapolated"),
        ({}, "2026-03-01", "0 records from 2026-02-27 00:00 UTC"),
        ({"key": "[payment_id, fee]"}, "2026-01-20", "16 records have NULL in their key"),
        ({"time": "booked_on"}, "2026-01-20", "1 records have no readable event time"),
    ],
    ids=["alarm rate", "empty window", "null key", "no event time"],
)
def test_a_warning_does_not_stop_a_night(
    nightflag, watch, bank: str, other, as_of: str, warning: str
) -> None:
    execute(bank, "update payments set booked_on = 'soon' where payment_id = 500")
    watch(**other)
    said = nightflag("check", "payments", "--as-of", as_of, "--json")
    assert said.code == 0
    assert warning in texts(said.out, "warning")


def test_a_failing_table_expectation_stops_the_night_it_is_critical_for(
    nightflag, watch, bank: str
) -> None:
    rule = "expectations: [{expect_table_row_count_to_be_between: {min_value: 1000%s}}]\n"
    watch(more=rule % "")
    assert "observed 4" in texts(nightflag("check", *NIGHT).out, "problem")
    watch(more=rule % ", severity: warning")
    assert "observed 4" in texts(nightflag("check", *NIGHT).out, "warning")


def test_a_file_that_is_not_there_is_not_made(
    nightflag, watch, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_URL", f"sqlite:///{tmp_path / 'bnak.db'}")
    watch()
    said = nightflag("check", *NIGHT)
    assert said.code == 2
    assert "There is no SQLite file" in texts(said.out, "problem")
    assert not (tmp_path / "bnak.db").exists()


def test_folders_and_files_that_cannot_be_written_to_are_problems(
    nightflag, watch, bank: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "models").write_text("in the way")
    monkeypatch.setenv("FLAGS_URL", f"sqlite:///{tmp_path / 'nowhere' / 'flags.db'}")
    watch(more="results: {database: env:FLAGS_URL}\n")
    problems = texts(nightflag("check", *NIGHT).out, "problem")
    assert f"{home / 'models'} cannot be written to" in problems
    assert "The results cannot be written to" in problems


def test_a_login_that_may_only_read_is_told_what_to_ask_for(
    nightflag, watch, home: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        postgresql_url,
        "create table payments (payment_id int primary key, paid_at timestamp, is_fraud bool)",
        "drop role if exists reader",
        "create role reader login",
        "grant select on payments to reader",
    )
    as_reader = make_url(postgresql_url).set(username="reader")
    monkeypatch.setenv("BANK_URL", as_reader.render_as_string(hide_password=False))
    watch()
    (finding,) = [one for one in json.loads(nightflag("check", *NIGHT).out) if one["mend"]]
    assert finding["text"] == "reader may not create tables in schema nightflag."
    assert "GRANT CREATE ON DATABASE" in finding["mend"]
    execute(postgresql_url, "create schema nightflag")
    assert "GRANT USAGE, CREATE ON SCHEMA nightflag" in nightflag("check", *NIGHT).out
    execute(postgresql_url, "grant usage, create on schema nightflag to reader")
    assert "may create tables in schema nightflag" in nightflag("check", *NIGHT).out
    execute(
        postgresql_url,
        "create table nightflag.nightflag_schema (version_num text)",
        "create table nightflag.nightflag_runs (a int)",
        "grant select, insert on nightflag.nightflag_runs to reader",
    )
    assert "The login lacks UPDATE, DELETE on" in nightflag("check", *NIGHT).out
    execute(postgresql_url, "drop owned by reader", "drop role reader")


def test_one_bad_file_does_not_hide_the_others(nightflag, watch, bank: str, home: Path) -> None:
    watch()
    (home / "monitors" / "other.yaml").write_text("monitor: 3\n")
    said = nightflag("check", *NIGHT)
    assert said.code == 2
    assert {one["monitor"] for one in json.loads(said.out)} == {"payments", "other.yaml"}


def test_for_people_there_is_a_table_of_each_monitor(nightflag, watch, bank: str) -> None:
    watch()
    said = nightflag("check", "payments", "--as-of", "2026-01-20")
    assert "payments, 2026-01-20 00:00 UTC" in said.out
    assert "│ ok │ window" in said.out


@pytest.mark.parametrize(
    ("detector", "more", "found"),
    [
        ("convolutional", "", "plain records"),
        ("convolutional", "sequence: {length: 1}\n", "plain records"),
        ("log_energy", "sequence: {entity: shop}\n", "sequences"),
        ("autoencoder", "features: {image: {height: 16, width: 16}}\n", "images"),
        ("density", "features: {kinds: {message: image}}\n", "images"),
    ],
)
def test_it_names_a_detector_that_does_not_take_such_records(
    nightflag, watch, bank: str, detector: str, more: str, found: str
) -> None:
    watch(detector=f"{{name: {detector}}}", more=more)
    said = nightflag("check", *NIGHT)
    assert said.code == 2
    assert f"The {detector} takes " in texts(said.out, "problem")
    assert f"the monitor's features are {found}" in texts(said.out, "problem")
    [mend] = [one["mend"] for one in json.loads(said.out) if one["level"] == "problem"]
    assert "one of auto" in mend


@pytest.mark.parametrize(
    ("detector", "more"),
    [
        ("recurrent", "sequence: {entity: shop}\n"),
        ("auto", "sequence: {length: 1}\n"),
        ("log_energy", ""),
    ],
)
def test_a_detector_that_may_take_such_records_is_fine(
    nightflag, watch, bank: str, detector: str, more: str
) -> None:
    watch(detector=f"{{name: {detector}}}", more=more)
    said = nightflag("check", *NIGHT)
    assert f"{detector}, its settings are fine, and it takes" in texts(said.out, "ok")
