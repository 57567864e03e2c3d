"""Processes, told apart: their numbers are used again, and each container counts its own."""

import os
import socket
from functools import cache
from pathlib import Path

PROC = Path("/proc")
BOOT = PROC / "sys/kernel/random/boot_id"
CONTAINER = PROC / "self/ns/pid"
ENDED = ("Z", "X")
START = 19
"""Where its start stands in ``/proc/N/stat`` (proc_pid_stat(5)), counted from the state."""


@cache
def place() -> str:
    """Where a number and a start name one process: this host since it booted, or this container.

    '' where that cannot be known: there is no ``/proc``.
    """
    try:
        return f"{socket.gethostname()} {BOOT.read_text().strip()} {CONTAINER.readlink()}; "
    except OSError:
        return ""


def identity(number: int) -> str:
    """What the running process of that number has in common with no other; '' where none runs.

    Of another user's process it may be only the place. One that has ended and was not yet waited
    for runs no more.
    """
    if not place():
        return ""
    try:
        os.kill(number, 0)
        status = (PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except PermissionError:
        return place()
    except OSError:
        return ""
    return "" if status[0] in ENDED else f"{place()}process {number} since {status[START]}; "


def has_ended(number: int, known_as: str) -> bool:
    """Whether the process of that number, of which ``known_as`` begins with the identity, is gone.

    False where that cannot be seen: it runs, or ran, in another place.
    """
    if not place() or not known_as.startswith(place()):
        return False
    running = identity(number)
    return not running or not known_as.startswith(running)
