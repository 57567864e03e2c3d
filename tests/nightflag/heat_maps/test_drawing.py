"""The picture of a flagged image beside its heat map."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from nightflag.heat_maps import draw, find
from tests.nightflag.features.images import picture


def drawn(pixels, heat):
    png = draw(Image.fromarray(pixels), heat, *find(heat[None]))
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"), dtype=int)


def hot_corner(height=28, width=28):
    heat = np.zeros((height, width))
    heat[: height // 4, : width // 4] = 1.0
    return heat


def test_the_left_half_is_the_image_and_the_right_half_is_warm_where_it_is_hot():
    shown = drawn(picture(), hot_corner())
    assert shown.shape == (256, 2 * 256 + 8, 3)
    left, right = shown[:, :256], shown[:, 264:]
    grey = np.abs(left - left.mean(axis=-1, keepdims=True)).max()
    redness = right[..., 0] - right[..., 2]
    assert grey < 40
    assert redness[10:50, 10:50].min() > 60
    assert redness[100:, 100:].max() < 40


@pytest.mark.parametrize("size", [(10, 300), (300, 10), (1, 1), (1200, 900)], ids=str)
def test_images_of_any_size_are_shown_with_their_longer_side_at_256(size):
    shown = drawn(picture(*size), hot_corner())
    assert max(shown.shape[0], (shown.shape[1] - 8) // 2) == 256


def test_colour_is_kept():
    red = np.zeros((28, 28, 3), np.uint8)
    red[..., 0] = 200
    assert drawn(red, np.zeros((28, 28)))[5, 5].tolist() == pytest.approx([200, 0, 0], abs=8)


def test_the_same_image_gives_the_same_bytes_and_few_of_them():
    first, second = (
        draw(Image.fromarray(picture()), hot_corner(), *find(hot_corner()[None])) for _ in range(2)
    )
    assert first == second
    assert len(first) < 40_000
