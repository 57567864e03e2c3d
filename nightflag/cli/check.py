"""``nightflag check``."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nightflag.cli.options import AsJson, AsOf
from nightflag.cli.output import print_findings, print_json, say
from nightflag.cli.quiet import hush
from nightflag.cli.results import read_secret
from nightflag.errors import NightflagError
from nightflag.monitors import Monitor, find
from nightflag.settings import Settings

if TYPE_CHECKING:
    from nightflag.checking import Finding

CORRECT_FIRST = 2


def check(
    *monitors: Annotated[str, Parameter(help="The monitors to check; by default all.")],
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Try everything a night would need, and say exactly what it would do. Writes nothing."""
    hush()
    from nightflag import checking

    moment = as_of or datetime.now(UTC).replace(second=0, microsecond=0)
    found = [(name, _checked(monitor, moment)) for name, monitor in _chosen(monitors)]
    rows = [{"monitor": name, **asdict(one)} for name, findings in found for one in findings]
    if as_json:
        print_json(rows)
    for name, findings in [] if as_json else found:
        print_findings(findings, title=f"{name}, {moment:%Y-%m-%d %H:%M} UTC")
    if not found:
        say(f"There is no monitor in {Settings().monitors_folder}; see nightflag init.")
    everything = [one for _, findings in found for one in findings]
    return CORRECT_FIRST if checking.has_problem(everything) else 0


def _chosen(names: Sequence[str]) -> list[tuple[str, Monitor | NightflagError]]:
    from nightflag import checking

    settings = Settings()
    if not names:
        return checking.found_monitors(settings)
    found: list[tuple[str, Monitor | NightflagError]] = []
    for name in names:
        try:
            found.append((name, find(settings.monitors_folder, name)))
        except NightflagError as error:
            found.append((name, error))
    return found


def _checked(monitor: Monitor | NightflagError, as_of: datetime) -> "list[Finding]":
    from nightflag import checking
    from nightflag.checking import Finding
    from nightflag.workplace import of_monitor

    if isinstance(monitor, NightflagError):
        return [Finding("problem", "file", monitor.what, monitor.mend)]
    try:
        with of_monitor(monitor, Settings(), read_secret=read_secret) as workplace:
            return checking.check(workplace, as_of)
    except NightflagError as error:
        return [Finding("problem", "databases", error.what, error.mend)]
