"""A table becomes a monitor that passes its check, with every guess explained."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from nightflag.databases import connect
from nightflag.monitors import read

TABLE = ["init", "--database", "env:BANK_URL", "--table"]


def execute(url: str, *statements: str) -> None:
    engine = connect(url).engine
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", "\\:")))
    engine.dispose()


def test_the_monitor_passes_its_check(nightflag, any_bank: str, home: Path) -> None:
    said = nightflag(*TABLE, "payments")
    assert said.code == 0
    assert "nightflag check payments" in said.err
    monitor = read(home / "monitors" / "payments.yaml")
    assert monitor.source.database == "env:BANK_URL"
    assert (monitor.source.key, monitor.source.time) == (("payment_id",), "paid_at")
    assert monitor.source.label == "is_fraud"
    assert monitor.alarm.rate == 0.01
    checked = nightflag("check", "payments", "--as-of", "2026-01-20", "--json")
    findings = json.loads(checked.out)
    assert {finding["level"] for finding in findings} == {"ok"}
    assert checked.code == 0


def test_comments_explain_the_guesses(nightflag, bank: str, home: Path) -> None:
    nightflag(*TABLE, "payments")
    text = (home / "monitors" / "payments.yaml").read_text()
    assert "  # The primary key.\n  key: [payment_id]\n" in text
    assert "Also possible: booked_on." in text
    assert "#   amount: numeric\n#   fee: numeric\n#   shop: categorical\n" in text
    assert "#   message: left out, free text or an identifier: 600 different values" in text
    assert "#   currency: left out, every value is EUR" in text
    assert "value_set: [baker, butcher, grocer]" in text
    assert "is_fraud" not in text.partition("expectations:")[2]


def test_a_file_is_replaced_only_by_force(nightflag, bank: str, home: Path) -> None:
    path = home / "monitors" / "payments.yaml"
    path.write_text("mine")
    refused = nightflag(*TABLE, "payments")
    assert refused.code == 2
    assert "--force" in refused.err
    assert path.read_text() == "mine"
    assert nightflag(*TABLE, "payments", "--force").code == 0
    assert read(path).name == "payments"


def test_what_is_said_wins_over_what_is_guessed(nightflag, bank: str, home: Path) -> None:
    said = nightflag(
        *TABLE, "payments", "--name", "by_shop", "--key", "shop,payment_id", "--time", "booked_on",
        "--label", "currency",
    )  # fmt: skip
    assert said.code == 0
    source = read(home / "monitors" / "by_shop.yaml").source
    assert source.key == ("shop", "payment_id")
    assert (source.time, source.label) == ("booked_on", "currency")


def test_without_a_table_the_tables_are_listed(nightflag, any_bank: str, home: Path) -> None:
    execute(any_bank, "create table nightflag_runs (a integer)", "create table shops (a integer)")
    said = nightflag("init", "--database", "env:BANK_URL")
    assert (said.code, said.out) == (0, "payments\nshops\n")
    assert "--table payments" in said.err
    assert list((home / "monitors").iterdir()) == []


def test_a_key_that_cannot_be_guessed_names_the_candidates(nightflag, any_bank: str) -> None:
    execute(any_bank, "create view paid as select paid_at, message, shop from payments")
    said = nightflag(*TABLE, "paid")
    assert said.code == 2
    assert "these have no value twice: paid_at, message" in said.err
    assert "--key COLUMN" in said.err
    assert nightflag(*TABLE, "paid", "--key", "message").code == 0


def test_every_table_gets_a_monitor_but_those_that_cannot_be_guessed(
    nightflag, any_bank: str, home: Path
) -> None:
    execute(
        any_bank,
        "create table shops (city text)",
        "create table claims (claim_no integer, claimed_at timestamp, amount double precision,"
        " fraud_found integer, system_failure integer)",
        "insert into claims select payment_id, paid_at, amount,"
        " case when amount > 1000 then 1 else 0 end, 0 from payments",
    )
    said = nightflag("init", "--database", "env:BANK_URL", "--all")
    assert said.code == 2
    assert "shops: Source error" in said.err
    assert "nightflag check claims --as-of 2026-01-26" in said.err
    assert sorted(path.stem for path in (home / "monitors").iterdir()) == ["claims", "payments"]
    text = (home / "monitors" / "claims.yaml").read_text()
    assert "no value is missing or twice.\n  key: [claim_no]\n" in text
    assert "Also possible: system_failure." in text
    assert read(home / "monitors" / "claims.yaml").source.label == "fraud_found"
    alone = nightflag("init", "--database", "env:BANK_URL", "--all", "--key", "city")
    assert (alone.code, "--all was given" in alone.err) == (2, True)


def test_a_time_that_cannot_be_guessed_names_the_columns(nightflag, any_bank: str) -> None:
    execute(any_bank, "create table shops (id integer primary key, city text)")
    said = nightflag(*TABLE, "shops")
    assert said.code == 2
    assert "--time COLUMN, out of id, city" in said.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["payment"], "There is no table or view 'payment'"),
        (["payments", "--key", "payment"], "Did you mean 'payment_id'?"),
        (["payments", "--name", "Pay ments"], "monitor cannot be written"),
    ],
)
def test_a_slip_is_named(nightflag, bank: str, home: Path, words: list[str], named: str) -> None:
    said = nightflag(*TABLE, *words)
    assert said.code == 2
    assert named in said.err
    assert list((home / "monitors").iterdir()) == []


def test_a_password_never_gets_into_a_file(nightflag, postgresql_url: str, home: Path) -> None:
    execute(postgresql_url, "create table shops (id integer primary key, opened_at timestamp)")
    url = make_url(postgresql_url).set(password="se3ret").render_as_string(hide_password=False)
    said = nightflag("init", "--database", url, "--table", "shops")
    assert said.code == 2
    assert "environment variable" in said.err
    assert "se3ret" not in said.err
    assert list((home / "monitors").iterdir()) == []


def test_hostile_names_and_values_stay_text(nightflag, any_bank: str, home: Path) -> None:
    execute(
        any_bank,
        'create table "Tab ""le" ("on" integer primary key, "a: b # c" varchar(60), "d%e:f" date,'
        " read_at timestamp)",
        """insert into "Tab ""le" values (1, 'x
monitor: evil', '2026-01-01', '2026-01-01 00:00:00')""",
    )
    assert nightflag(*TABLE, 'Tab "le').code == 0
    monitor = read(home / "monitors" / "tab_le.yaml")
    assert monitor.source.table == 'Tab "le'
    assert (monitor.source.key, monitor.source.time) == (("on",), "read_at")
