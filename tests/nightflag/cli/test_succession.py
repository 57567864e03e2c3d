"""A new model has to earn its place, and every step can be taken back from the command line."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from nightflag import training
from nightflag.cli.results import at_work_on
from nightflag.models import Entry
from nightflag.windows import as_utc

Night = Callable[[str], None]
INCIDENT = "paid_at >= '2026-01-08' and paid_at < '2026-01-14'"
SPOILT = f"update payments set amount = 40000 * coalesce(fee, 0.5), fee = amount where {INCIDENT}"


def trained(day: str) -> Entry:
    """What a retraining on the records before that day makes."""
    moment = as_utc(datetime.fromisoformat(day))
    with at_work_on("payments") as workplace:
        return training.train(workplace, as_of=moment, before=moment, reason="asked for by hand")


def change(statement: str) -> None:
    with at_work_on("payments") as workplace, workplace.source.writing() as connection:
        connection.execute(text(statement))


def models(nightflag: Any) -> list[dict[str, Any]]:
    return json.loads(nightflag("models", "payments", "--json").out)


@pytest.fixture
def published(watch: Callable[..., None], any_bank: str, night: Night) -> None:
    """Two nights by the first model."""
    watch(training="{at_least: 100, every: 60 days}")
    night("2026-01-10")
    night("2026-01-12")


def test_a_model_of_the_same_records_is_like_the_champion_and_takes_over(
    nightflag, published: None
) -> None:
    entry = trained("2026-01-18")
    assert entry.status == "champion"
    assert entry.decision == models(nightflag)[0]["decision"]
    assert "the champion was model 1" in str(entry.decision)
    assert [one["status"] for one in models(nightflag)] == ["champion", "retired"]


def test_a_model_that_learned_an_incident_is_refused_until_the_incident_is_left_out(
    nightflag, night: Night, published: None
) -> None:
    change(SPOILT)
    refused = trained("2026-01-20")
    assert refused.status == "refused"
    assert str(refused.decision).startswith("worse: ")
    assert [one["status"] for one in models(nightflag)] == ["refused", "champion"]
    night("2026-01-20")
    [run] = json.loads(nightflag("runs", "payments", "--json", "--limit", "1").out)
    assert run["model_version"] == 1
    incident = ("2026-01-08", "2026-01-14", "--why", "a broken till")
    said = nightflag("exclude", "payments", *incident)
    assert "train no more models" in said.err
    taken = trained("2026-01-20")
    assert taken.status == "champion", taken.decision
    assert taken.training.training_records < refused.training.training_records


def test_a_refused_model_can_be_promoted_and_rolled_back_by_hand(
    nightflag, night: Night, published: None
) -> None:
    change(SPOILT)
    trained("2026-01-20")
    said = nightflag("promote", "payments", "2", "--why", "prices rose")
    assert "Model 2 of payments is in use, from the next night on." in said.err
    night("2026-01-20")
    assert "Model 1 of payments is in use again" in nightflag("rollback", "payments").err
    night("2026-01-21")
    runs = json.loads(nightflag("runs", "payments", "--json", "--limit", "2").out)
    assert [run["model_version"] for run in runs] == [1, 2]


def test_a_night_before_the_newest_one_is_scored_by_the_model_of_its_time(
    nightflag, night: Night, published: None
) -> None:
    trained("2026-01-18")
    night("2026-01-18")
    night("2026-01-11")
    runs = json.loads(nightflag("runs", "payments", "--json").out)
    used = {run["as_of"][:10]: run["model_version"] for run in runs}
    assert used == {"2026-01-10": 1, "2026-01-11": 1, "2026-01-12": 1, "2026-01-18": 2}
    assert len(models(nightflag)) == 2


def test_by_hand_a_model_waits_although_it_is_not_worse(
    nightflag, watch: Callable[..., None], published: None
) -> None:
    watch(training="{at_least: 100, every: 60 days, promotion: by hand}")
    entry = trained("2026-01-18")
    assert entry.status == "challenger"
    assert str(entry.decision).startswith("waits to be promoted; ")
    nightflag("promote", "payments", "2")
    assert [one["status"] for one in models(nightflag)] == ["champion", "retired"]


def test_another_recipe_is_not_compared_with_the_champion(
    nightflag, watch: Callable[..., None], published: None
) -> None:
    watch(training="{at_least: 100}", detector="{name: random_features}")
    entry = trained("2026-01-18")
    assert entry.status == "champion"
    assert "the monitor asks for another model" in str(entry.decision)


def test_a_champion_whose_files_are_broken_gives_way(nightflag, published: None) -> None:
    with at_work_on("payments") as workplace:
        file = workplace.models / "payments" / "1" / "calibration.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    entry = trained("2026-01-18")
    assert entry.status == "champion"
    assert "the champion cannot be used" in str(entry.decision)


def test_there_is_nothing_to_roll_back_to_before_the_second_champion(
    nightflag, published: None
) -> None:
    said = nightflag("rollback", "payments")
    assert said.code == 1
    assert "payments has had no other champion to go back to." in said.err
    unknown = nightflag("promote", "payments", "7")
    assert unknown.code == 1
    assert "payments has no model 7." in unknown.err
