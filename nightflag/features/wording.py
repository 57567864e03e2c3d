"""What is said of a value beside what was expected: the clauses that kinds share."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST_WRITTEN_OUT = 1e15
MOST_DECIMALS = 9
SIGNIFICANT = 2
LONGEST = 60

Values = NDArray[np.float64]


class Expected(NamedTuple):
    """What a model expected of n values, each of shape (n,), in the source's units.

    Of numbers, ``low`` and ``high`` are the ends of what is usual given the rest of the record, NaN
    where nothing was expected.
    """

    value: NDArray[Any]
    low: Values
    high: Values


def compared(values: Values, expected: Expected, *, whole: bool) -> list[str | None]:
    """How each number (n,) lies to its range; None for a NULL where one was expected.

    No more digits are shown than tell the ends of the range apart, and the value from them; none
    after the point where the numbers are ``whole``.
    """
    low, high = expected.low, expected.high
    places = np.zeros((2, len(values)), int) if whole else _decimals(values, low, high)
    rows = zip(values.tolist(), low.tolist(), high.tolist(), *places.tolist(), strict=True)
    return [_compared(*row) for row in rows]


def percent(count: int, rows: int) -> str:
    """The share in per cent, to two digits: '0.25 %'."""
    share = 100 * count / rows
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def quoted(text: str) -> str:
    """The text in quotes, cut where it is long."""
    return f"'{text}'" if len(text) <= LONGEST else f"'{text[:LONGEST]}...'"


def _compared(value: float, low: float, high: float, places: int, own: int) -> str | None:
    if low != low:  # NaN: nothing was expected
        return None if value != value else f"{_number(value, None)} where nothing was expected"
    first, last = _number(low, places), _number(high, places)
    usual = first if first == last else f"{first} to {last}"
    if value != value:
        return f"missing where {usual} was expected"
    if low <= value <= high:
        return f"{_number(value, own)}, " + (
            "as expected" if first == last else f"within the expected {usual}"
        )
    return f"{_number(value, own)} where {usual} was expected"


def _number(value: float, places: int | None) -> str:
    """The number with separators of thousands, or with an exponent where it is far from 1."""
    if places is None:
        return f"{value:,.6g}" if abs(value) < LARGEST_WRITTEN_OUT else f"{value:.3g}"
    if abs(value) >= LARGEST_WRITTEN_OUT or places > MOST_DECIMALS:
        return f"{value:.3g}"
    return f"{value:z,.{places}f}"


def _decimals(values: Values, low: Values, high: Values) -> NDArray[np.int64]:
    """Decimals (2, n), of a range's ends and of the value beside it.

    The ends have two digits of the range's width, and enough to tell a value just outside apart;
    the value has two digits of how far outside it is, and no more than the ends.
    """
    beyond = np.fmax(low - values, values - high)
    scale = np.where(high > low, high - low, np.maximum(np.abs(low), np.abs(values)))
    ends = SIGNIFICANT - 1 - _exponent(scale)
    outside = -_exponent(beyond)
    apart = np.where(beyond > 0, np.minimum(outside, ends + SIGNIFICANT), ends)
    ends = np.maximum(ends, apart)
    own = np.where(beyond > 0, np.minimum(outside + SIGNIFICANT - 1, ends), ends)
    return np.maximum([ends, own], 0)


def _exponent(values: Values) -> NDArray[np.int64]:
    """The power of ten (n,) at or below each value; 0 where it has none."""
    known = np.isfinite(values) & (values > 0)
    return np.floor(np.log10(np.where(known, values, 1.0))).astype(np.int64)
