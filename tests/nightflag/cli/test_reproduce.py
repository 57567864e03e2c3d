"""A model is trained again from what it says it was made of, and compared."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from nightflag import exclusions
from nightflag.cli.results import at_work_on
from nightflag.exclusions import Exclusion
from nightflag.models import snapshot_of
from nightflag.recalibration import recalibrate
from nightflag.verdicts import Verdict, give

Night = Callable[[str], None]


@pytest.fixture
def published(watch: Callable[..., None], any_bank: str, night: Night) -> None:
    watch()
    night("2026-01-10")


def change(statement: str) -> None:
    with at_work_on("payments") as workplace, workplace.results.writing() as connection:
        connection.execute(text(statement))


def reproduced(nightflag: Any, code: int) -> dict[str, Any]:
    said = nightflag("reproduce", "payments", "1", "--json")
    assert said.code == code, said.err
    [row] = json.loads(said.out)
    return row


def test_a_model_comes_out_the_same_and_nothing_is_written(
    nightflag, published: None, home: Path
) -> None:
    files = sorted(home.rglob("*"))
    models = nightflag("models", "payments", "--json").out
    said = nightflag("reproduce", "payments", "1")
    assert said.code == 0
    assert "Model 1 of payments came out the same, bit for bit." in said.err
    assert "126 records to train on, 42 held out" in said.out
    assert sorted(home.rglob("*")) == files
    assert nightflag("models", "payments", "--json").out == models


def test_settings_are_those_of_then_whatever_the_monitor_says_now(
    nightflag, watch: Callable[..., None], published: None
) -> None:
    training = "{at_least: 100, window: 6 days, calibration: 0.5}"
    watch(detector="{name: random_features, seed: 7}", training=training)
    assert reproduced(nightflag, 0)["agrees"]


def test_what_people_said_later_changes_nothing(nightflag, published: None) -> None:
    now = datetime.now(UTC)
    start, end = datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC)
    with at_work_on("payments") as workplace:
        exclusions.add(workplace.results, "payments", Exclusion(start, end, "a fair"), now)
        give(workplace.results, "payments", [Verdict("200", "anomaly")], now=now)
    assert reproduced(nightflag, 0)["agrees"]


@pytest.mark.parametrize(
    "statement",
    [
        "update payments set amount = 400 where payment_id = 20",
        "delete from payments where payment_id = 20",
    ],
    ids=["changed", "deleted"],
)
def test_a_source_that_changed_since_is_told(nightflag, published: None, statement: str) -> None:
    change(statement)
    found = reproduced(nightflag, 1)
    assert not found["same_sample"]
    assert found["made_from"] == "source"
    assert found["weights"] != 0
    said = nightflag("reproduce", "payments", "1")
    assert "they are not those of then: the source changed since" in said.out
    assert "Model 1 of payments cannot come out the same any more." in said.err
    assert "With `training: {snapshot: true}` the next models keep" in said.err


def test_a_model_with_its_records_is_made_again_whatever_became_of_the_source(
    nightflag, watch: Callable[..., None], any_bank: str, night: Night
) -> None:
    watch(training="{at_least: 100, snapshot: true}")
    night("2026-01-10")
    change("delete from payments where payment_id < 200")
    change("alter table payments drop column fee")
    change("alter table payments add column city text")
    said = nightflag("reproduce", "payments", "1")
    assert "Model 1 of payments came out the same, bit for bit." in said.err
    assert "what was kept with the model" in said.out
    change("drop table payments")
    found = reproduced(nightflag, 0)
    assert (found["agrees"], found["made_from"]) == (True, "snapshot")


@pytest.fixture
def kept(watch: Callable[..., None], bank: str, night: Night, home: Path) -> Path:
    """The records of the first model, which were kept with it."""
    watch(training="{at_least: 100, snapshot: true}")
    night("2026-01-10")
    [found] = home.rglob("snapshot-*.parquet")
    return found


def test_records_that_were_kept_can_be_read_and_forgotten_and_the_model_stays_in_use(
    nightflag, kept: Path, night: Night
) -> None:
    rows = pd.read_parquet(kept)
    assert list(rows["payment_id"]) == list(range(168))
    assert rows["nightflag part"].value_counts().to_dict() == {"trained on": 126, "held out": 42}
    assert {"message", "is_fraud"} < set(rows.columns), "what is no feature is kept as well"
    rows.iloc[1:].to_parquet(kept)
    said = nightflag("reproduce", "payments", "1")
    assert said.code == 1
    assert f"{kept} has" in said.err, "other records than those that were kept are refused"
    for file in kept.parent.glob("snapshot-*"):
        file.unlink()
    night("2026-01-11")
    assert reproduced(nightflag, 0)["made_from"] == "source"


def test_a_recalibrated_model_keeps_what_its_network_was_made_of(kept: Path) -> None:
    with at_work_on("payments") as workplace:
        recalibrated = recalibrate(workplace, at_least=20)
        snapshot = snapshot_of(recalibrated, folder=workplace.models)
    assert recalibrated.version == 2
    assert snapshot is not None
    assert [len(part) for part in snapshot.parts] == [126, 42]


def test_how_many_records_there_were_and_which_columns_are_new_is_told(
    nightflag, published: None
) -> None:
    change("delete from payments where payment_id = 20")
    change("alter table payments add column city text")
    said = nightflag("reproduce", "payments", "1")
    assert said.code == 1
    assert "the source changed since, when they were 126 and 42" in said.out
    assert "changed since: city is new" in said.out


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("alter table payments drop column amount", "Its columns changed since: amount is gone"),
        ("delete from payments where payment_id > 20", "21 good records are there to train on"),
    ],
    ids=["column", "records"],
)
def test_a_source_that_lost_what_it_takes_is_one_clear_error(
    nightflag, published: None, statement: str, told: str
) -> None:
    change(statement)
    said = nightflag("reproduce", "payments", "1")
    assert said.code == 2
    assert "Model 1 of payments cannot be made again:" in said.err
    assert told in said.err
    assert "the 126 records it was trained on and the 42 that were held out" in said.err


def test_a_label_that_changed_since_does_not_matter(nightflag, published: None) -> None:
    change("update payments set is_fraud = not is_fraud where payment_id < 100")
    assert reproduced(nightflag, 0)["agrees"]


def test_a_library_of_another_version_is_named(nightflag, published: None) -> None:
    change('update nightflag_models set about = replace(about, \'"numpy": "\', \'"numpy": "0.\')')
    found = reproduced(nightflag, 0)
    assert list(found["versions"]) == ["numpy"]
    assert found["versions"]["numpy"][0].startswith("0.")


def test_a_model_that_does_not_say_how_it_was_made_is_refused(nightflag, published: None) -> None:
    change("update nightflag_models set about = '{}'")
    said = nightflag("reproduce", "payments", "1")
    assert said.code == 1
    assert "Model 1 of payments does not say what it was made of." in said.err
    assert "payments has no model 2." in nightflag("reproduce", "payments", "2").err


@pytest.mark.slow
def test_a_model_comes_out_the_same_in_another_process(
    watch: Callable[..., None], bank: str, night: Night
) -> None:
    watch()
    night("2026-01-10")
    script = "import sys; from nightflag.cli import main; sys.exit(main(sys.argv[1:]))"
    words = ["reproduce", "payments", "1"]
    ended = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
