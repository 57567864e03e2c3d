"""Blocks of time that calibrate in turn are scored by models that have not seen them."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from nightflag import blocks, reproduction
from nightflag.features import History
from tests.integration.machines import SOURCE, machines

START = datetime(2026, 3, 1)
STEPS, LENGTH = 90, 5
SECTIONS = {
    "sequence": {"entity": "machine", "length": LENGTH, "gap": "1 hour", "learning": 0},
    "detector": {"name": "random_features", "settings": {"cosines": 64}},
    "training": {"at_least": 50, "calibration": 0.5, "cross_calibration": True, "snapshot": True},
    "source": {**SOURCE, "first_window": "1 hour"},
}


def history(random: np.random.Generator) -> History:
    """Two entities of 40 records a minute apart, one after the other in the frame."""
    from nightflag.features import View

    own, minute = np.arange(80), np.arange(80) % 40
    first = np.maximum(own - LENGTH + 1, own // 40 * 40)
    frame = pd.DataFrame({"value": random.normal(size=80)})
    moments = np.datetime64(START, "us") + minute * np.timedelta64(60, "s")
    usable = np.ones(80, dtype=bool)
    view = View(length=LENGTH)
    return History(view, frame, ("a", "b"), own // 40, moments, usable, own, first, minute)


@pytest.fixture
def records() -> History:
    return history(np.random.default_rng(1))


def test_every_older_record_is_in_one_block_and_no_newer_one(records: History) -> None:
    found = np.concatenate([block.own for _, block in blocks.in_turn(records, 60, 3)])
    assert sorted(found) == [row for row in range(80) if row % 40 < 30]


def test_a_block_is_a_stretch_of_time_of_all_entities(records: History) -> None:
    [first, *_] = [block for _, block in blocks.in_turn(records, 60, 3)]
    assert set(first.own) == {row for row in range(80) if row % 40 < 10}


def test_no_other_record_sees_one_of_the_block(records: History) -> None:
    for others, block in blocks.in_turn(records, 60, 3):
        for own, begun in zip(others.own, others.first, strict=True):
            assert not set(range(begun, own + 1)) & set(block.own)
        assert len(others) == 80 - len(block) - 2 * (LENGTH - 1)


def test_plain_records_are_parted_by_their_order() -> None:
    frame = pd.DataFrame({"value": np.arange(12.0)})
    [(others, block), _] = blocks.in_turn(frame, 8, 2)
    assert list(block["value"]) == [0, 1, 2, 3]
    assert list(others["value"]) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_older_and_newest_records_come_together_in_order(records: History) -> None:
    both = blocks.together(records.keep(slice(0, 80, 2)), records.keep(slice(1, 80, 2)))
    np.testing.assert_array_equal(both.own, records.own)
    np.testing.assert_array_equal(both.first, records.first)


def test_all_records_train_and_calibrate_and_the_model_is_made_again(database_url, tmp_path):
    random = np.random.default_rng(1)
    with machines(database_url, tmp_path, **SECTIONS) as watched:
        watched.add(
            [
                {
                    "reading_id": step,
                    "machine": "press",
                    "read_at": START + timedelta(minutes=5 * step),
                    "value": np.sin(step) + random.normal(0, 0.1),
                }
                for step in range(STEPS)
            ]
        )
        watched.night((START + timedelta(minutes=5 * STEPS)).replace(tzinfo=UTC))
        [model] = watched.rows(
            "select training_records, calibration_records, about from nightflag_models"
        )
        about = model["about"] if isinstance(model["about"], dict) else json.loads(model["about"])
        assert model["training_records"] == model["calibration_records"] == STEPS - 12
        assert (about["calibrated_in_turn"], about["rows"]) == (2, STEPS - 12)
        kept = reproduction.reproduce(watched.workplace, 1)
        assert (kept.made_from, kept.agrees) == ("snapshot", True)
        for file in watched.workplace.models.rglob("snapshot-*"):
            file.unlink()
        forgotten = reproduction.reproduce(watched.workplace, 1)
        assert (forgotten.made_from, forgotten.agrees) == ("source", True)
