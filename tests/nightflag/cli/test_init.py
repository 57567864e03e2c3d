"""A table becomes a monitor that passes its check, with every guess explained."""

import json
from datetime import datetime, timedelta
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import make_url, text

from nightflag.databases import connect
from nightflag.monitors import Sequence, read

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


def test_columns_that_identify_a_record_together_are_a_key(
    nightflag, any_bank: str, home: Path
) -> None:
    execute(
        any_bank,
        "create view sums as select a.payment_id / 4 as order_no, a.payment_id % 4 as line_no,"
        " b.paid_at, a.amount from payments a join payments b"
        " on b.payment_id = a.payment_id / 4 * 4",
        "create view tills as select a.payment_id / 6 as day_no, a.payment_id / 2 % 3 as till,"
        " a.payment_id % 2 as shift, b.booked_on, a.amount from payments a join payments b"
        " on b.payment_id = a.payment_id / 6 * 6",
    )
    for table in ("sums", "tills"):
        assert nightflag(*TABLE, table).code == 0
    path = home / "monitors" / "sums.yaml"
    assert read(path).source.key == ("order_no", "line_no")
    assert (
        "these together do: none is missing, and no combination stands twice." in path.read_text()
    )
    assert nightflag("check", "sums", "--as-of", "2026-01-20").code == 0
    assert read(home / "monitors" / "tills.yaml").source.key == ("day_no", "till", "shift")


def test_a_combination_that_stands_twice_beyond_the_sample_is_no_key(
    nightflag, bank: str, home: Path
) -> None:
    execute(
        bank,
        "create table steps (at text, machine text, heat real)",
        "with recursive numbers (n) as"
        " (select 0 union all select n + 1 from numbers where n < 10000)"
        " insert into steps select datetime('2026-01-01', (n / 2) || ' minutes'),"
        " case n % 2 when 0 then 'saw' else 'press' end, n % 9 from numbers",
        "insert into steps select at, machine, 0 from steps limit 1",
    )
    said = nightflag(*TABLE, "steps")
    assert (said.code, "the columns are at, machine, heat" in said.err) == (2, True)
    execute(bank, "delete from steps where rowid = (select max(rowid) from steps)")
    assert nightflag(*TABLE, "steps").code == 0
    assert read(home / "monitors" / "steps.yaml").source.key == ("at", "machine")


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


def test_a_column_called_attack_is_a_label_whatever_it_holds(nightflag, bank: str, home) -> None:
    execute(
        bank,
        "create table connections (id integer primary key, seen_at text, sent real, attack text)",
        "insert into connections select payment_id, paid_at, amount,"
        " case when amount > 1000 then 'neptune' else 'normal' end from payments",
    )
    assert nightflag(*TABLE, "connections").code == 0
    assert read(home / "monitors" / "connections.yaml").source.label == "attack"


def test_a_time_that_cannot_be_guessed_names_the_columns(nightflag, any_bank: str) -> None:
    execute(any_bank, "create table shops (id integer primary key, city text)")
    said = nightflag(*TABLE, "shops")
    assert said.code == 2
    assert "--time COLUMN, out of id, city" in said.err
    assert "nightflag load FILE --table NAME --clock COLUMN" in said.err


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


@pytest.mark.parametrize(
    "grocer",
    [
        pytest.param("payment_id * payment_id % 61 < 6", id="its rare value comes irregularly"),
        pytest.param("payment_id > 300", id="one value comes after the other"),
    ],
)
def test_not_every_column_of_few_values_names_an_entity(
    nightflag, bank: str, home: Path, grocer: str
) -> None:
    execute(bank, f"update payments set shop = case when {grocer} then 'grocer' else 'baker' end")
    assert nightflag(*TABLE, "payments").code == 0
    assert read(home / "monitors" / "payments.yaml").sequence is None


def write_readings(url: str, minutes: list[int]) -> None:
    """Two machines, a reading of each so many minutes after the first."""
    start = datetime(2026, 1, 1)
    rows = (
        f"({number}, '{name}', '{start + timedelta(minutes=minute)}', {number % 7})"
        for number, (minute, name) in enumerate(product(minutes, ("press", "saw")))
    )
    columns = "reading_id integer primary key, machine text, read_at timestamp, heat real"
    execute(
        url,
        f"create table readings ({columns})",
        f"insert into readings values {', '.join(rows)}",
    )


def test_regular_readings_of_many_entities_are_seen_with_their_past(
    nightflag, any_bank: str, home: Path
) -> None:
    write_readings(any_bank, list(range(0, 1200, 10)))
    assert nightflag(*TABLE, "readings").code == 0
    path = home / "monitors" / "readings.yaml"
    assert read(path).sequence == Sequence(entity=("machine",))
    why = "# machine has 2 different values, about 120 records each, at regular times"
    assert why in path.read_text()


def test_irregular_records_are_seen_alone(nightflag, bank: str, home: Path) -> None:
    write_readings(bank, [number**3 for number in range(120)])
    assert nightflag(*TABLE, "readings").code == 0
    assert read(home / "monitors" / "readings.yaml").sequence is None


HOUR, DAY = 60, 24 * 60


@pytest.mark.parametrize(
    ("minutes", "first_window"),
    [
        pytest.param(range(-60 * DAY, 0, HOUR), timedelta(days=1), id="many a day"),
        pytest.param(range(-120 * DAY, 0, DAY), timedelta(days=30), id="few a day"),
        pytest.param(range(-120 * 30 * DAY, 0, 30 * DAY), timedelta(days=900), id="monthly"),
        pytest.param(range(-15 * HOUR, -11 * HOUR, 2), timedelta(hours=12), id="all on a forenoon"),
        pytest.param([-1, 5000 * DAY], timedelta(days=1), id="one of them in the future"),
    ],
)
def test_the_first_night_scores_some_records_and_leaves_most_to_train_on(
    nightflag, any_bank: str, home: Path, minutes: list[int], first_window: timedelta
) -> None:
    write_readings(any_bank, minutes)
    assert nightflag(*TABLE, "readings").code == 0
    proposed = read(home / "monitors" / "readings.yaml").source.first_window
    assert abs(proposed - first_window) <= first_window / 50


def png(mode: str, number: int) -> bytes:
    """An image of one colour, each number another."""
    file = BytesIO()
    Image.new(mode, (24, 16), f"rgb(200, {number}, 20)").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_images_are_said_with_their_size_and_colours(
    nightflag, any_bank: str, home: Path, mode: str
) -> None:
    is_sqlite = make_url(any_bank).get_backend_name() == "sqlite"
    kind, literal = ("blob", "x'{}'") if is_sqlite else ("bytea", "'\\x{}'")
    rows = ", ".join(
        f"({number}, '2026-01-01 00:0{number}:00', {literal.format(png(mode, number).hex())})"
        for number in range(3)
    )
    execute(
        any_bank,
        f"create table scans (scan_id integer primary key, taken_at timestamp, scan {kind})",
        f"insert into scans values {rows}",
    )
    assert nightflag(*TABLE, "scans").code == 0
    path = home / "monitors" / "scans.yaml"
    image = read(path).features.image
    assert (image.height, image.width, image.colour) == (16, 24, mode == "RGB")
    assert "# scan holds images: 3 of 3 opened; 16 x 24 pixels" in path.read_text()
