"""Profiles: what made a record's score, as a direction in which records can be compared.

A record's profile has a coordinate for each of its stored reasons: the square root of the
contribution, negative where the value lies below the expected one, of length 1 together; columns
that are not listed have no part in it. A value that is no number is a coordinate of its own:
another word is another reason. The likeness of two records is the cosine of their profiles: 1 for
the same reasons in the same shares, 0 for none in common. It does not depend on the units of the
score, so reasons of different models compare.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nightflag.results.columns import EVERYTHING_ELSE

AT_ONCE = 1_000

Likeness = NDArray[np.float64]
Coordinate = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Reasons:
    """Reasons of several records, one entry for each; ``row`` numbers the records from 0."""

    row: NDArray[np.intp]
    feature: Sequence[str]
    contribution: NDArray[np.float64]
    value: Sequence[str | None]
    expected: Sequence[str | None]


@dataclass(frozen=True, eq=False)
class Profiles:
    """The profiles of ``count`` records, in the coordinates that they have among them."""

    matrix: csr_array
    coordinates: dict[Coordinate, int]

    @classmethod
    def of(cls, reasons: Reasons, count: int) -> "Profiles":
        """The profiles of these records; one without a reason is like no other."""
        coordinates: dict[Coordinate, int] = {}
        for one in zip(reasons.feature, reasons.value, reasons.expected, strict=True):
            coordinates.setdefault(_coordinate(*one)[0], len(coordinates))
        return cls(_matrix(reasons, count, coordinates), coordinates)

    def likeness(self, reasons: Reasons, count: int) -> Iterator[Likeness]:
        """How alike ``count`` records with these reasons are to each of these n.

        In order, at most a thousand records (k, n) at a time; once, where there are none.
        """
        others = _matrix(reasons, count, self.coordinates)
        for start in range(0, max(count, 1), AT_ONCE):
            yield np.asarray((others[start : start + AT_ONCE] @ self.matrix.T).toarray())


def _matrix(reasons: Reasons, count: int, coordinates: Mapping[Coordinate, int]) -> csr_array:
    """A row of length 1 for each record; a reason that is no coordinate keeps its share of it."""
    listed = np.array([feature != EVERYTHING_ELSE for feature in reasons.feature], dtype=bool)
    parts = np.where(listed, np.maximum(reasons.contribution, 0), 0)
    whole = np.bincount(reasons.row, parts, minlength=count)[reasons.row]
    size = np.sqrt(np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0))
    told = zip(reasons.feature, reasons.value, reasons.expected, strict=True)
    found = [_coordinate(*one) for one in told]
    place = np.array([coordinates.get(coordinate, -1) for coordinate, _ in found], dtype=np.intp)
    entries = size * np.array([sign for _, sign in found], dtype=np.float64)
    known = place >= 0
    at = (reasons.row[known], place[known])
    return csr_array((entries[known], at), shape=(count, len(coordinates)))


def _coordinate(feature: str, value: str | None, expected: str | None) -> tuple[Coordinate, int]:
    found, usual = _number(value), _number(expected)
    if found is None or usual is None:
        return (feature, "missing" if value is None else f"= {value}"), 1
    return (feature, ""), 1 if found >= usual else -1


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
