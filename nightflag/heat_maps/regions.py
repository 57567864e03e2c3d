"""The parts of an image that a score comes from, as rectangles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

MOST_REGIONS = 3
EDGE = 0.4
FAINTEST = 0.25
MARGIN = 2
SMALLEST_SHARE = 0.05

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


def find(heat: Heat) -> tuple[Region, ...]:
    """Up to three regions of the heat (height, width), none negative, the hottest spot first.

    A region is the rectangle around a hottest place and all that hangs together with it at no less
    than 40 % of its heat. Further ones are looked for outside, down to a quarter of the first's
    heat, and kept where they hold 5 % of all.
    """
    left, regions = _smoothed(heat), list[Region]()
    hottest, total = float(left.max()), float(heat.sum())
    while len(regions) < MOST_REGIONS and left.max() > FAINTEST * hottest:
        region = _around_the_hottest(left, heat)
        regions.append(region)
        left[_with_margin(region)] = 0
        heat = _without(heat, region)
    worth = [one for one in regions[1:] if one.heat >= SMALLEST_SHARE * total]
    return (*regions[:1], *worth) if regions else (_everything(heat),)


def _with_margin(region: Region) -> tuple[slice, slice]:
    """The region and the rim to which smoothing has carried its heat."""
    top, left = max(region.top - MARGIN, 0), max(region.left - MARGIN, 0)
    return slice(top, region.bottom + MARGIN), slice(left, region.right + MARGIN)


def _without(heat: Heat, region: Region) -> Heat:
    """The heat outside the region, so that none is counted twice where two overlap."""
    rest = heat.copy()
    rest[region.inside] = 0
    return rest


def _everything(heat: Heat) -> Region:
    height, width = heat.shape
    return Region(0, 0, height, width, float(heat.sum()))


def _around_the_hottest(smooth: Heat, heat: Heat) -> Region:
    spot = np.unravel_index(int(smooth.argmax()), smooth.shape)
    part = _connected(smooth >= EDGE * smooth[spot], (int(spot[0]), int(spot[1])))
    rows, columns = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    inside = float(heat[top:bottom, left:right].sum())
    return Region(int(top), int(left), int(bottom), int(right), inside)


def _connected(hot: Mask, spot: tuple[int, int]) -> Mask:
    """All that is hot and hangs together with the spot, side by side."""
    parts, _ = ndimage.label(hot)
    return np.asarray(parts == parts[spot])


def _smoothed(heat: Heat) -> Heat:
    """The mean over each pixel and its eight neighbours; beyond the edge is cold."""
    return np.asarray(ndimage.uniform_filter(heat, size=3, mode="constant"))
