"""The reasons of images through a real model."""

import numpy as np
import pandas as pd
import pytest

from nightflag import detectors, features, heat_maps
from nightflag.calibration import Calibration
from nightflag.explanation import EVERYTHING_ELSE
from nightflag.models import Model
from nightflag.monitors import Image as Settings
from tests.nightflag.features.images import encoded, picture

SIDE = 16


def scans(count, first=0, *, height=SIDE, width=SIDE):
    noisy = []
    for seed in range(first, first + count):
        noise = np.random.default_rng(seed).normal(0, 4, (height, width))
        noisy.append(np.clip(picture(height, width, seed) + noise, 0, 255).astype(np.uint8))
    return noisy


def scratched(scan, top, left, size):
    spoiled = scan.copy()
    patch = np.indices((size, size)).sum(axis=0) % 2
    spoiled[top : top + size, left : left + size] = 255 * patch
    return spoiled


def frame(pixels):
    return pd.DataFrame({"scan": [encoded(one) for one in pixels]})


@pytest.fixture(scope="module")
def model():
    history = frame(scans(150))
    settings = Settings(height=SIDE, width=SIDE)
    pipeline = features.fit(history, kinds={"scan": "image"}, image=settings)
    x = pipeline.transform(history)
    train = detectors.TrainingSet(x, pipeline.names, pipeline.shape, clean=True)
    detector = detectors.fit("log_energy", train, settings={"filters": 8}, seed=0)
    return Model(pipeline, detector, Calibration(detector.score(x)))


def explained(model, pixels):
    seen = frame(pixels)
    scores, _ = model.score(seen)
    return heat_maps.explain(model.detector, model.features, model.features.image, seen, scores)


def test_each_image_has_ranked_reasons_and_one_picture(model):
    pixels = [scratched(one, 2, 5, 7) for one in scans(3, first=500)]
    found, _, pictures = explained(model, pixels)
    assert len(pictures) == 3
    assert set(found.row) == {0, 1, 2}
    for row in range(3):
        ranks = found.rank[found.row == row]
        assert ranks.tolist() == list(range(1, len(ranks) + 1))


def test_only_the_strongest_are_drawn_and_all_have_reasons(model, monkeypatch):
    monkeypatch.setattr(heat_maps.reasons, "MOST_PICTURES", 2)
    pixels = scans(3, first=500)
    pixels[1:] = [scratched(pixels[1], 2, 5, 7), scratched(pixels[2], 4, 4, 9)]
    found, drawn, pictures = explained(model, pixels)
    assert drawn.tolist() == [1, 2]
    assert len(pictures) == 2
    assert set(found.row) == {0, 1, 2}


def test_contributions_are_parts_of_the_score_and_add_up_to_it(model):
    pixels = [scratched(one, 2, 5, 7) for one in scans(3, first=500)]
    found, _, _ = explained(model, pixels)
    scores, _ = model.score(frame(pixels))
    np.testing.assert_allclose(np.bincount(found.row, found.contribution), scores, rtol=1e-9)
    inside = [feature != EVERYTHING_ELSE for feature in found.feature]
    assert (np.bincount(found.row[inside], found.contribution[inside]) > 0.5 * scores).all()


def test_words_say_where_in_the_image_and_what_was_expected(model):
    found, _, _ = explained(model, [scratched(scans(1, first=500)[0], 2, 5, 7)])
    assert found.words[0] == f"scan {found.value[0]} where {found.expected[0]} was expected"
    assert found.words[-1] == "the rest of the image"


def test_rectangles_are_in_the_pixels_of_the_image_as_it_came(model):
    """Ten times as high and five times as wide as the detector sees it."""
    [scan] = scans(1, first=500)
    large = [np.kron(scratched(scan, 2, 5, 7), np.ones((10, 5), np.uint8))]
    found, _, _ = explained(model, large)
    words = found.value[0].split(":")[0].replace("-", " ").replace(",", "").split()
    top, bottom, left, right = (int(words[at]) for at in (1, 2, 4, 5))
    assert abs(top - 20) <= 10
    assert abs(bottom - 89) <= 10
    assert abs(left - 25) <= 5
    assert abs(right - 59) <= 5


def test_a_contrast_that_was_not_expected_is_said(model):
    found, _, _ = explained(model, [scratched(scans(1, first=500)[0], 2, 5, 7)])
    contrast, expected = (
        float(text.rpartition(" ")[2]) for text in (found.value[0], found.expected[0])
    )
    assert contrast > 2 * expected


def test_an_image_is_explained_the_same_in_any_company(model):
    pixels = scans(5, first=500)
    together = explained(model, pixels)
    alone = [explained(model, [one]) for one in pixels]
    assert together.pictures == [picture for one in alone for picture in one.pictures]
    assert together.reasons.value == [value for one in alone for value in one.reasons.value]
    contributions = np.concatenate([one.reasons.contribution for one in alone])
    np.testing.assert_array_equal(together.reasons.contribution, contributions)
