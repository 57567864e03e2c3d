"""``nightflag grant``."""

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter

from nightflag.cli.output import say
from nightflag.cli.results import results_of
from nightflag.monitors import Monitor, find, read_all
from nightflag.results import grants
from nightflag.settings import Settings


def grant(
    *monitors: Annotated[
        str, Parameter(help="Whose views; by default all, and those over all monitors.")
    ],
    to: Annotated[str, Parameter(help="The role, which exists already.")],
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only print the statements, for someone else to run.")
    ] = False,
) -> None:
    """Let a role of PostgreSQL read the views, and nothing else; print the statements for it."""
    folder = Settings().monitors_folder
    found = [find(folder, name) for name in monitors] or list(read_all(folder).values())
    for place, monitor in _places(found).items():
        with results_of(monitor) as results:
            chosen = [one.name for one in found if _place(one) == place] if monitors else None
            statements = grants.grants(results, to, chosen)
            if not dry_run:
                grants.grant(results, statements)
        print(*(f"{statement};" for statement in statements), sep="\n")
    say("Nothing was granted: a dry run." if dry_run else f"{to} may read these views.")


def _places(monitors: list[Monitor]) -> Mapping[tuple[str, str], Monitor]:
    """One monitor for each database and schema in which there are results."""
    return {_place(monitor): monitor for monitor in monitors}


def _place(monitor: Monitor) -> tuple[str, str]:
    return monitor.results_database, monitor.results.schema_name
