"""Every command that a page shows is run here, or stands in the list of those that are not."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import psycopg
import pytest
import yaml

from nightflag.monitors import Monitor
from tests.docs.pages import BLOCK, INDENTED, ROOT, commands, do, steps
from tests.docs.tables import fill

PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deployments").rglob("*.md"),
    )
)

NOT_RUN = {
    "make *": "tests/house sees that each word exists; `make demo` alone takes minutes",
    "git clone *": "the tests run in a clone",
    "source .venv/bin/activate": "the tests run in the environment",
    "export *": "the tests set the variables",
    "prefect server start": "stays until it is stopped; tests/flows start one",
    "prefect worker start *": "stays until it is stopped; tests/flows start one",
    "prefect deployment run *": "needs a worker; tests/flows type it",
    "prefect work-pool create *": "needs a server; tests/flows type it",
    "prefect --no-prompt deploy *": "needs a server; tests/flows type it",
    "nightflag deploy": "needs a server of its own; tests/flows type it",
    "umask 077": "a setting of the shell",
    "printf *": "writes the passwords that only Docker Compose reads",
    "docker compose *": "needs Docker; tests/house hold the compose file to what there is",
    "python3.12 -m venv *": "writes into /opt, as root",
    "VIRTUAL_ENV=/opt/nightflag *": "writes into /opt, as root",
    "useradd *": "needs root",
    "install -d *": "needs root",
    "cp deployments/systemd/* *": "needs root",
    "pip install opentelemetry-*": "takes packages that nightflag does not lock",
    "OTEL_SERVICE_NAME=* *": "needs those packages",
    "dask scheduler": "stays until it is stopped; tests/flows start one",
    "dask worker *": "stays until it is stopped; tests/flows start two",
}
"""Commands that no test of a page runs, and why."""

MONITOR = """\
monitor: {name}
source: {{database: env:BANK_URL, table: payments, key: payment_id, time: paid_at}}
alarm: {{rate: 0.05}}
"""
SHUTTLE = """\
monitor: shuttle
source: {database: env:BANK_URL, table: shuttle, key: id, time: read_at, label: is_anomaly}
alarm: {rate: 0.5}  # more than a hundred flags a night
"""


@dataclass(frozen=True)
class Journey:
    """Pages that are read one after the other over one database.

    ``table`` is what tests/docs/tables.py makes, ``files`` lie in the reader's folder, and
    ``before`` says what was typed before a command of a page. SQL comes where it stands, or at last
    where a page shows the result first.
    """

    pages: tuple[str, ...]
    table: str
    files: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sql_last: bool = False

    def steps(self) -> Iterator[tuple[str, str]]:
        """What the pages say, but for commands that an earlier page said."""
        typed: set[str] = set()
        asked: list[tuple[str, str]] = []
        for page in self.pages:
            for kind, text in steps(ROOT / page):
                if kind == "sql" and self.sql_last:
                    asked.append((kind, text))
                elif kind == "sql" or (kind == "command" and text not in typed):
                    yield kind, text
            typed |= set(commands(ROOT / page))
        yield from asked


FIRST = Journey(pages=("README.md", "docs/reasons.md"), table="transactions", sql_last=True)
BANK = Journey(
    pages=("docs/command-line.md", "docs/models.md", "docs/housekeeping.md", "docs/monitor.md"),
    table="bank",
    files={
        "claims.csv": "policy_number,amount\n17,120.50\n18,80.25\n",
        "judged.csv": "key,verdict\n560,anomaly\n561,normal\n",
        "monitors/machine_temperature.yaml": MONITOR.format(name="machine_temperature"),
    },
    before={
        "nightflag check payments --as-of 2026-01-31": (
            "nightflag run payments --as-of 2026-01-05",
        ),
        "nightflag drift machine_temperature": (
            "nightflag run machine_temperature --as-of 2026-01-31",
        ),
        "nightflag recalibrate payments": ("nightflag promote payments 2 --why tested",),
    },
)
DEMO = Journey(
    pages=("docs/alarms.md", "docs/verdicts.md"),
    table="shuttle",
    files={"monitors/shuttle.yaml": SHUTTLE},
    before={
        "nightflag recalibrate shuttle": (
            "nightflag run shuttle --as-of 2026-01-09",
            "nightflag run shuttle --as-of 2026-01-10",
        ),
    },
)
ELSEWHERE = ("docs/tutorial.md", "docs/sql.md")
"""Pages with tests of their own; those of docs/how-to as well."""


def shown(pages: Iterable[str]) -> set[str]:
    return {command for page in pages for command in commands(ROOT / page)}


@pytest.fixture
def begin(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Journey, str], None]:
    """Fills the database of a journey and the reader's folder, and sets the variables."""

    def filled(journey: Journey, url: str) -> None:
        fill(url, journey.table)
        for name in ("NIGHTFLAG_DATABASE_URL", "BANK_URL"):
            monkeypatch.setenv(name, url)
        for name, text in journey.files.items():
            (home / name).write_text(text, encoding="utf-8")

    return filled


def test_what_the_readme_shows_works(begin, sqlite_url: str, home: Path, prefect_server) -> None:
    begin(FIRST, sqlite_url)
    do(FIRST.steps(), sqlite_url, home)


def test_what_the_pages_about_the_demo_show_works(
    begin, sqlite_url: str, home: Path, prefect_server
) -> None:
    begin(DEMO, sqlite_url)
    do(DEMO.steps(), sqlite_url, home, DEMO.before)


@pytest.mark.slow  # a dozen nights, and half as many trainings
def test_what_the_page_of_commands_shows_works(
    begin, postgresql_url: str, home: Path, prefect_server
) -> None:
    begin(BANK, postgresql_url)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("create role analyst")
        do(BANK.steps(), postgresql_url, home, BANK.before)
        connection.execute("drop owned by analyst")
        connection.execute("drop role analyst")


def test_every_command_is_run_or_says_why_not() -> None:
    how_to = {page for page in PAGES if page.startswith("docs/how-to/")}
    run = shown({*how_to, *FIRST.pages, *BANK.pages, *DEMO.pages, *ELSEWHERE})
    run = {command for command in run if command.startswith("nightflag ")}
    left = shown(PAGES) - run
    assert {one for one in left if not any(fnmatch(one, pattern) for pattern in NOT_RUN)} == set()
    idle = {pattern for pattern in NOT_RUN if not any(fnmatch(one, pattern) for one in left)}
    assert idle == set(), "no page shows these any more"


def test_no_command_hides_in_a_block_that_is_only_indented() -> None:
    assert {page for page in PAGES if INDENTED.search((ROOT / page).read_text())} == set()


def test_every_monitor_that_a_page_shows_whole_can_be_read() -> None:
    monitors = [
        yaml.safe_load(text)
        for page in PAGES
        for kind, text in BLOCK.findall((ROOT / page).read_text())
        if kind == "yaml" and text.startswith("monitor: ")
    ]
    names = {Monitor.model_validate(one).name for one in monitors}
    assert "transactions" in names, "the README's"
