"""Images through frozen random filters: what is found, and where."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nightflag import detectors
from nightflag.detectors import image_filters
from nightflag.errors import MonitorError
from tests.nightflag.detectors.rows import training_set

SIDE, DEFECT = 28, 8


def textures(count, shape, seed):
    """Smooth random pictures (n, *shape) from 0 to 1: a few waves and a little noise."""
    random = np.random.default_rng(seed)
    height, width, channels = shape
    down, across = np.mgrid[:height, :width]
    phases = random.uniform(0, 2 * np.pi, (count, 2, channels))
    first = np.sin(0.35 * down[..., None] + phases[:, None, None, 0])
    second = np.sin(0.25 * across[..., None] + phases[:, None, None, 1])
    noise = random.normal(0, 0.02, (count, *shape))
    return np.clip(0.5 + 0.2 * first + 0.2 * second + noise, 0, 1).astype(np.float32)


def fitted(pictures, *, name="auto", clean=True, **settings):
    rows = pictures.reshape(len(pictures), -1)
    train = training_set(rows, clean=clean, shape=pictures.shape[1:])
    return detectors.fit(name, train, settings=settings, seed=1)


def with_defects(pictures, seed=3):
    """The pictures with a defect of 8 x 8 pixels, and its first rows and columns (n,)."""
    random = np.random.default_rng(seed)
    spoiled = pictures.copy()
    tops, lefts = random.integers(0, SIDE - DEFECT + 1, (2, len(pictures)))
    for picture, top, left in zip(spoiled, tops, lefts, strict=True):
        patch = picture[top : top + DEFECT, left : left + DEFECT]
        patch[:] = np.clip(patch + random.normal(0, 0.15, patch.shape), 0, 1)
    return spoiled, tops, lefts


@pytest.fixture(scope="module")
def detector():
    return fitted(textures(400, (SIDE, SIDE, 1), seed=0))


def test_the_heat_map_is_highest_inside_the_defect(detector):
    pictures = textures(100, (SIDE, SIDE, 1), seed=1)
    spoiled, tops, lefts = with_defects(pictures)
    peak = detector.explain(spoiled.reshape(100, -1)).argmax(axis=1)
    down, across = peak // SIDE - tops, peak % SIDE - lefts
    hit = (down >= 0) & (down < DEFECT) & (across >= 0) & (across < DEFECT)
    by_chance = DEFECT**2 / SIDE**2
    assert hit.mean() > 0.9 > 10 * by_chance


def test_defects_score_above_whole_pictures(detector):
    pictures = textures(100, (SIDE, SIDE, 1), seed=1)
    rows = np.concatenate([pictures, with_defects(pictures)[0]]).reshape(200, -1)
    assert roc_auc_score(np.repeat([0, 1], 100), detector.score(rows)) > 0.95


def test_too_little_structure_is_as_unusual_as_too_much(detector):
    pictures = textures(50, (SIDE, SIDE, 1), seed=1)
    smooth = np.tile(pictures.mean(axis=(1, 2), keepdims=True), (1, SIDE, SIDE, 1))
    usual = detector.score(pictures.reshape(50, -1))
    assert detector.score(smooth.reshape(50, -1)).min() > usual.max()


def test_brightness_and_contrast_of_the_whole_picture_hardly_matter(detector):
    pictures = textures(50, (SIDE, SIDE, 1), seed=1)
    darker = detector.score((0.9 * pictures).reshape(50, -1))
    usual = detector.score(textures(200, (SIDE, SIDE, 1), seed=2).reshape(200, -1))
    assert np.median(darker) < np.quantile(usual, 0.95)


@pytest.mark.parametrize("shape", [(9, 8, 1), (17, 33, 3), (40, 24, 1)], ids=str)
@pytest.mark.parametrize("name", ["auto", "log_energy"])
def test_other_sizes_and_colours_are_taken(name, shape):
    detector = fitted(textures(120, shape, seed=0), name=name, clean=False)
    rows = textures(30, shape, seed=1).reshape(30, -1)
    noise = np.random.default_rng(4).uniform(0, 1, rows.shape).astype(np.float32)
    assert detector.score(noise).min() > detector.score(rows).max()
    np.testing.assert_allclose(detector.explain(rows).sum(axis=1), detector.score(rows), rtol=1e-9)
    assert detector.expected(rows).shape == rows.shape


def test_a_change_of_colour_alone_is_seen():
    grey = np.repeat(textures(200, (16, 16, 1), seed=0), 3, axis=-1)
    detector = fitted(grey)
    tinted = grey[:20].copy()
    tinted[:, 4:12, 4:12, 0] *= 0.7
    scores = detector.score(grey.reshape(200, -1))
    assert np.median(detector.score(tinted.reshape(20, -1))) > np.quantile(scores, 0.99)


def test_unlabelled_pictures_are_learned_without_the_worst():
    pictures = textures(200, (16, 16, 1), seed=0)
    pictures[:10] = np.random.default_rng(5).uniform(0, 1, (10, 16, 16, 1))
    account = fitted(pictures, clean=False).about
    assert account["members"] == ["log energy"]
    assert (account["rows_trimmed"], account["rows_fitted_on"]) == (10, 190)
    clean = fitted(pictures[10:]).about
    assert clean["members"] == ["log energy", "neighbours"]
    assert clean["rows_trimmed"] == 0


def test_the_expected_picture_lacks_the_defect(detector):
    pictures = textures(60, (SIDE, SIDE, 1), seed=1)
    spoiled, *_ = with_defects(pictures)
    off = spoiled != pictures
    expected = detector.expected(spoiled.reshape(60, -1)).reshape(pictures.shape)
    assert np.abs(expected - pictures)[off].mean() < 0.5 * np.abs(spoiled - pictures)[off].mean()


def test_the_cells_of_the_grid_share_the_picture_evenly():
    cells = image_filters._cells(7)
    np.testing.assert_allclose(cells.sum(axis=1), 1)
    np.testing.assert_allclose(cells.sum(axis=0), 4 / 7)


def test_plain_records_and_images_do_not_pass_for_each_other():
    rows = textures(50, (8, 8, 1), seed=0).reshape(50, -1)
    with pytest.raises(MonitorError, match="log_energy takes images"):
        detectors.fit("log_energy", training_set(rows, clean=True), settings={}, seed=0)
    pictures = training_set(rows, clean=True, shape=(8, 8, 1))
    with pytest.raises(MonitorError, match=r"(?s)are images.*one of auto, log_energy"):
        detectors.fit("autoencoder", pictures, settings={}, seed=0)
