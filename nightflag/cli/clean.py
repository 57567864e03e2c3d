"""``nightflag clean``."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nightflag.cli.options import AsJson
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.results import at_work_on

if TYPE_CHECKING:
    from nightflag.housekeeping import Item

COLUMNS = {"kind": "what", "name": "which", "records": "rows", "size": "bytes", "why": "why"}


def clean(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only say what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is older than the monitor's `keep` says, and what killed runs left behind."""
    from nightflag import housekeeping

    with at_work_on(monitor) as workplace:
        clean_up = housekeeping.planned if dry_run else housekeeping.clean
        items, is_limited = clean_up(workplace), workplace.monitor.keep.is_limited
    rows = [{name: asdict(item)[name] for name in COLUMNS} for item in items]
    if as_json:
        print_json(rows)
        return
    if rows:
        print_table(rows, COLUMNS)
    say(_sentence(items, dry_run))
    if not is_limited:
        say(f"{monitor} keeps everything else: its file says nothing under `keep`.")


def _sentence(items: Sequence["Item"], dry_run: bool) -> str:
    if not items:
        return "There is nothing to delete."
    rows, size = sum(item.records for item in items), sum(item.size for item in items)
    were = "would be" if dry_run else "were"
    return f"{rows:,} rows and {size:,} bytes of files {were} deleted."
