"""Crowds: two to eight processes that run nights of one monitor at the same time.

They are of the same logical date or of several, wait for each other or do not, and sometimes one of
them is killed. Each date is to be published once, by one of them, whole.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from tests.reliability.invariants import broken, staged
from tests.reliability.payments import A_DAY, DAYS, FIRST_NIGHT, pay, payments
from tests.reliability.rounds import DATABASES
from tests.reliability.stages import Stages
from tests.reliability.watch import Outcome, Watch, nights

DATES = 3
FEWEST, MOST = 2, 8
LONGEST_LIFE = 2.0
ONE_IN = 3
BAD = {290, 291}


@dataclass(frozen=True)
class Crowd:
    """Who runs: the date of each process, whether they wait, and when the first is killed."""

    database: str
    dates: tuple[int, ...]
    waits: bool
    first_dies_after: float | None


def drawn(seed: int, number: int) -> Crowd:
    """The crowd of that number."""
    random = Random(f"crowd {seed}/{number}")
    several = random.randint(1, DATES)
    dates = tuple(random.randrange(several) for _ in range(random.randint(FEWEST, MOST)))
    life = random.uniform(0, LONGEST_LIFE) if random.randrange(ONE_IN) == 0 else None
    return Crowd(DATABASES[number % len(DATABASES)], dates, random.random() < 1 / 2, life)


class Crowds:
    """Lets crowds loose on copies of a watch with a model, whose nights are still to come."""

    def __init__(self, stages: Stages, folder: Path) -> None:
        self.stages, self.folder = stages, folder
        self.waiting = cache(self._waiting)

    def play(self, crowd: Crowd) -> tuple[list[Outcome], list[str]]:
        """What became of each process, and all that was wrong then or once each date was run."""
        watch = self.waiting(crowd.database).copy(Path(mkdtemp(dir=self.folder)) / "watch")
        patience = "1 hour" if crowd.waits else "0 seconds"
        watch.change(execution={"batch_size": 24, "lock_wait": patience})
        asked = [self._asked(watch, date) for date in crowd.dates]
        asked[0]["doom"] = crowd.first_dies_after and ("", crowd.first_dies_after)
        outcomes = nights(asked)
        watch.wait_until_nobody_is_connected()
        wrong = [*broken(watch), *wrong_ends(crowd, outcomes)]
        every_date = range(max(crowd.dates) + 1)
        later = [nights([self._asked(watch, date)])[0] for date in every_date]
        wrong += [f"{outcome.error}: {outcome.what}" for outcome in later if outcome.error]
        ends = [*zip(crowd.dates, outcomes, strict=True), *enumerate(later)]
        wrong += [*wrong_publishers(ends), *wrong_publications(watch, len(every_date))]
        watch.remove()
        return outcomes, wrong

    def _asked(self, watch: Watch, date: int) -> dict[str, object]:
        return watch.asked(FIRST_NIGHT + timedelta(days=date), page=False)

    def _waiting(self, database: str) -> Watch:
        watch = self.stages.trained(database).copy(Path(mkdtemp(dir=self.folder)) / "waiting")
        for later in range(DATES - 1):
            pay(watch, payments(DAYS + later))
        return watch


def wrong_ends(crowd: Crowd, outcomes: list[Outcome]) -> list[str]:
    """Processes that ended neither with a published night nor as they were told to."""
    allowed = {"published": "", "refused": "" if crowd.waits else "MonitorBusy"}
    found = [
        f"{outcome.status} {outcome.error}: {outcome.what}"
        for outcome in outcomes
        if outcome.status != "killed" and allowed[outcome.status] != outcome.error
    ]
    killed = [outcome for outcome in outcomes if outcome.status == "killed"]
    if len(killed) > (crowd.first_dies_after is not None):
        found.append(f"{len(killed)} died, and one at most was to be killed")
    return found


def wrong_publishers(ends: list[tuple[int, Outcome]]) -> list[str]:
    """The dates that not one process published, but none or several; each end is one's of a date.

    One that was killed may or may not have done what it was about to do.
    """
    found = []
    for date in {date for date, _ in ends}:
        ended = [
            outcome for of, outcome in ends if of == date and "before commit" in outcome.places
        ]
        sure = [outcome for outcome in ended if outcome.status != "killed"]
        if len(sure) > 1 or not ended:
            found.append(f"date {date} was published by {len(sure)} processes")
    return found


def wrong_publications(watch: Watch, dates: int) -> list[str]:
    """What speaks against so many dates' having been published once, and whole."""
    found = broken(watch)
    runs = watch.rows("select as_of, status, records_read, error from nightflag_runs")
    if [run["status"] for run in runs] != ["published"] * dates:
        found.append(f"not every date is published once: {runs}")
    if sum(run["records_read"] or 0 for run in runs) != dates * A_DAY:
        found.append(f"read too many or too few: {runs}")
    scored = {row["payment_id"] for row in watch.rows("select payment_id from payments_scores")}
    good = {*range((DAYS - 1) * A_DAY, (DAYS - 1 + dates) * A_DAY)} - BAD
    if scored != good:
        found.append(f"scored too many or too few: {sorted(scored ^ good)}")
    if staged(watch):
        found.append(f"{staged(watch)} rows are still staged")
    return found
