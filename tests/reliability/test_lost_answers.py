"""A publication whose COMMIT was carried out, and whose answer never came."""

import pytest

from nightflag import models, nights, runs
from nightflag.errors import DatabaseUnreachable
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows
from tests.reliability.lost_answers import lossy

SCORES = "select count(*), count(distinct payment) from payments_scores"


@pytest.fixture
def workplace(postgresql_url, tmp_path):
    """A night that was published, and does not know."""
    with at_work(postgresql_url, tmp_path) as near:
        fill(near, records(300, frauds=5))
    with lossy(postgresql_url) as line, at_work(line.url, tmp_path) as far:
        with pytest.raises(DatabaseUnreachable):
            publish(far)
        assert len(line.swallowed) == 1
        yield far


def test_the_retry_of_the_step_finds_it_published(workplace):
    night = runs.of_date(workplace.results, "payments", NIGHT)
    entry = models.champion(workplace.results, "payments")
    with nights.only_run(workplace) as lock:
        again = nights.publish(workplace, night, entry, [], warnings=(), lock=lock)
    assert again == night
    assert again.is_published


def test_the_rerun_of_the_night_leaves_it_as_it_is(workplace):
    before = rows(workplace, "select * from payments_scores order by payment")
    assert publish(workplace).is_published
    assert rows(workplace, SCORES) == [(300, 300)]
    assert rows(workplace, "select * from payments_scores order by payment") == before
