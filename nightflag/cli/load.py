"""``nightflag load``."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nightflag.cli.options import Database, Quiet, duration, moment
from nightflag.cli.output import say
from nightflag.cli.progress import progress
from nightflag.cli.results import read_secret
from nightflag.databases import connect
from nightflag.errors import SettingsError
from nightflag.settings import database_url

if TYPE_CHECKING:
    import pyarrow as pa

Name = str | None
MINUTE = timedelta(minutes=1)
WORDS = {
    "string": "text",
    "int64": "integer",
    "double": "number",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamp with time zone",
    "binary": "bytes",
}


def load(
    file: Annotated[Path, Parameter(help="The file: .csv, also compressed, or .parquet.")],
    /,
    *,
    table: Annotated[str, Parameter(help="The table to be made.")],
    database: Database = "env:NIGHTFLAG_DATABASE_URL",
    schema: Annotated[Name, Parameter(help="The table's schema.")] = None,
    key: Annotated[Name, Parameter(help="Its key columns, separated by commas.")] = None,
    number: Annotated[Name, Parameter(help="Number the records in a column of this name.")] = None,
    clock: Annotated[
        Name, Parameter(help="Make up event times in a column of this name, in the file's order.")
    ] = None,
    every: Annotated[
        timedelta, Parameter(converter=duration, n_tokens=1, help="How far apart these times are.")
    ] = MINUTE,
    until: Annotated[
        datetime | None,
        Parameter(converter=moment, n_tokens=1, help="Where these end; by default this midnight."),
    ] = None,
    header: Annotated[bool, Parameter(help="Whether the first line has the headings.")] = True,
    encoding: Annotated[str, Parameter(help="The encoding of a CSV file.")] = "utf-8",
    append: Annotated[bool, Parameter(negative="", help="Add to a table that is there.")] = False,
    replace: Annotated[bool, Parameter(negative="", help="Make a table anew.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make a table of a CSV or Parquet file, to try things out: all of it, or nothing."""
    if append and replace:
        raise SettingsError(
            "--append and --replace were both given.",
            expected="one of them, or none for a new table",
            mend="leave one out",
        )
    from nightflag.loading import Clock, Target, opened
    from nightflag.loading import load as load_file

    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    target = Target(
        table,
        schema,
        tuple(key.split(",")) if key else (),
        number,
        Clock(clock, every, until or midnight) if clock else None,
        "append" if append else "replace" if replace else "refuse",
    )
    place = connect(database_url(database, read_secret=read_secret))
    try:
        with progress(quiet=quiet) as told:
            found = opened(file, header=header, encoding=encoding, told=told)
            columns = load_file(place, found, target, told=told)
    finally:
        place.close()
    if not quiet:
        say(f"{found.records:,} records are loaded into {table}: {_described(columns)}.")
        say(f"To watch it: nightflag init --database {database} --table {table}")


def _described(columns: "pa.Schema") -> str:
    kinds = Counter(WORDS[str(kind)] for kind in columns.types)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{len(columns)} columns ({counts})"
