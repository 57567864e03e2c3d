"""Errors on the terminal: a box that says how to mend it, and for bugs the place of the details."""

import tempfile
import traceback
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from nightflag.errors import NightflagError


def show(error: NightflagError, *, about: str = "") -> None:
    """Draw the error's box on stderr."""
    text = Text(error.what)
    if error.expected:
        text.append("\nExpected: ", style="bold").append(error.expected)
    if error.mend:
        text.append("\nTo mend: ", style="bold").append(error.mend)
    title = f"{about}: {_words(error)}" if about else _words(error)
    Console(stderr=True).print(Panel(text, title=Text(title), title_align="left"))


def report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say in one line what went wrong and which file has the traceback; Python exits with 1."""
    lines = traceback.format_exception(kind, error, trace)
    with tempfile.NamedTemporaryFile(
        "w", prefix="nightflag-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(lines)
    first = next(iter(str(error).splitlines()), "no reason given")
    text = f"A bug in nightflag: {kind.__name__}: {first}. The traceback: {Path(file.name)}"
    Console(stderr=True, soft_wrap=True).print(Text(text))


def _words(error: NightflagError) -> str:
    """The error's class as words: ``Monitor busy``."""
    name = type(error).__name__
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.strip().capitalize()
