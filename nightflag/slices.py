"""Slices: the window of a night in stretches of time that are worked on apart from each other."""

from dataclasses import dataclass
from itertools import pairwise

from nightflag.windows import Window


@dataclass(frozen=True)
class Slice:
    """A stretch of the window of a ``night``, one of so many (``of``), counted from 1.

    The first one takes the records without a readable event time as well.
    """

    window: Window
    night: Window
    number: int = 1
    of: int = 1

    @property
    def undated(self) -> bool:
        """Whether records without a readable event time belong to it."""
        return self.number == 1

    def __str__(self) -> str:
        start = f"{self.window.start:%Y-%m-%d %H:%M}" if self.window.start else "the beginning"
        return f"partition {self.number} of {self.of}, {start} to {self.window.end:%Y-%m-%d %H:%M}"


def whole(night: Window) -> Slice:
    """All of the night as one slice."""
    return Slice(night, night)


def cut(night: Window, pieces: int) -> tuple[Slice, ...]:
    """The night in so many slices of the same length; one where its window has no beginning.

    >>> from datetime import datetime
    >>> night = Window(datetime(2026, 3, 1), datetime(2026, 3, 3))
    >>> [piece.window.start.hour for piece in cut(night, 4)]
    [0, 12, 0, 12]
    """
    if night.start is None:
        return (whole(night),)
    length = night.end - night.start
    edges = [night.start + length * number / pieces for number in range(pieces)] + [night.end]
    return tuple(
        Slice(Window(start, end), night, number, pieces)
        for number, (start, end) in enumerate(pairwise(edges), 1)
    )
