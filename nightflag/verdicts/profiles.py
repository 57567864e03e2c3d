"""Profiles: what made a record's score, as a direction in which records can be compared.

A record's profile has a coordinate for each of its stored reasons: the square root of the
contribution, negative where the value lies below the expected one, of length 1 together. A value
that is no number is a coordinate of its own: another word is another reason. The likeness of two
records is the cosine of their profiles: 1 for the same reasons in the same shares, 0 for none in
common. It does not depend on the units of the score, so reasons of different models compare.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

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
        matrix = _matrix(reasons, count, lambda one: coordinates.setdefault(one, len(coordinates)))
        return cls(matrix, coordinates)

    def likeness(self, reasons: Reasons, count: int) -> Likeness:
        """How alike ``count`` records with these reasons are to each of these, (count, n)."""
        others = _matrix(reasons, count, lambda one: self.coordinates.get(one, -1))
        width = len(self.coordinates)
        return np.asarray((others[:, :width] @ self.matrix[:, :width].T).toarray())


def _matrix(reasons: Reasons, count: int, place: Callable[[Coordinate], int]) -> csr_array:
    """One row of length 1 for each record; what has no place keeps its share of the length."""
    parts = np.maximum(reasons.contribution, 0)
    whole = np.bincount(reasons.row, parts, minlength=count)[reasons.row]
    size = np.sqrt(np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0))
    found = [
        _coordinate(*one)
        for one in zip(reasons.feature, reasons.value, reasons.expected, strict=True)
    ]
    places = np.array([place(coordinate) for coordinate, _ in found], dtype=np.intp)
    entries = size * np.array([sign for _, sign in found], dtype=np.float64)
    known = places >= 0
    shape = (count, int(places.max(initial=-1)) + 1)
    return csr_array((entries[known], (reasons.row[known], places[known])), shape=shape)


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
