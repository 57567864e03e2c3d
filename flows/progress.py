"""Progress: a bar in the Prefect UI for work that goes on for long."""

from typing import TypeVar, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

Step = TypeVar("Step")


class Progress:
    """A bar that moves on after each of so many steps."""

    def __init__(self, monitor: str, description: str, steps: int) -> None:
        self.steps, self.done = steps, 0
        key, begun = key_of(monitor, "progress"), 0.0 if steps else 100.0
        self.artifact = cast(UUID, create_progress_artifact(begun, key, description))

    def after(self, step: Step) -> Step:
        """The step as it is, once the bar has moved."""
        self.done += 1
        update_progress_artifact(self.artifact, progress=100 * self.done / self.steps)
        return step


def key_of(monitor: str, what: str) -> str:
    """The key under which the UI shows the versions of a monitor's artifact."""
    return f"{monitor.replace('_', '-')}-{what}"
