import json

import numpy as np
import pytest

from nightflag import detectors, references
from nightflag.judgement import judged

FEATURES = ("amount", "hour", "age")


def rows(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def known():
    train, new = rows(300, 0), rows(100, 1)
    training_set = detectors.TrainingSet(train, FEATURES, (3,), clean=False)
    detector = detectors.fit("random_features", training_set, settings={}, seed=1)
    compared = references.fit(train, new, seed=1)
    return judged(detector, new, detector.score(new), compared, seed=1)


def test_every_figure_is_kept_with_the_model_and_is_json(known):
    assert {"references", "synthetic", "judgement"} <= set(known.about)
    assert json.loads(json.dumps(dict(known.about), allow_nan=False)) == known.about


def test_one_line_says_the_choice_and_its_reason(known):
    line = known.about["judgement"]
    assert line.startswith("random_features is named in the monitor for unlabelled rows")
    assert f"{known.about['references']['detector']['with_consensus']:.2f} (they" in line
    assert f"scaled {known.about['synthetic']['scaled']:.2f}" in line
    assert "\n" not in line
