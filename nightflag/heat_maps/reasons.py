"""The reasons of flagged images: rectangles, with what is there and what was expected there."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL.Image import Image as PillowImage

from nightflag.detectors import Detector
from nightflag.explanation import EVERYTHING_ELSE, Reasons
from nightflag.features import Pipeline
from nightflag.features.image import Image
from nightflag.heat_maps.drawing import draw
from nightflag.heat_maps.regions import Region, find

VALUES_AT_ONCE = 2**20
MOST_PICTURES = 200

Pixels = NDArray[np.floating]


class Explained(NamedTuple):
    """The reasons of n images, and PNGs of those ``drawn``, each beside its heat map.

    ``drawn`` holds their positions, shape (m,).
    """

    reasons: Reasons
    drawn: NDArray[np.intp]
    pictures: list[bytes]


class _Seen(NamedTuple):
    """A flagged image whole, and in working size its pixels, heat and expected pixels."""

    image: PillowImage
    pixels: Pixels
    heat: NDArray[np.float64]
    regions: tuple[Region, ...]
    expected: Pixels


class _Reason(NamedTuple):
    row: int
    rank: int
    contribution: float
    value: str | None
    expected: str | None


def explain(
    detector: Detector,
    pipeline: Pipeline,
    kind: Image,
    frame: pd.DataFrame,
    scores: NDArray[np.float64],
) -> Explained:
    """Why the detector, of images of this ``kind``, gives the records their ``scores`` (n,).

    An image has up to three reasons, each a rectangle in its own pixels, counted from 0 at the top
    left, with the brightness and contrast found there (black 0, white 1) and expected. Their
    contributions are what of the score lies inside; the last reason's is what lies elsewhere. The
    200 strongest are drawn: to draw a picture takes five times as long as to find its reasons, and
    people look at the first of them.
    """
    (column,) = pipeline.columns
    drawn = np.sort(np.argsort(-scores, kind="stable")[:MOST_PICTURES])
    chosen, reasons, pictures = set(drawn.tolist()), list[_Reason](), list[bytes]()
    for row, seen in enumerate(_looked_at(detector, pipeline, kind, frame)):
        regions = seen.regions
        reasons += [_reason(row, rank, one, seen) for rank, one in enumerate(regions, start=1)]
        reasons.append(_the_rest(row, len(regions) + 1, regions, seen))
        if row in chosen:
            pictures.append(draw(seen.image, seen.heat, regions))
    return Explained(_as_reasons(reasons, column), drawn, pictures)


def _looked_at(
    detector: Detector, pipeline: Pipeline, kind: Image, frame: pd.DataFrame
) -> Iterator[_Seen]:
    """Every record's image, some hundreds at a time."""
    (column,) = pipeline.columns
    at_once = max(1, VALUES_AT_ONCE // len(pipeline.names))
    for start in range(0, len(frame), at_once):
        part = frame.iloc[start : start + at_once]
        shape = (len(part), *kind.shape)
        matrix = pipeline.transform(part)
        parts, expected = detector.account(matrix)
        heat = parts.reshape(shape).sum(axis=3)
        images = map(kind.reader.image, part[column])
        pixels = matrix.reshape(shape)
        yield from map(_Seen, images, pixels, heat, find(heat), expected.reshape(shape))


def _reason(row: int, rank: int, region: Region, seen: _Seen) -> _Reason:
    size = (seen.image.height, seen.image.width)
    there = region.scaled((seen.heat.shape[0], seen.heat.shape[1]), size)
    value = f"{there}: {_described(seen.pixels[region.inside])}"
    return _Reason(row, rank, region.heat, value, _described(seen.expected[region.inside]))


def _the_rest(row: int, rank: int, regions: Iterable[Region], seen: _Seen) -> _Reason:
    """The part of the score that lies in no rectangle."""
    inside = sum(one.heat for one in regions)
    return _Reason(row, rank, max(float(seen.heat.sum()) - inside, 0.0), None, None)


def _words(column: str, found: _Reason) -> str:
    if found.value is None:
        return "the rest of the image"
    return f"{column} {found.value} where {found.expected} was expected"


def _described(pixels: Pixels) -> str:
    brightness = float(pixels.mean())
    contrast = float(np.sqrt(np.square(pixels - brightness).mean()))
    return f"brightness {brightness:.2f}, contrast {contrast:.2f}"


def _as_reasons(found: list[_Reason], column: str) -> Reasons:
    return Reasons(
        np.array([one.row for one in found], dtype=np.intp),
        np.array([one.rank for one in found], dtype=np.int32),
        [EVERYTHING_ELSE if one.value is None else column for one in found],
        np.array([one.contribution for one in found], dtype=np.float64),
        [one.value for one in found],
        [one.expected for one in found],
        [None] * len(found),
        [_words(column, one) for one in found],
    )
