"""Named places of the night, for those who listen.

Every step reports the place it has reached. A test stops the job there, to prove that nothing
half-done stays; the command line tells what comes next. In production nobody listens.
"""

from collections.abc import Callable

listeners: list[Callable[[str], None]] = []


def reached(place: str) -> None:
    """Tell whoever listens that the job has come to ``place``."""
    for listener in listeners:
        listener(place)
