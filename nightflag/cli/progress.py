"""How far a long command is: a line that moves on a terminal, now and then a line elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from nightflag import failpoints, pace
from nightflag.failpoints import Place

Night = TypeVar("Night")
Tell = Callable[[str, int, int | None], None]
"""Told what is being done, how many records of it are done, and of how many."""

PAUSE = 30.0
"""Seconds between two lines in a log."""

# What comes next, once the night has reached a place.
NEXT: dict[Place, str] = {
    "locked": "opening the night",
    "opened": "checking the table",
    "checked": "reading records to train on",
    "sampled": "training a model",
    "trained": "judging and writing the model",
    "model registered": "loading the model",
    "loaded": "scoring",
    "pulled a batch": "scoring",
    "before publishing": "publishing",
    "published": "evaluating and reporting",
}


def figures(done: int, total: int | None, speed: float | None) -> str:
    """How much is done, how fast, and how long the rest takes, as far as each is known."""
    known = [f"{done:,} of {total:,} records" if total else f"{done:,} records"] if done else []
    known += [f"{speed:,.0f}/s"] if speed else []
    if speed and total and done < total:
        known.append(f"about {timedelta(seconds=round((total - done) / speed))} left")
    return ", ".join(known)


class Bar(ProgressColumn):
    """A bar, where it is known how much there is."""

    bar = BarColumn()

    def render(self, task: Task) -> RenderableType:
        """The bar; nothing without a total."""
        return self.bar.render(task) if task.total else ""


class Figures(ProgressColumn):
    """How much, how fast, how long."""

    def render(self, task: Task) -> Text:
        """The figures as text."""
        total = None if task.total is None else int(task.total)
        return Text(figures(int(task.completed), total, task.finished_speed or task.speed))


def progress(*, quiet: bool = False, pause: float = PAUSE) -> AbstractContextManager[Tell]:
    """A function to tell how far it is; what it is told is shown on stderr.

    On a terminal a line moves and is gone at the end. Elsewhere, in the log of a job, there is a
    line after every ``pause`` seconds that it takes longer.
    """
    console = Console(stderr=True)
    if quiet:
        return nullcontext(lambda _doing, _done, _total: None)
    if console.is_terminal and not console.is_dumb_terminal:
        return _moving(console)
    return nullcontext(_Lines(console, pause))


@contextmanager
def _moving(console: Console) -> Iterator[Tell]:
    columns = (
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        Bar(),
        Figures(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bars:
        present: dict[str, TaskID] = {}

        def told(doing: str, done: int, total: int | None) -> None:
            if doing not in present:
                for before in present.values():
                    bars.update(before, visible=False)
                present[doing] = bars.add_task(doing, total=total)
            bars.update(present[doing], completed=done, total=total, visible=True)

        yield told


class _Lines:
    """Prints how far it is, and the next time after a pause."""

    def __init__(self, console: Console, pause: float) -> None:
        self.console, self.pause = console, pause
        self.said = self.began = monotonic()
        self.doing = ""

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        now = monotonic()
        if doing != self.doing:
            self.doing, self.began = doing, now
        if now - self.said < self.pause:
            return
        self.said = now
        speed = done / (now - self.began) if now > self.began else None
        known = figures(done, total, speed)
        self.console.print(Text(f"{doing}, {known}" if known else doing), soft_wrap=True)


class _Step:
    """The step of a night that is going on, as the night itself tells."""

    def __init__(self, name: str, tell: Tell) -> None:
        self.name, self.tell, self.doing = name, tell, f"{name}: starting"
        tell(self.doing, 0, None)

    def reached(self, place: Place) -> None:
        before = self.doing
        self.doing = f"{self.name}: {NEXT[place]}" if place in NEXT else before
        if self.doing != before:
            self.tell(self.doing, 0, None)

    def read(self, come: int, expected: int) -> None:
        self.tell(self.doing, come, expected)


@contextmanager
def steps(name: str, *, quiet: bool = False, pause: float = PAUSE) -> Iterator[None]:
    """Tells which step of the night of ``name`` is going on, and how far its reading is."""
    if quiet:
        yield
        return
    with progress(pause=pause) as tell:
        step = _Step(name, tell)
        failpoints.listeners.append(step.reached)
        pace.listeners.append(step.read)
        try:
            yield
        finally:
            failpoints.listeners.remove(step.reached)
            pace.listeners.remove(step.read)


def each_night(
    nights: Iterator[Night], total: int, *, quiet: bool = False, pause: float = PAUSE
) -> Iterator[Night]:
    """The nights one by one; while one is awaited, what it is at and about how long the rest takes.

    Nothing moves while the caller has a night in its hands, so it may print.
    """
    began = monotonic()
    for done in range(total):
        left = (monotonic() - began) / done * (total - done) if done else None
        about = "" if left is None else f", about {timedelta(seconds=round(left))} left"
        with steps(f"night {done + 1} of {total}{about}", quiet=quiet, pause=pause):
            night = next(nights, None)
        if night is None:
            return
        yield night
