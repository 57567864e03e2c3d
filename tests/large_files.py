"""SQLite files so large that a process of its own reads them, and those processes."""

from pathlib import Path

from nightflag.databases.sqlite import LARGE

BALLAST = f"create table ballast as select zeroblob({LARGE}) as v"
"""The statement that makes a file large."""


def readers(folder: Path) -> list[int]:
    """The processes that read a file in that folder for a night."""
    return [int(one.name) for one in Path("/proc").glob("[0-9]*") if _reads(one, folder)]


def _reads(process: Path, folder: Path) -> bool:
    try:
        words = (process / "cmdline").read_text()
    except OSError:  # it has ended
        return False
    return "sqlite_reader" in words and str(folder) in words
