"""How far a long command is: a bar on a terminal, nothing where nobody watches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from nightflag import failpoints
from nightflag.failpoints import Place

Night = TypeVar("Night")


class Rate(ProgressColumn):
    """How much is done in a second."""

    def render(self, task: Task) -> Text:
        """The rate as text; nothing before there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


# What comes next, once the night has reached a place.
NEXT: dict[Place, str] = {
    "locked": "opening the night",
    "opened": "checking the table",
    "checked": "looking for reasons to train",
    "sampled": "training a model",
    "trained": "writing the model",
    "model registered": "loading the model",
    "loaded": "scoring",
    "pulled a batch": "scoring",
    "before publishing": "publishing",
    "published": "evaluating and reporting",
}


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[str, int, int | None], None]]:
    """A function to tell what is being done, how much of it is done, and of how much.

    It is shown on stderr while that is a terminal, and gone at the end.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        Rate(),
        TimeRemainingColumn(),
    )
    with _shown(columns, quiet=quiet) as bars:
        tasks: dict[str, TaskID] = {}

        def told(doing: str, done: int, total: int | None) -> None:
            if doing not in tasks:
                tasks[doing] = bars.add_task(doing, total=total)
            bars.update(tasks[doing], completed=done, total=total)

        yield told


@contextmanager
def steps(name: str, *, quiet: bool = False) -> Iterator[None]:
    """Tells, with the time it takes, which step of the night of ``name`` is going on."""
    columns = (SpinnerColumn("line"), TextColumn("{task.description}"), TimeElapsedColumn())
    with _shown(columns, quiet=quiet) as bars:
        task = bars.add_task(f"{name}: starting", total=None)
        batches = 0

        def listen(place: Place) -> None:
            nonlocal batches
            batches += place == "scored a batch"
            if doing := NEXT.get(place):
                count = f", batch {batches + 1}" if batches and doing == "scoring" else ""
                bars.update(task, description=f"{name}: {doing}{count}")

        failpoints.listeners.append(listen)
        try:
            yield
        finally:
            failpoints.listeners.remove(listen)


def each_night(nights: Iterator[Night], total: int, *, quiet: bool = False) -> Iterator[Night]:
    """The nights one by one; while one is awaited, what it is at and about how long the rest takes.

    Nothing moves while the caller has a night in its hands, so it may print.
    """
    began = monotonic()
    for done in range(total):
        left = (monotonic() - began) / done * (total - done) if done else None
        about = "" if left is None else f", about {timedelta(seconds=round(left))} left"
        with steps(f"night {done + 1} of {total}{about}", quiet=quiet):
            night = next(nights, None)
        if night is None:
            return
        yield night


def _shown(columns: Sequence[ProgressColumn], *, quiet: bool) -> Progress:
    console = Console(stderr=True)
    shown = console.is_terminal and not console.is_dumb_terminal and not quiet
    return Progress(
        *columns, console=console, transient=True, redirect_stdout=False, disable=not shown
    )
