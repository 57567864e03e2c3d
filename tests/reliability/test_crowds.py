"""A few of the crowds that `make chaos-at-once` plays by the hundred."""

import pytest

from tests.reliability.crowds import (
    Crowd,
    Crowds,
    drawn,
    wrong_ends,
    wrong_publications,
    wrong_publishers,
)
from tests.reliability.watch import Outcome

MANY_DATES = Crowd("sqlite", (0, 1, 2, 0, 1, 2, 0, 1), waits=True, first_dies_after=None)
NOBODY_WAITS = Crowd("postgresql", (1, 0, 1, 0), waits=False, first_dies_after=None)
ONE_DIES = Crowd("postgresql", (0, 0, 2), waits=True, first_dies_after=0.4)


@pytest.fixture(scope="module")
def crowds(stages, tmp_path_factory):
    return Crowds(stages, tmp_path_factory.mktemp("crowds"))


@pytest.mark.parametrize("crowd", [MANY_DATES, NOBODY_WAITS, ONE_DIES])
def test_each_date_is_published_once_by_one_process(crowds, crowd):
    outcomes, wrong = crowds.play(crowd)
    assert wrong == []
    assert len(outcomes) == len(crowd.dates)


def test_a_crowd_can_be_let_loose_again():
    assert drawn(1, 4) == drawn(1, 4)
    assert {len(drawn(1, number).dates) for number in range(100)} == {2, 3, 4, 5, 6, 7, 8}


ABOUT_TO = {"before commit": 1.0}


def test_two_publishers_of_a_date_or_none_are_seen():
    one, two = (Outcome("published", places=ABOUT_TO) for _ in range(2))
    dead, idle = Outcome("killed", places=ABOUT_TO), Outcome("published")
    assert wrong_publishers([(0, one), (0, idle), (0, dead), (1, dead), (1, idle)]) == []
    assert wrong_publishers([(0, one), (1, two), (0, two)]) == [
        "date 0 was published by 2 processes"
    ]
    assert wrong_publishers([(0, idle)]) == ["date 0 was published by 0 processes"]


def test_an_end_that_nobody_asked_for_is_seen():
    busy, full = (Outcome(error=error) for error in ("MonitorBusy", "DatabaseRefused"))
    assert wrong_ends(NOBODY_WAITS, [busy, Outcome("published")]) == []
    assert wrong_ends(MANY_DATES, [busy]) == ["refused MonitorBusy: "]
    assert wrong_ends(NOBODY_WAITS, [full]) == ["refused DatabaseRefused: "]
    assert wrong_ends(ONE_DIES, [Outcome("killed")]) == []
    assert wrong_ends(NOBODY_WAITS, [Outcome("killed")]) == [
        "1 died, and one at most was to be killed"
    ]


def test_a_record_too_many_or_too_few_is_seen(stages, tmp_path):
    watch = stages.first_night("sqlite").copy(tmp_path / "watch")
    assert wrong_publications(watch, 1) == []
    watch.execute("delete from payments_scores where payment_id = 300")
    assert "scored too many or too few: [300]" in wrong_publications(watch, 1)
    assert any(wrong.startswith("not every date is") for wrong in wrong_publications(watch, 2))
