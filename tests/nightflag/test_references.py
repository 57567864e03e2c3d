import json

import numpy as np
import pytest

from nightflag import references


def rows(count=300, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


@pytest.mark.parametrize("name", references.REFERENCES)
def test_every_reference_ranks_a_planted_outlier_highest(name):
    new = rows(50, seed=1)
    new[7] = [9, -9, 9]
    scores = references.REFERENCES[name](rows(), new, 0)
    assert scores.shape == (50,)
    assert scores.argmax() == 7


def test_a_detector_that_agrees_has_high_correlations_and_one_at_random_none():
    new = rows(200, seed=1)
    sensible, at_random = np.abs(new).sum(axis=1), np.random.default_rng(2).normal(size=200)
    agreed = references.fit(rows(), new, seed=0).correlations(sensible.astype(np.float64))
    chance = references.fit(rows(), new, seed=0).correlations(at_random)
    assert set(agreed) == {"detector", *references.REFERENCES}
    assert agreed["detector"]["with_consensus"] > 0.7
    assert abs(chance["detector"]["with_consensus"]) < 0.2
    assert agreed["gaussian"]["with_detector"] > 0.7 > chance["gaussian"]["with_detector"]


def test_the_correlation_is_of_ranks_so_that_a_stretched_score_agrees_as_much():
    new = rows(100, seed=1)
    score = np.abs(new).sum(axis=1).astype(np.float64)
    once = references.fit(rows(), new, seed=0).correlations(score)
    stretched = references.fit(rows(), new, seed=0).correlations(np.exp(score))
    assert once == stretched
    assert once["detector"]["with_detector"] == 1


def test_where_nothing_varies_there_is_no_correlation_and_it_is_still_json():
    alike = references.fit(rows(), rows(60, seed=1), seed=0).correlations(np.zeros(60))
    assert alike["detector"]["with_consensus"] is None
    assert json.loads(json.dumps(alike, allow_nan=False)) == alike


def test_many_records_are_compared_on_a_sample_that_the_seed_decides(monkeypatch):
    monkeypatch.setattr(references, "AT_MOST", 100)
    new = rows(400, seed=1)
    score = np.abs(new).sum(axis=1).astype(np.float64)
    first, again, other = (
        references.fit(rows(), new, seed=s).correlations(score) for s in (1, 1, 2)
    )
    assert first == again != other
