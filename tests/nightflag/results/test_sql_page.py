"""The page of SQL says what is there, and each of its queries gives what it promises."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.engine.reflection import ObjectKind

from tests.nightflag.results.conftest import FIRST_NIGHT

PAGE = (Path(__file__).parents[3] / "docs" / "sql.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^### ([^\n]+)\n(?:(?!^#).)*?```sql\n(.*?)```", re.MULTILINE | re.DOTALL)
QUERIES = dict(BLOCK.findall(PAGE))
DESCRIBED = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
OF_SOURCE = ["payment_id", "at", "amount", "note", "channel", "is_fraud"]
FOR_OPERATORS = {"nightflag_runs", "nightflag_watermarks", "nightflag_locks", "nightflag_schema"}
NIGHTS = 8
BOUGHT = (
    "(:id + 1, :at, 5, 'a', 'card', false), (:id + 2, :at, 6, 'b', 'cash', false),"
    "(:id + 3, :at, 900, 'c', 'card', true), (:id + 4, :at, null, 'd', 'cash', false)"
)
FALSE_ALARM = "(:id + 5, :at, 500, 'e', 'cash', false)"


@pytest.fixture
def bank(database_url: str, open_shop: Any) -> Any:
    """Eight nights: each flags a fraud by card, the first two a payment in cash as well."""
    made = open_shop(database_url, monitor="payments", table="payments", key=("payment_id",))
    made.sql(
        "create table payments (payment_id integer, at timestamp, amount double precision,"
        " note text, channel text, is_fraud boolean)"
    )
    for night in range(NIGHTS):
        noon = (FIRST_NIGHT + timedelta(days=night, hours=-12)).replace(tzinfo=None)
        rows = BOUGHT if night > 1 else f"{BOUGHT}, {FALSE_ALARM}"
        made.sql(
            f"insert into payments values {rows}".replace(":at", f"'{noon}'").replace(
                ":id", str(night * 10)
            )
        )
        made.night(FIRST_NIGHT + timedelta(days=night))
    return made


def asked(bank: Any, heading: str) -> list[Any]:
    with bank.workplace.results.reading() as connection:
        return list(connection.execute(text(QUERIES[heading])).mappings())


def test_flags_of_last_night(bank: Any) -> None:
    (flag,) = asked(bank, "Flags of last night")
    assert (flag["payment_id"], flag["run_id"]) == (73, 8)
    assert flag["reasons"].startswith("amount")


def test_flags_with_their_records(bank: Any) -> None:
    found = [(row["payment_id"], row["amount"]) for row in asked(bank, "Flags with their records")]
    frauds = [(night * 10 + 3, 900) for night in range(NIGHTS)]
    assert sorted(found[:NIGHTS]) == frauds, "the smallest p-values come first"
    assert sorted(found[NIGHTS:]) == [(5, 500), (15, 500)]


def test_flags_that_repeat(bank: Any) -> None:
    bank.sql("update payments set channel = 'wire' where payment_id = 15")
    assert [tuple(row.values()) for row in asked(bank, "Flags that repeat")] == [
        ("card", "amount", 8, 8)
    ], "one flag in cash and one by wire repeat nothing"


def test_flags_by_segment(bank: Any) -> None:
    card, cash = asked(bank, "Flags by segment")
    assert tuple(card.values()) == ("card", 16, 8, pytest.approx(0.5))
    assert tuple(cash.values())[:3] == ("cash", 10, 2)
    assert float(cash["share"]) == pytest.approx(0.2)


def test_share_of_flags_by_segment_from_views_alone(bank: Any) -> None:
    found = asked(bank, "Share of flags by segment, from views alone")
    assert [tuple(row.values()) for row in found] == [("card", 16, 8), ("cash", 10, 2)]


def test_drift_of_the_alarm_rate(bank: Any) -> None:
    found = asked(bank, "Drift of the alarm rate")
    counts = [(row["records_scored"], row["records_flagged"]) for row in found]
    assert counts == [(4, 2)] * 2 + [(3, 1)] * 6
    assert [float(row["flagged_share"]) for row in found] == pytest.approx([0.5] * 2 + [1 / 3] * 6)
    assert [row["times_the_promise"] for row in found] == pytest.approx([50] * 2 + [100 / 3] * 6)


def test_precision_by_week(bank: Any) -> None:
    first, second = asked(bank, "Precision by week")
    assert (first["flags"], first["true_flags"], second["flags"], second["true_flags"]) == (
        9,
        7,
        1,
        1,
    )
    assert float(first["share_true"]) == pytest.approx(7 / 9)
    assert [str(week["first_night"])[:10] for week in (first, second)] == [
        "2024-05-02",
        "2024-05-09",
    ]


def test_in_the_shadow_night_by_night(bank: Any) -> None:
    with bank.workplace.results.writing() as connection:
        connection.execute(
            text(
                "insert into payments_shadow select payment_id, score,"
                " case when payment_id in (63, 72) then 0.001 else 1 end, 2, run_id"
                " from payments_scores where run_id >= 7"
            )
        )
    found = [tuple(row.values())[2:] for row in asked(bank, "In the shadow, night by night")]
    assert found == [(2, 3, 1, 1, 1), (2, 3, 1, 1, 0)]


def test_precision_by_verdicts(bank: Any) -> None:
    with bank.workplace.results.writing() as connection:
        connection.execute(
            text(
                "insert into nightflag_verdicts (monitor, key, verdict) values"
                " ('payments', '3', 'anomaly'), ('payments', '13', 'anomaly'),"
                " ('payments', '5', 'normal'), ('payments', '1', 'normal')"
            )
        )
    (found,) = asked(bank, "Precision by verdicts")
    assert (found["monitor"], found["judged"], found["true_flags"]) == ("payments", 3, 2)
    assert float(found["share_true"]) == pytest.approx(2 / 3)


def test_rules_that_send_records_to_quarantine(bank: Any) -> None:
    (rule,) = asked(bank, "Rules that send records to quarantine")
    assert (rule["rule"], rule["column_name"], rule["records"]) == ("amount_is_known", "amount", 8)


def test_every_query_of_the_page_is_asked_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert QUERIES
    assert [heading for heading in QUERIES if f'(bank, "{heading}")' not in here] == []


def test_the_page_describes_every_table_and_view_and_all_their_columns(bank: Any) -> None:
    schema = bank.workplace.tables.scores.schema
    with bank.workplace.results.reading() as connection:
        found = inspect(connection).get_multi_columns(schema, kind=ObjectKind.ANY)
    there = {
        name: [column["name"] for column in columns]
        for (_, name), columns in found.items()
        if "_staged_" not in name and name not in {*FOR_OPERATORS, "payments"}
    }
    described = {
        name: re.findall(r"^\| `(\w+)` \|", words, re.MULTILINE)
        + (OF_SOURCE if "the source's own columns" in words else [])
        for name, words in DESCRIBED.items()
    }
    assert described == there
