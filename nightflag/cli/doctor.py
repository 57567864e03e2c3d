"""``nightflag doctor``."""

from dataclasses import asdict

from nightflag.cli.options import AsJson
from nightflag.cli.output import print_findings, print_json
from nightflag.cli.quiet import hush
from nightflag.cli.results import read_secret
from nightflag.settings import Settings

CORRECT_FIRST = 2


def doctor(*, as_json: AsJson = False) -> int:
    """Examine the installation, and give advice for each problem; values are never shown."""
    hush()
    from flows.workplaces import server_url
    from nightflag import checking

    found = checking.doctor(Settings(), server_url=server_url(), read_secret=read_secret)
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        print_findings(found)
    return CORRECT_FIRST if checking.has_problem(found) else 0
