"""A check says how PostgreSQL would read the records of a night, before it has to."""

import json
from collections.abc import Callable

import pytest

from nightflag.checking import night as checking
from tests.nightflag.cli.conftest import open_bank
from tests.nightflag.cli.test_check import execute

NIGHT = ["--as-of", "2026-01-20", "--json"]
LONG_AGO = """
insert into payments (payment_id, paid_at, amount, shop, is_fraud)
select 10000 + n, timestamp '2025-01-01' + n * interval '1 minute', 1, 'x', false
from generate_series(1, 20000) n
"""
Told = Callable[..., dict[str, str]]


@pytest.fixture
def plan(nightflag, watch, home, postgresql_url, monkeypatch) -> Told:
    """What is found about the plan for 48 of 20,000 records, once these statements were made."""

    def told(*statements: str) -> dict[str, str]:
        open_bank(postgresql_url)
        execute(postgresql_url, LONG_AGO, *statements, "analyze")
        monkeypatch.setenv("BANK_URL", postgresql_url)
        watch()
        found = json.loads(nightflag("check", *NIGHT).out)
        [one] = [finding for finding in found if finding["about"] == "plan"]
        return one

    return told


def test_it_names_the_index_by_which_they_are_found(plan: Told) -> None:
    told = plan("create index payments_by_time on payments (paid_at)")
    assert told["level"] == "ok"
    assert told["text"].endswith("by index payments_by_time")


def test_it_warns_where_a_large_table_is_searched_for_few_of_them(
    plan: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "LONG_SEARCH", 500_000)
    told = plan()
    assert told["level"] == "warning"
    assert "by no index: it searches all 1." in told["text"]
    assert "MB of payments" in told["text"]
    assert told["mend"].startswith("an index on paid_at ")


def test_a_small_table_may_be_searched(plan: Told) -> None:
    assert plan()["level"] == "ok"
