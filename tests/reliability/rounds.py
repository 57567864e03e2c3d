"""Rounds of chaos: a night killed at random moments, and what is then to be seen.

What is done in a round is drawn from the seed and the round's number, so that it can be played
again. Moments are shares of the time that an undisturbed night takes until it has published; when
it comes to which place is measured first, and again by every night that was let live. A night is
killed so long after the last place before the moment, so that a busy machine does not shift it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import itemgetter
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from tests.reliability.invariants import broken, staged
from tests.reliability.payments import FIRST_NIGHT, SECOND_NIGHT
from tests.reliability.stages import Stages
from tests.reliability.watch import Outcome, Watch

DATABASES = ("sqlite", "postgresql")
NIGHTS: dict[str, tuple[str, str, datetime]] = {
    "first": ("trained", "first_night", FIRST_NIGHT),
    "next": ("changed", "second_night", SECOND_NIGHT),
    "retraining": ("due", "retrained", SECOND_NIGHT),
}
"""The kinds of nights: the stages before and after each, and its logical date."""

OFTEN = (24, 75, 1)
"""How often each kind is drawn, of a hundred. To train takes long, so few nights do."""

MOST_KILLS = 3
A_LITTLE_LATER = 1.05


@dataclass(frozen=True)
class Round:
    """What is done: on which database, to which kind of night, and when it is killed."""

    database: str
    kind: str
    moments: tuple[float, ...]


@dataclass
class Found:
    """What came of a round: how the nights that were to be killed ended, and what was wrong."""

    killed: list[Outcome] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """A watch before a night, what is published then, and what is once the night is through."""

    watch: Watch
    as_of: datetime
    before: dict[str, list[str]]
    after: dict[str, list[str]]


def drawn(seed: int, number: int) -> Round:
    """The round of that number."""
    random = Random(f"{seed}/{number}")
    [kind] = random.choices([*NIGHTS], weights=OFTEN)
    kills = random.randint(1, MOST_KILLS)
    moments = tuple(random.uniform(0, A_LITTLE_LATER) for _ in range(kills))
    return Round(DATABASES[number % len(DATABASES)], kind, moments)


class Chaos:
    """Plays rounds on copies of the stages."""

    def __init__(self, stages: Stages, folder: Path) -> None:
        self.stages, self.folder = stages, folder
        self.places: dict[tuple[str, str], dict[str, float]] = {}
        self.stage = cache(self._stage)

    def play(self, played: Round) -> Found:
        """What is found when the night is killed at each moment, and at last let live."""
        stage, found = self.stage(played.database, played.kind), Found()
        watch = stage.watch.copy(Path(mkdtemp(dir=self.folder)) / "watch")
        for moment in played.moments:
            doom = doom_at(moment, self.places[played.database, played.kind])
            outcome = self._night(stage, watch, doom)
            found.killed.append(outcome)
            found.violations += wrong_after_a_kill(stage, watch, outcome)
        found.violations += wrong_at_the_end(stage, watch, self._live(played, stage, watch))
        watch.remove()
        return found

    def _stage(self, database: str, kind: str) -> Stage:
        before, after, as_of = NIGHTS[kind]
        watch = getattr(self.stages, before)(database)
        undisturbed = getattr(self.stages, after)(database).published()
        stage = Stage(watch, as_of, watch.published(), undisturbed)
        measured = watch.copy(Path(mkdtemp(dir=self.folder)) / "measured")
        self._live(Round(database, kind, ()), stage, measured)
        measured.remove()
        return stage

    def _live(self, played: Round, stage: Stage, watch: Watch) -> Outcome:
        """What becomes of the night that nobody kills; when it came where is remembered."""
        outcome = self._night(stage, watch)
        if "published" in outcome.places:
            self.places[played.database, played.kind] = outcome.places
        return outcome

    def _night(self, stage: Stage, watch: Watch, doom: tuple[str, float] | None = None) -> Outcome:
        return watch.night(stage.as_of, doom=doom, page=False)


def doom_at(moment: float, places: dict[str, float]) -> tuple[str, float]:
    """The last place before that share of the time until publication, and the seconds since."""
    at = moment * places["published"]
    place, since = max(
        ((place, since) for place, since in {"": 0.0, **places}.items() if since <= at),
        key=itemgetter(1),
    )
    return place, at - since


def wrong_after_a_kill(stage: Stage, watch: Watch, outcome: Outcome) -> list[str]:
    """All that is wrong once the night is dead, and what it had sent to a server is done."""
    watch.wait_until_nobody_is_connected()
    found, published = broken(watch), watch.published()
    if outcome.status == "refused":
        found.append(f"the night ended by itself: {outcome.error}: {outcome.what}")
    if published not in (stage.before, stage.after):
        found.append(f"the night is published in part: {differences(published, stage.after)}")
    if "published" in outcome.places and published != stage.after:
        found.append(f"what was published is not there: {differences(published, stage.after)}")
    return found


def wrong_at_the_end(stage: Stage, watch: Watch, outcome: Outcome) -> list[str]:
    """All that is wrong once a night was let live."""
    found, published = broken(watch), watch.published()
    if outcome.status != "published":
        found.append(f"the night was not published: {outcome.error}: {outcome.what}")
    if published != stage.after:
        found.append(f"the night ended otherwise: {differences(published, stage.after)}")
    if staged(watch):
        found.append(f"{staged(watch)} rows are still staged")
    if locks := watch.table("nightflag_locks", "name = 'night of payments'"):
        found.append(f"the lock was not given back: {locks}")
    return found


def differences(found: dict[str, list[str]], expected: dict[str, list[str]]) -> list[str]:
    """The rows that are there and should not be, and those that are missing."""
    names = [name for name in expected if found[name] != expected[name]]
    more = [f"{name} +{row}" for name in names for row in found[name] if row not in expected[name]]
    less = [f"{name} -{row}" for name in names for row in expected[name] if row not in found[name]]
    return [*more, *less]
