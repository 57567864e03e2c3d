"""Nights that are unlike the training say so, and call for another model when that lasts."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import text

from nightflag import failpoints, nights
from nightflag.cli.results import at_work_on
from nightflag.windows import as_utc

Night = Callable[[str], None]
NIGHTS = ("2026-01-15", "2026-01-20", "2026-01-25")
DEARER = "update payments set amount = amount + 20 where paid_at >= '2026-01-10'"


def change(statement: str) -> None:
    with at_work_on("payments") as workplace, workplace.source.writing() as connection:
        connection.execute(text(statement))


def reason(day: str) -> str | None:
    moment = as_utc(datetime.fromisoformat(day))
    with at_work_on("payments") as workplace:
        return nights.reason_to_train(workplace, nights.open_night(workplace, moment), "when due")


@pytest.fixture
def trained(watch: Callable[..., None], any_bank: str, night: Night) -> None:
    """A model, and a night of 48 records, too few to be measured."""
    watch(training="{at_least: 100, every: 60 days}")
    night("2026-01-10")


def test_a_stable_night_is_measured_in_every_column_and_drifts_in_none(
    nightflag, night: Night, trained: None
) -> None:
    before = nightflag("drift", "payments")
    assert "No night of payments was measured yet" in before.err
    night(NIGHTS[0])
    assert json.loads(nightflag("drift", "payments", "--json").out) == []
    assert "Something drifted in 0 of 1 nights." in nightflag("drift", "payments").err
    rows = json.loads(nightflag("drift", "payments", "--all", "--json").out)
    assert {row["feature"] for row in rows} >= {"amount", "fee", "shop", "(scores)"}
    assert {(row["records"], row["drifted"], row["why"]) for row in rows} == {(120, False, None)}
    [fee] = [row for row in rows if row["feature"] == "fee"]
    assert fee["missing"] == pytest.approx(1 / 3)


def test_prices_that_rose_are_named_and_train_a_model_after_three_nights(
    nightflag, watch: Callable[..., None], night: Night, trained: None
) -> None:
    change(DEARER)
    for day in NIGHTS:
        assert reason(day) is None
        night(day)
    said = nightflag("drift", "payments")
    assert "Something drifted in 3 of 3 nights." in said.err
    rows = json.loads(nightflag("drift", "payments", "--json").out)
    assert [row["as_of"][:10] for row in rows if row["feature"] == "amount"] == [*NIGHTS[::-1]]
    assert {row["feature"] for row in rows} == {"amount", "(scores)"}
    why = str(reason("2026-01-26"))
    assert why.startswith("drifted 3 nights in a row: ")
    assert "amount (PSI " in why
    watch(training="{at_least: 100, every: 60 days, drift: false}")
    assert reason("2026-01-26") is None


def test_a_known_incident_calls_for_no_model(nightflag, night: Night, trained: None) -> None:
    change(DEARER)
    for day in NIGHTS:
        night(day)
    incident = ("--from", "2026-01-10", "--to", "2026-01-12", "--why", "a broken till")
    nightflag("exclude", "payments", *incident)
    assert reason("2026-01-26") is None


def test_what_was_measured_appears_with_the_night_or_not_at_all(
    nightflag, night: Night, trained: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(place: str) -> None:
        if place == "before commit":
            raise OSError("The disk is full.")

    monkeypatch.setattr(failpoints, "listeners", [fail])
    with pytest.raises(OSError, match="disk is full"):
        night(NIGHTS[0])
    failpoints.listeners.clear()
    assert json.loads(nightflag("drift", "payments", "--all", "--json").out) == []
    night(NIGHTS[0])
    assert json.loads(nightflag("drift", "payments", "--all", "--json").out)
