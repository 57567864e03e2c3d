"""``nightflag init``."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nightflag import monitors
from nightflag.cli.failures import show
from nightflag.cli.options import Database
from nightflag.cli.output import say
from nightflag.cli.results import read_secret
from nightflag.databases import Database as Source
from nightflag.databases import connect
from nightflag.errors import NightflagError, SettingsError
from nightflag.settings import Settings, database_url

if TYPE_CHECKING:
    from nightflag.proposal import Wishes

Text = str | None


def init(
    *,
    database: Database = "env:NIGHTFLAG_DATABASE_URL",
    table: Annotated[Text, Parameter(help="The table; without it they are listed.")] = None,
    schema: Annotated[Text, Parameter(help="The table's schema.")] = None,
    name: Annotated[Text, Parameter(help="The monitor's name; by default the table's.")] = None,
    key: Annotated[Text, Parameter(help="Its key columns, separated by commas.")] = None,
    time: Annotated[Text, Parameter(help="The column of the event time.")] = None,
    label: Annotated[Text, Parameter(help="A column that says which are anomalies.")] = None,
    every_table: Annotated[
        bool, Parameter(name="--all", negative="", help="Write a monitor for every table.")
    ] = False,
    force: Annotated[bool, Parameter(negative="", help="Replace a file that is there.")] = False,
) -> int:
    """Look at a table and write its monitor, with a comment that explains each guess."""
    from nightflag.proposal import Wishes, table_names

    columns = tuple(key.split(",")) if key else ()
    source = connect(database_url(database, read_secret=read_secret))
    try:
        if every_table:
            _refuse_details(table, name, key, time, label)
            names = table_names(source, schema)
            return max(
                (_tried(source, database, Wishes(one, schema), force) for one in names), default=0
            )
        if table is None:
            _list_tables(table_names(source, schema), database)
        else:
            _write(source, database, Wishes(table, schema, name, columns, time, label), force)
    finally:
        source.close()
    return 0


def _tried(source: Source, reference: str, wishes: "Wishes", force: bool) -> int:
    """The exit code of one table among all; the others go on."""
    try:
        _write(source, reference, wishes, force)
    except NightflagError as error:
        show(error, about=wishes.table)
        return error.exit_code
    return 0


def _write(source: Source, reference: str, wishes: "Wishes", force: bool) -> None:
    from nightflag import proposal

    guesses = proposal.propose(source, reference, wishes)
    path = proposal.write(guesses, Settings().monitors_folder, replace=force)
    monitors.read(path)
    say(f"{path} is written. Read it, then: {proposal.trial(guesses)}")


def _refuse_details(*details: str | None) -> None:
    if any(details):
        raise SettingsError(
            "--all was given with what holds for one table only.",
            expected="--all alone, or --table with --name, --key, --time, --label",
            mend="write the monitors of these tables one by one, with --table",
        )


def _list_tables(names: list[str], database: str) -> None:
    print("\n".join(names) if names else "There is no table.")
    if names:
        say(f"To watch one of them: nightflag init --database {database} --table {names[0]}")
