"""Rows on stdout: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

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
    """Print the rows' ``columns``, a mapping from key to heading."""
    table = Table(*(escape(heading) for heading in columns.values()))
    for row in rows:
        table.add_row(*(Text(_cell(row[key])) for key in columns))
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


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)
