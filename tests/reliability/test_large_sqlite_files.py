"""Nights on a SQLite file so large that a process of its own reads it."""

import time
from pathlib import Path

import pytest

from nightflag.databases.sqlite import LARGE
from tests.reliability.invariants import refuse_doubled, staged
from tests.reliability.payments import SECOND_NIGHT

READING = ("snapshot taken", "pulled a batch", "staged a batch")
PATIENCE = 10.0


@pytest.fixture
def watch(stages, tmp_path):
    """A watch before its second night, whose file is large."""
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    watch.execute(f"create table ballast as select zeroblob({LARGE}) as v")
    return watch


def readers(watch):
    """The processes that read the watch's file for a night."""
    words = [path.read_text() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return [one for one in words if "sqlite_reader" in one and str(watch.folder) in one]


def test_a_night_publishes_what_it_does_on_a_small_file(stages, watch):
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == stages.second_night("sqlite").published()
    assert readers(watch) == []


@pytest.mark.parametrize("place", READING)
def test_a_night_killed_while_it_reads_leaves_no_reader_and_can_be_run_again(watch, place):
    before = watch.published()
    assert watch.night(SECOND_NIGHT, place=place, nth=2).status == "killed"
    assert watch.published() == before
    end = time.monotonic() + PATIENCE
    while readers(watch) and time.monotonic() < end:
        time.sleep(0.1)
    assert readers(watch) == []
    assert watch.night(SECOND_NIGHT).status == "published"
    refuse_doubled(watch)
    assert staged(watch) == 0
