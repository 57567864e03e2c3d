"""A network has to be worth more than the references beside it, where labels can tell."""

import json

import numpy as np
import pytest

from nightflag import rivals
from nightflag.references import Compared, rank

COUNT = 600
RANDOM = np.random.default_rng(3)
ANOMALOUS = np.arange(COUNT) < 40
TRUTH = ANOMALOUS.astype(float)


def scores(signal: float) -> np.ndarray:
    """Scores that see the anomalies so many deviations above the others."""
    return RANDOM.normal(size=COUNT) + signal * ANOMALOUS


def beside(*signals: float) -> Compared:
    ranks = {f"reference {number}": rank(scores(one)) for number, one in enumerate(signals)}
    return Compared(np.arange(COUNT), ranks)


def test_a_network_that_a_reference_outdoes_beyond_noise_is_behind_it() -> None:
    found = rivals.among(TRUTH, scores(1.0), beside(0.0, 4.0, 1.0), seed=0)
    assert found is not None
    assert found.is_behind
    assert (found.reference, found.anomalies) == ("reference 1", 40)
    assert found.network < 0.4 < 0.8 < found.precision
    assert "behind the reference reference 1: average precision 0." in str(found)


def test_a_network_that_is_ahead_of_every_reference_is_not_behind() -> None:
    found = rivals.among(TRUTH, scores(4.0), beside(0.0, 1.0, 1.0), seed=0)
    assert found is not None
    assert not found.is_behind
    assert found.low > 0.2


def test_the_best_of_four_as_good_as_the_network_is_no_better_by_luck() -> None:
    found = [
        rivals.among(TRUTH, scores(2.0), beside(2.0, 2.0, 2.0, 2.0), seed=seed) for seed in range(6)
    ]
    assert sum(one is not None and one.precision > one.network for one in found) >= 3
    assert not any(one is None or one.is_behind for one in found)


@pytest.mark.parametrize("fewest", [0, 9])
def test_a_few_known_anomalies_tell_nothing(fewest: int) -> None:
    few = np.where(ANOMALOUS & (np.arange(COUNT) >= fewest), np.nan, TRUTH)
    assert rivals.among(few, scores(0.0), beside(4.0), seed=0) is None


def test_records_without_an_answer_are_not_asked() -> None:
    half = np.where(np.arange(COUNT) % 2, np.nan, TRUTH)
    found = rivals.among(half, scores(0.0), beside(4.0), seed=0)
    assert found is not None
    assert found.anomalies == 20


def test_what_a_model_keeps_of_it_comes_back() -> None:
    found = rivals.among(TRUTH, scores(1.0), beside(4.0), seed=0)
    assert found is not None
    kept = json.loads(json.dumps({rivals.KEY: found.to_json()}))
    back = rivals.of(kept)
    assert back is not None
    assert str(back) == str(found)
    assert rivals.of({}) is None


def test_on_what_the_network_flagged_a_reference_as_good_looks_better() -> None:
    """Why verdicts are not asked: people judge mostly what was flagged."""
    network, reference = scores(2.0), rank(scores(2.0))
    flagged = np.argsort(-network)[:60]
    compared = Compared(flagged, {"as good": reference[flagged]})
    everything = rivals.among(TRUTH, network, beside(2.0), seed=0)
    found = rivals.among(TRUTH, network, compared, seed=0)
    assert everything is not None
    assert found is not None
    gained = everything.network - everything.precision
    assert found.network - found.precision < gained - 0.03
