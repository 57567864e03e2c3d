"""``nightflag verdict``."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from nightflag import verdicts
from nightflag.cli.output import print_table, say
from nightflag.cli.results import results_of
from nightflag.databases import Database
from nightflag.errors import VerdictRefused
from nightflag.monitors import Monitor, find
from nightflag.results.reading import existing_tables, schema_of
from nightflag.settings import Settings
from nightflag.verdicts import Verdict, file, precedents

MOST_SIMILAR = 5
COLUMNS = {
    "key": "similar flag",
    "likeness": "likeness",
    "verdict": "verdict",
    "p_value": "p-value",
    "reasons": "reasons",
}
Word = Literal["anomaly", "normal"]


def verdict(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    key: Annotated[
        str | None, Parameter(help="The record's key, as nightflag_flags has it.")
    ] = None,
    verdict: Annotated[Word | None, Parameter(help="What the record is.")] = None,
    /,
    *,
    note: Annotated[str | None, Parameter(help="Why, for those who read it later.")] = None,
    by: Annotated[str | None, Parameter(help="Who says so.")] = None,
    from_: Annotated[
        Path | None, Parameter(name="--from", help="A CSV file of verdicts, in place of one.")
    ] = None,
) -> None:
    """Say whether a flag is an anomaly or normal; without a verdict, show the flags like it."""
    found = find(Settings().monitors_folder, monitor)
    if (key is None) == (from_ is None) or (from_ and (note or by)):
        raise VerdictRefused(
            "It is not clear what is judged.",
            expected="the key of a record, or --from and a file that says all",
            mend=f"nightflag verdict {monitor} KEY anomaly, or --from FILE.csv",
        )
    with results_of(found) as results:
        if from_ is not None:
            _give(results, found, file.read(from_, found.source.key))
        elif key is not None:
            _show_similar(results, monitor, key)
            if verdict is not None:
                _give(results, found, [Verdict(key, verdict, note, by)])


def _show_similar(results: Database, monitor: str, key: str) -> None:
    if f"{monitor}_reasons" not in existing_tables(results):
        return
    with results.reading() as connection:
        rows = precedents.similar(connection, monitor, schema_of(results), key, limit=MOST_SIMILAR)
    if rows:
        print_table([asdict(row) for row in rows], COLUMNS)
    else:
        say(f"No flag of {monitor} is like {key}.")


def _give(results: Database, monitor: Monitor, given: Sequence[Verdict]) -> None:
    verdicts.give(results, monitor.name, given, now=datetime.now(UTC))
    counts = [sum(one.verdict == word for one in given) for word in ("anomaly", "normal")]
    say(
        f"Kept for {monitor.name}: {counts[0]:,} judged anomaly, {counts[1]:,} judged normal. "
        "It counts from the next night on."
    )
