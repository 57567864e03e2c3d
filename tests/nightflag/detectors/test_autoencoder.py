import numpy as np

from nightflag import detectors
from tests.nightflag.detectors.rows import training_set


def normal(rows, width, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


def fitted(x, *, training_rows="clean", **settings):
    return detectors.fit(
        "autoencoder",
        training_set(x, clean=training_rows == "clean"),
        settings={"steps": 60, **settings},
        seed=1,
    )


def test_one_feature_is_enough():
    x = normal(200, 1)
    scores = fitted(x).score(np.array([[0], [6]], np.float32))
    assert scores[1] > scores[0]


def test_a_feature_that_never_varies_does_no_harm_until_it_does():
    x = normal(300, 4)
    x[:, 2] = 0
    detector = fitted(x)
    changed = x[:20].copy()
    changed[:, 2] = 3
    assert (detector.score(changed) > detector.score(x[:20])).all()
    assert (detector.explain(changed).argmax(axis=1) == 2).all()


def test_copied_features_do_no_harm():
    x = normal(300, 2)
    scores = fitted(np.repeat(x, 3, axis=1)).score(np.repeat(x, 3, axis=1))
    assert np.isfinite(scores).all()


def test_values_beyond_the_clip_score_like_the_clip():
    detector = fitted(normal(200, 3))
    at, beyond = np.full((1, 3), 20, np.float32), np.full((1, 3), 1e30, np.float32)
    assert detector.score(at) == detector.score(beyond)


def test_trimming_leaves_enough_rows_to_train_on():
    detector = fitted(normal(21, 3), training_rows="unlabelled", trimmed_share=0.3)
    assert detector.about["rows_trimmed"] == 1


def test_only_unlabelled_rows_are_trimmed_so_that_anomalies_among_them_stand_out():
    x = normal(1_000, 4)
    x[:40] += 6
    margin = {}
    for training_rows, trimmed in {"unlabelled": 50, "clean": 0}.items():
        detector = fitted(x, training_rows=training_rows)
        assert detector.about["rows_trimmed"] == trimmed
        scores = detector.score(x)
        margin[training_rows] = np.median(scores[:40]) / np.median(scores[40:])
    assert margin["unlabelled"] > margin["clean"]
