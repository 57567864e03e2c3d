import numpy as np

from nightflag.detectors import trimming


def rows():
    x = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    x[100:120] += 8
    return x


def test_the_rows_unlike_the_rest_are_dropped_and_the_others_keep_their_order():
    kept = trimming.best_fitting(rows(), 20, seed=1)
    assert kept.tolist() == [*range(100), *range(120, 500)]


def test_dropping_nothing_keeps_everything():
    assert trimming.best_fitting(rows(), 0, seed=1).tolist() == list(range(500))


def test_the_same_seed_drops_the_same_rows():
    once, again = (trimming.best_fitting(rows(), 100, seed=1).tolist() for _ in range(2))
    assert once == again
