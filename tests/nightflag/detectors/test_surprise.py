import numpy as np
import pytest

from nightflag.detectors import surprise


def scores(count=1_000):
    return np.random.default_rng(0).exponential(size=count) + 1


def test_the_surprise_is_one_less_the_logarithm_of_the_share_that_is_as_high():
    fitted = surprise.fit(scores())
    for share in (0.2, 0.5, 0.9):
        found = fitted.of(np.quantile(scores(), [share]))[0]
        assert found == pytest.approx(1 - np.log(1 - share), rel=0.02)


def test_higher_scores_surprise_more_however_far_they_lie_beyond_training():
    ladder = np.concatenate([np.linspace(1e-3, 20, 500), np.geomspace(21, 1e9, 100)])
    assert (np.diff(surprise.fit(scores()).of(ladder)) > 0).all()


def test_the_tail_is_logarithmic_so_that_one_score_cannot_drown_the_others():
    near, far = surprise.fit(scores()).of(np.array([1e3, 1e6]))
    assert far - near == pytest.approx(np.log(1e3), rel=0.01)


@pytest.mark.parametrize("same", [0.0, 1.0, 1e6])
def test_training_scores_that_are_all_alike_still_rank_higher_ones_above_them(same):
    fitted = surprise.fit(np.full(50, same))
    at, above = fitted.of(np.array([same, 2 * same + 1]))
    assert np.isfinite([at, above]).all()
    assert above > at
