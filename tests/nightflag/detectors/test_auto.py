import numpy as np
import pytest

from nightflag import detectors
from tests.nightflag.detectors.rows import training_set


def normal(rows, width, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


def fitted(x, *, training_rows, name="auto", **settings):
    return detectors.fit(
        name,
        training_set(x, clean=training_rows == "clean"),
        settings={"cosines": 64, **settings},
        seed=1,
    )


@pytest.mark.parametrize(
    ("training_rows", "members", "trimmed"),
    [
        ("unlabelled", ["pairs", "triples", "trimmed triples", "trimmed gaussian"], 15),
        ("clean", ["narrow", "nearest", "relative"], 0),
    ],
)
def test_the_account_says_which_scores_were_added_up_and_what_was_left_out(
    training_rows, members, trimmed
):
    about = fitted(normal(300, 3), training_rows=training_rows).about
    assert about["members"] == members
    assert about["rows_trimmed"] == trimmed


@pytest.mark.parametrize("training_rows", ["unlabelled", "clean"])
@pytest.mark.parametrize("width", [1, 2])
def test_one_or_two_features_are_enough(training_rows, width):
    detector = fitted(normal(200, width), training_rows=training_rows)
    far, near = np.full((1, width), 8, np.float32), np.zeros((1, width), np.float32)
    assert detector.score(far) > detector.score(near)


@pytest.mark.parametrize("training_rows", ["unlabelled", "clean"])
def test_copies_of_few_rows_can_be_trained_on(training_rows):
    kinds = np.array([[0, 0], [1, 1], [2, 1]], np.float32)
    detector = fitted(np.repeat(kinds, [100, 60, 40], axis=0), training_rows=training_rows)
    odd, *known = detector.score(np.concatenate([np.array([[9, -9]], np.float32), kinds]))
    assert (odd > known).all()


@pytest.mark.parametrize("training_rows", ["unlabelled", "clean"])
def test_a_feature_that_never_varied_is_the_reason_once_it_does(training_rows):
    x = normal(300, 4)
    x[:, 2] = 0
    changed = x[:20].copy()
    changed[:, 2] = 3
    detector = fitted(x, training_rows=training_rows)
    assert (detector.explain(changed).argmax(axis=1) == 2).all()


def test_unlabelled_rows_leave_the_anomalies_among_them_visible():
    x = normal(1_000, 4)
    x[:30] += 6
    ranks = {
        training_rows: fitted(x, training_rows=training_rows).score(x).argsort().argsort()
        for training_rows in ("unlabelled", "clean")
    }
    assert np.median(ranks["unlabelled"][:30]) > 960
    assert np.median(ranks["unlabelled"][:30]) >= np.median(ranks["clean"][:30])


def test_a_random_feature_head_says_which_kernel_it_looked_through():
    about = fitted(normal(200, 3), training_rows="clean", name="random_features").about
    assert about["head"] == {"breadth": 1.4, "ridge": 1e-5, "cosines": 64, "mixing": None}
    own = fitted(normal(200, 3), training_rows="clean", name="random_features", breadth=0.3)
    assert own.about["head"]["breadth"] == 0.3
