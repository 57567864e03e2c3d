"""Lengths of time in words: ``2 days``, ``36 hours``, ``1 day 12 hours``, ``0``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

LONGEST = timedelta(days=36_500)
SECONDS_IN_ALL = timedelta.max.total_seconds()
SECONDS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
EXPECTED = 'a duration in words, such as "2 days", "36 hours", "1 day 12 hours" or 0'

_UNIT = r"[0-9]{1,10} (week|day|hour|minute|second)s?"
PATTERN = rf"^(0|{_UNIT}( {_UNIT})*)$"

_PART = re.compile(r"([0-9]{1,10})\s+(week|day|hour|minute|second)s?", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(rf"{_PART.pattern}(\s+{_PART.pattern})*", _PART.flags)


def parse(text: object) -> timedelta:
    """Return the duration that the words, or the number 0, name; a timedelta comes back as it is.

    >>> parse("1 day 12 hours")
    datetime.timedelta(days=1, seconds=43200)

    Raises ValueError for anything else, a unit named twice and more than 100 years.
    """
    duration = text if isinstance(text, timedelta) else _from_words(text)
    if not timedelta(0) <= duration <= LONGEST:
        raise ValueError(f"expected a duration between 0 and {write(LONGEST)}")
    return duration


def _from_words(text: object) -> timedelta:
    words = "0" if type(text) is int and text == 0 else text
    if not isinstance(words, str):
        raise ValueError(f"expected {EXPECTED}")
    if words.strip() == "0":
        return timedelta(0)
    if not _WHOLE.fullmatch(words.strip()):
        raise ValueError(f"expected {EXPECTED}")
    return _total([(int(number), unit.lower()) for number, unit in _PART.findall(words)])


def _total(parts: list[tuple[int, str]]) -> timedelta:
    if len({unit for _, unit in parts}) < len(parts):
        raise ValueError("expected each unit of a duration once")
    seconds = sum(number * SECONDS[unit] for number, unit in parts)
    return timedelta(seconds=seconds) if seconds < SECONDS_IN_ALL else timedelta.max


def write(duration: timedelta) -> str:
    """Return the duration in words that ``parse`` reads back; parts of a second are left out.

    >>> write(timedelta(hours=36))
    '1 day 12 hours'
    """
    rest = int(duration.total_seconds())
    words = []
    for unit in ("day", "hour", "minute", "second"):
        number, rest = divmod(rest, SECONDS[unit])
        words += [f"{number} {unit}{'' if number == 1 else 's'}"] if number else []
    return " ".join(words) or "0"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse),
    PlainSerializer(write, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": PATTERN,
            "maximum": 0,
            "minimum": 0,
            "examples": ["2 days", "36 hours", 0],
        }
    ),
]
