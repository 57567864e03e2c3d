"""Rows on stdout: a table for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from numbers import Real
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from nightflag.checking import Finding

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}

WIDTH_OF_A_PIPE = 160
GAP = 2

Rows = Sequence[Mapping[str, Any]]


def print_json(rows: Rows) -> None:
    """Print the rows as a JSON array; times as ISO 8601, bytes as hexadecimal digits."""
    print(json.dumps([dict(row) for row in rows], default=_plain, indent=1, ensure_ascii=False))


def print_table(rows: Rows, columns: Mapping[str, str]) -> None:
    """Print the rows' ``columns``, a mapping from key to heading.

    Numbers stand on the right, counts with separators: a column whose key speaks of ``records``.
    The last column takes what is left; where that is too little, it stands below each row.
    """
    console = _stdout()
    *others, last = columns
    room = console.width - console.measure(_table(rows, columns, others)).maximum
    long = max([len(columns[last]), *(_longest(_cell(last, row[last])) for row in rows)])
    if long <= room - GAP:
        console.print(_table(rows, columns, list(columns)))
    else:
        _print_with_lines_below(console, rows, columns, others, last)


def _table(rows: Rows, columns: Mapping[str, str], keys: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for key in keys:
        on_right = all(isinstance(row[key], Real | None) for row in rows)
        table.add_column(
            escape(columns[key]), justify="right" if on_right else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(Text(_cell(key, row[key])) for key in keys))
    return table


def _print_with_lines_below(
    console: Console, rows: Rows, columns: Mapping[str, str], others: Sequence[str], last: str
) -> None:
    with console.capture() as captured:
        console.print(_table(rows, columns, others))
    blank, heading, rule, *lines = captured.get().splitlines()
    console.out(blank, heading, rule, sep="\n", highlight=False)
    for line, row in zip(lines, rows, strict=False):
        console.out(line, highlight=False)
        if text := _cell(last, row[last]):
            console.print(Padding(Text(text), (0, 0, 0, 4), expand=False))
    console.print()


def _longest(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)


def _stdout() -> Console:
    """The console of stdout; a file or a pipe has room for wider lines than rich believes."""
    is_pipe = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=WIDTH_OF_A_PIPE if is_pipe else None)


def print_findings(findings: Sequence["Finding"], *, title: str = "") -> None:
    """Print what was looked at, with what to do about warnings and problems below each."""
    table = Table(title=escape(title) or None, title_justify="left", show_header=False)
    for finding in findings:
        text = Text(finding.text)
        if finding.mend:
            text.append(f"\n{finding.mend}", style="italic")
        table.add_row(MARKS[finding.level], Text(finding.about), text)
    _stdout().print(table)


def say(text: str) -> None:
    """Print a sentence about the output on stderr."""
    Console(stderr=True, soft_wrap=True).print(Text(text))


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _cell(key: str, value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if "records" in key and value is not None:
        return f"{value:,}"
    return "" if value is None else str(value)
