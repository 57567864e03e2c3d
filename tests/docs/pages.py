"""The pages of the documentation, read as a list of things to do, and done."""

import contextlib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from nightflag.cli import main
from nightflag.databases import connect

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    \$? ?(?:nightflag|prefect|make|docker) ", re.MULTILINE)
SHELL = {"console", "sh", "bash", "shell"}


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """The page's blocks in order: commands one by one, files, and statements of SQL."""
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind in SHELL:
            yield from (("command", command) for command in _commands(text.splitlines()))
        else:
            yield kind, text


def _commands(lines: Sequence[str]) -> Iterator[str]:
    """The lines that are typed: those with a prompt, where one has it; the others are answers."""
    typed = [line for line in lines if line.startswith("$ ")] or lines
    for line in typed:
        yield re.sub(r"\s+#.*", "", line.removeprefix("$ ")).strip()


def commands(page: Path) -> list[str]:
    """What the page tells its reader to type."""
    return [text for kind, text in steps(page) if kind == "command"]


def do(
    things: Iterable[tuple[str, str]],
    url: str,
    home: Path,
    before: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Everything a page tells its reader to do; ``before`` says what to type before a command."""
    for kind, text in things:
        if kind == "command" and text.startswith("nightflag "):
            for command in (*(before or {}).get(text, ()), text):
                assert type_in(command) == 0, command
        elif kind == "sql":
            assert changed_or_found(url, text), text
        elif text.startswith("# monitors/"):
            path = text.partition("\n")[0].removeprefix("# ")
            (home / path).write_text(text, encoding="utf-8")


def type_in(command: str) -> int:
    """The exit code of the command; what it prints goes into the file behind ``>``, if any.

    The home folder is the one the reader is in.
    """
    words, _, file = command.partition(" > ")
    with contextlib.ExitStack() as stack:
        if file:
            place = Path(file.removeprefix("~/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            target = stack.enter_context(place.open("w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(target))
        return main(shlex.split(words)[1:])


def changed_or_found(url: str, statement: str) -> int:
    """How many rows the statement finds or changes."""
    engine = connect(url).engine
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement))
        count = len(done.all()) if done.returns_rows else done.rowcount
    engine.dispose()
    return count
