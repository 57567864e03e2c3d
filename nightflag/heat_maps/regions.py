"""The parts of an image that a score comes from, as rectangles."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

MOST_REGIONS = 3
EDGE = 0.4
FAINTEST = 0.25
MARGIN = 2
SMALLEST_SHARE = 0.05
SIDE_BY_SIDE = np.stack(
    [np.zeros((3, 3)), ndimage.generate_binary_structure(2, 1), np.zeros((3, 3))]
)
"""Pixels hang together with the four beside them, and with none of another image."""

Heat = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """Rows and columns, counted from 0, of which ``bottom`` and ``right`` are the first outside.

    ``heat`` is the part of the score that lies inside.
    """

    top: int
    left: int
    bottom: int
    right: int
    heat: float

    @property
    def inside(self) -> tuple[slice, slice]:
        """The region as an index into an image."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def scaled(self, found: tuple[int, int], size: tuple[int, int]) -> "Region":
        """The region in an image of another ``size`` (height, width) than it was found in."""
        down, across = size[0] / found[0], size[1] / found[1]
        return Region(
            int(self.top * down),
            int(self.left * across),
            max(int(np.ceil(self.bottom * down)), int(self.top * down) + 1),
            max(int(np.ceil(self.right * across)), int(self.left * across) + 1),
            self.heat,
        )

    def __str__(self) -> str:
        return f"rows {self.top}-{self.bottom - 1}, columns {self.left}-{self.right - 1}"


def find(heat: Heat) -> list[tuple[Region, ...]]:
    """Up to three regions of each heat (n, height, width), none negative, the hottest spot first.

    A region is the rectangle around a hottest place and all that hangs together with it at no less
    than 40 % of its heat. Further ones are looked for outside, down to a quarter of the first's
    heat, and kept where they hold 5 % of all. No heat is counted twice where two overlap.
    """
    left, rest = _smoothed(heat), heat.copy()
    hottest, found = left.max(axis=(1, 2)), [list[Region]() for _ in heat]
    for _ in range(MOST_REGIONS):
        hot = np.flatnonzero(left.max(axis=(1, 2)) > FAINTEST * hottest)
        for at, region in zip(hot, _around_the_hottest(left[hot], rest[hot]), strict=True):
            found[at].append(region)
            left[at][_with_margin(region)] = 0
            rest[at][region.inside] = 0
    return [_worth(regions, one) for regions, one in zip(found, heat, strict=True)]


def _worth(regions: list[Region], heat: Heat) -> tuple[Region, ...]:
    """The regions that hold a part of the heat, or else the whole image."""
    if not regions:
        height, width = heat.shape
        return (Region(0, 0, height, width, float(heat.sum())),)
    least = SMALLEST_SHARE * float(heat.sum())
    return (regions[0], *(one for one in regions[1:] if one.heat >= least))


def _with_margin(region: Region) -> tuple[slice, slice]:
    """The region and the rim to which smoothing has carried its heat."""
    top, left = max(region.top - MARGIN, 0), max(region.left - MARGIN, 0)
    return slice(top, region.bottom + MARGIN), slice(left, region.right + MARGIN)


def _around_the_hottest(smooth: Heat, heat: Heat) -> Iterator[Region]:
    """The region around the hottest spot of each of ``smooth`` (n, height, width)."""
    images, (_, height, width) = np.arange(len(smooth)), smooth.shape
    flat = smooth.reshape(len(smooth), height * width)
    spots = np.unravel_index(flat.argmax(axis=1), (height, width))
    hottest = smooth[images, *spots]
    parts, _ = ndimage.label(smooth >= EDGE * hottest[:, None, None], SIDE_BY_SIDE)
    part = parts == parts[images, *spots][:, None, None]
    tops, bottoms = _first_and_last(part.any(axis=2))
    lefts, rights = _first_and_last(part.any(axis=1))
    for one, *edges in zip(heat, tops, lefts, bottoms, rights, strict=True):
        top, left, bottom, right = (int(edge) for edge in edges)
        yield Region(top, left, bottom, right, float(one[top:bottom, left:right].sum()))


def _first_and_last(inside: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """In each row the place of the first that is inside, and that after the last."""
    return inside.argmax(axis=1), inside.shape[1] - inside[:, ::-1].argmax(axis=1)


def _smoothed(heat: Heat) -> Heat:
    """The mean over each pixel and its eight neighbours; beyond the edge is cold."""
    return np.asarray(ndimage.uniform_filter(heat, size=(1, 3, 3), mode="constant"))
