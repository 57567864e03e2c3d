"""One thing that was looked at, and what became of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from nightflag.errors import NightflagError

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``about`` names what was looked at; ``mend`` says what to do, where something is to do."""

    level: Level
    about: str
    text: str
    mend: str = ""


def tried(about: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; an error that ends them becomes a problem."""
    try:
        yield from findings
    except NightflagError as error:
        expected = f"Expected: {error.expected}. " if error.expected else ""
        yield Finding("problem", about, error.what, expected + error.mend)


def has_problem(findings: Iterable[Finding]) -> bool:
    """Whether any of them stands in the way of a night."""
    return any(finding.level == "problem" for finding in findings)
