"""Nights on a SQLite file so large that a process of its own reads it."""

import time

import pytest

from tests.large_files import BALLAST, readers
from tests.reliability.invariants import refuse_doubled, staged
from tests.reliability.payments import SECOND_NIGHT

READING = ("snapshot taken", "pulled a batch", "staged a batch")
PATIENCE = 10.0


@pytest.fixture
def watch(stages, tmp_path):
    """A watch before its second night, whose file is large."""
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    watch.execute(BALLAST)
    return watch


def test_a_night_publishes_what_it_does_on_a_small_file(stages, watch):
    assert watch.night(SECOND_NIGHT).status == "published"
    assert watch.published() == stages.second_night("sqlite").published()
    assert readers(watch.folder) == []


@pytest.mark.parametrize("place", READING)
def test_a_night_killed_while_it_reads_leaves_no_reader_and_can_be_run_again(watch, place):
    before = watch.published()
    assert watch.night(SECOND_NIGHT, place=place, nth=2).status == "killed"
    assert watch.published() == before
    end = time.monotonic() + PATIENCE
    while readers(watch.folder) and time.monotonic() < end:
        time.sleep(0.1)
    assert readers(watch.folder) == []
    assert watch.night(SECOND_NIGHT).status == "published"
    refuse_doubled(watch)
    assert staged(watch) == 0
