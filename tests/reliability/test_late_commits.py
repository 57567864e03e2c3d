"""No record is lost to a transaction that was open during its night, and older when it commits.

SQLite has one writer at a time, so nothing can commit there behind a night's back.
"""

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests.reliability.payments import DAYS, FIRST_NIGHT, PAYMENTS, SECOND_NIGHT, pay, payments
from tests.reliability.watch import psycopg

SLOW_TILL = 800
TWO_HOURS_EARLIER = {"payment_id": SLOW_TILL, "paid_at": payments(DAYS - 1)[-4]["paid_at"]}


def test_what_commits_after_its_night_was_published_is_scored_by_the_next(stages, tmp_path):
    watch = stages.trained("postgresql").copy(tmp_path / "watch")
    engine = sa.create_engine(psycopg(watch.url), poolclass=NullPool)
    with engine.connect() as till, till.begin():
        till.execute(PAYMENTS.insert(), [{**payments(0)[0], **TWO_HOURS_EARLIER}])
        assert watch.night(FIRST_NIGHT).status == "published"
        assert watch.published() == stages.first_night("postgresql").published()
    pay(watch, payments(DAYS))
    assert watch.night(SECOND_NIGHT).status == "published"
    query = "select run_id, event_time from payments_scores where payment_id = {}"
    [late] = watch.rows(query.format(SLOW_TILL))
    assert late["event_time"].replace(tzinfo=None) == TWO_HOURS_EARLIER["paid_at"]
    [first_of_second_night] = watch.rows(query.format(payments(DAYS)[0]["payment_id"]))
    assert late["run_id"] == first_of_second_night["run_id"]
