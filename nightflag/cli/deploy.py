"""``nightflag deploy``."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from nightflag.cli import version
from nightflag.cli.options import AsJson
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.quiet import hush
from nightflag.errors import MonitorError
from nightflag.monitors import Monitor, find, read_all
from nightflag.settings import Settings

COLUMNS = {"name": "on the server", "outcome": "", "schedule": "schedule", "detail": "detail"}


def deploy(
    *monitors: Annotated[str, Parameter(help="The monitors to deploy; by default all.")],
    work_pool: Annotated[
        str, Parameter(help="Whose workers run them; a missing one is created, for processes.")
    ] = "nightflag",
    notify: Annotated[
        str | None,
        Parameter(
            help="The Prefect notification block that is told of failed, late and odd nights, as "
            "type/name; by default the one told until now."
        ),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only say what would change on the server.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the Prefect server to run the monitors on their schedules."""
    chosen = _chosen(monitors)
    hush()
    from flows import deploying

    changes = deploying.deploy(
        chosen, work_pool=work_pool, version=version(), notify=notify, dry_run=dry_run
    )
    if not monitors:
        changes += deploying.left_over({monitor.name for monitor in chosen})
    rows = [asdict(change) for change in changes]
    if as_json:
        print_json(rows)
        return
    print_table(rows, COLUMNS)
    if dry_run:
        say("This was a dry run: nothing was changed.")
    else:
        command = f"prefect worker start --pool {work_pool}"
        say(f"To run them, on a machine that reaches the databases: {command}")


def _chosen(names: Sequence[str]) -> list[Monitor]:
    folder = Settings().monitors_folder
    chosen = [find(folder, name) for name in names] or list(read_all(folder).values())
    if not chosen:
        raise MonitorError(
            f"There is no monitor in {folder}.",
            expected="at least one file, *.yaml, that describes one",
            mend="write the first one: nightflag init --database env:NAME --table TABLE",
        )
    return chosen
