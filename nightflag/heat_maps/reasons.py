"""The reasons of flagged images: rectangles, with what is there and what was expected there."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nightflag.explanation import Reasons
from nightflag.features.image import Image
from nightflag.heat_maps.drawing import draw
from nightflag.heat_maps.regions import find
from nightflag.models import Model

Images = NDArray[np.float64]


class Explained(NamedTuple):
    """The reasons of n images, and of each a PNG of it beside its heat map."""

    reasons: Reasons
    pictures: list[bytes]


class _Reason(NamedTuple):
    row: int
    rank: int
    contribution: float
    value: str
    expected: str


def explain(model: Model, kind: Image, frame: pd.DataFrame) -> Explained:
    """Why the model, of images of this ``kind``, gives the records of ``frame`` their scores.

    An image has up to three reasons, each a rectangle in its own pixels, counted from 0 at the top
    left, with the brightness and contrast found there (black 0, white 1) and expected. Their
    contributions are what of the score lies inside; the rest lies elsewhere in the image.
    """
    (column,) = model.features.columns
    shape = (len(frame), *kind.shape)
    matrix = model.features.transform(frame)
    heat = model.detector.explain(matrix).reshape(shape).sum(axis=3)
    expected = model.detector.expected(matrix).reshape(shape)
    reasons, pictures = list[_Reason](), list[bytes]()
    for row, content in enumerate(frame[column]):
        image, regions = kind.reader.image(content), find(heat[row])
        size, pixels = (image.height, image.width), matrix[row].reshape(kind.shape)
        for rank, region in enumerate(regions, start=1):
            there = region.scaled(kind.shape[:2], size)
            value = f"{there}: {_described(pixels[region.inside])}"
            wanted = _described(expected[row][region.inside])
            reasons.append(_Reason(row, rank, region.heat, value, wanted))
        pictures.append(draw(image, heat[row], regions))
    return Explained(_as_reasons(reasons, column), pictures)


def _described(pixels: NDArray[np.floating]) -> str:
    return f"brightness {pixels.mean():.2f}, contrast {pixels.std():.2f}"


def _as_reasons(found: list[_Reason], column: str) -> Reasons:
    return Reasons(
        np.array([one.row for one in found], dtype=np.intp),
        np.array([one.rank for one in found], dtype=np.int32),
        [column] * len(found),
        np.array([one.contribution for one in found], dtype=np.float64),
        [one.value for one in found],
        [one.expected for one in found],
    )
