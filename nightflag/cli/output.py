"""Rows on stdout: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from numbers import Real
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from nightflag.checking import Finding

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}

Rows = Sequence[Mapping[str, Any]]


def print_json(rows: Rows) -> None:
    """Print the rows as a JSON array; times as ISO 8601, bytes as hexadecimal digits."""
    print(json.dumps([dict(row) for row in rows], default=_plain, indent=1, ensure_ascii=False))


def print_table(rows: Rows, columns: Mapping[str, str]) -> None:
    """Print the rows' ``columns``, a mapping from key to heading; the last one takes what is left.

    Numbers stand on the right, counts with separators: a column whose key speaks of ``records``.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for key, heading in columns.items():
        on_right = all(isinstance(row[key], Real | None) for row in rows)
        last = key == list(columns)[-1]
        table.add_column(escape(heading), justify="right" if on_right else "left", no_wrap=not last)
    for row in rows:
        table.add_row(*(Text(_cell(key, row[key])) for key in columns))
    Console().print(table)


def print_findings(findings: Sequence["Finding"], *, title: str = "") -> None:
    """Print what was looked at, with what to do about warnings and problems below each."""
    table = Table(title=escape(title) or None, title_justify="left", show_header=False)
    for finding in findings:
        text = Text(finding.text)
        if finding.mend:
            text.append(f"\n{finding.mend}", style="italic")
        table.add_row(MARKS[finding.level], Text(finding.about), text)
    Console().print(table)


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
