"""Forks: work in a process of its own on this machine, which may end without ending others.

Processes are forked from a server that has imported what they need and started no threads. One
that is killed is one piece of work lost; a pool of them would be broken.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TypeVar

from nightflag.errors import WorkersLost

Found = TypeVar("Found")


def apart(work: Callable[[], Found], *, imports: Iterable[str], about: str) -> Found:
    """What ``work`` returns or raises, done in a process that has this one's environment.

    The ``imports`` are modules it needs: they are imported once for all. Raises
    :class:`WorkersLost`, saying what it was ``about``, where the process ended before its work was
    done. It ends with this one, however this one ends.
    """
    forking = get_context("forkserver")
    forking.set_forkserver_preload(["__main__", *imports])
    settled = dict(os.environ), Path.cwd()
    with ProcessPoolExecutor(1, forking, initializer=_settle, initargs=settled) as process:
        try:
            return process.submit(work).result()
        except BrokenProcessPool:
            raise WorkersLost(
                f"The process that worked on {about} ended before it was done.",
                expected="memory enough for so many processes, and nobody who kills them",
                mend="it is tried again; if it happens again, see the machine's log (dmesg) for "
                "what was killed, and lower `execution: {workers: ...}`",
            ) from None


def _settle(environment: dict[str, str], folder: Path) -> None:
    """Take over where the parent is, and end when it does."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
