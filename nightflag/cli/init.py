"""``nightflag init``."""

from typing import Annotated

from cyclopts import Parameter

from nightflag import monitors, proposal
from nightflag.cli.options import Database
from nightflag.cli.output import say
from nightflag.cli.results import read_secret
from nightflag.databases import connect
from nightflag.proposal import Wishes
from nightflag.settings import Settings, database_url

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
    force: Annotated[bool, Parameter(negative="", help="Replace a file that is there.")] = False,
) -> None:
    """Look at a table and write its monitor, with a comment that explains each guess."""
    source = connect(database_url(database, read_secret=read_secret))
    try:
        if table is None:
            _list_tables(proposal.table_names(source, schema), database)
            return
        columns = tuple(key.split(",")) if key else ()
        wishes = Wishes(table, schema, name, columns, time, label)
        guesses = proposal.propose(source, database, wishes)
    finally:
        source.close()
    path = proposal.write(guesses, Settings().monitors_folder, replace=force)
    say(f"{path} is written. Read it, then: nightflag check {monitors.read(path).name}")


def _list_tables(names: list[str], database: str) -> None:
    print("\n".join(names) if names else "There is no table.")
    if names:
        say(f"To watch one of them: nightflag init --database {database} --table {names[0]}")
