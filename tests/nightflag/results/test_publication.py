"""A night is published whole, once, and beside the source's own keys; or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from nightflag.errors import PublicationRefused, SourceError
from nightflag.results.staging import Counts

NOON = "2024-05-01 12:00:00"


def flags(shop: Any) -> list[Any]:
    return sorted(shop.read("select id, reasons from shop_flags"))


def test_every_record_read_is_scored_or_quarantined(shop: Any) -> None:
    shop.night()
    assert shop.reported == [Counts(read=4, scored=3, quarantined=1)]
    assert sorted(shop.read("select id, score, is_anomaly from shop_scores")) == [
        (1, 5.0, False),
        (2, 6.0, False),
        (3, 999.0, True),
    ]
    assert shop.read("select id, rule, column_name, value from shop_quarantine") == [
        (4, "amount_is_known", "amount", None)
    ]


def test_the_run_says_what_it_came_to(shop: Any) -> None:
    shop.night()
    counts = "records_read, records_scored, records_quarantined, records_flagged, records_retracted"
    assert shop.read(f"select status, model_version, {counts} from nightflag_runs") == [
        ("published", 1, 4, 3, 1, 1, 0)
    ]


def test_staging_is_replaced_by_the_next_night_and_never_read_twice(shop: Any) -> None:
    shop.night()
    before = shop.contents()
    assert shop.night() == 0
    assert shop.reported[-1] == Counts()
    assert shop.contents() == before


def test_publishing_the_same_staged_rows_again_changes_nothing(shop: Any) -> None:
    shop.sql(f"insert into sales values (null, '{NOON}', 7, 'no key')")
    night, counts = shop.staged()
    shop.publish(night, counts)
    before = shop.contents()
    shop.publish(shop.open(), counts)
    assert shop.contents() == before
    assert len(before["quarantine"]) == 2


@pytest.mark.parametrize(
    ("change", "scored", "flagged", "quarantined", "retracted"),
    [
        ("update sales set amount = 998 where id = 3", [1, 2, 3], [3], [4], 0),
        ("update sales set amount = 4 where id = 3", [1, 2, 3], [], [4], 0),
        ("update sales set amount = 998 where id = 1", [1, 2, 3], [1, 3], [4], 0),
        ("update sales set amount = null where id = 3", [1, 2], [], [3, 4], 0),
        ("update sales set amount = 7 where id = 4", [1, 2, 3, 4], [3], [], 0),
        ("update sales set note = 'z' where id = 4", [1, 2, 3], [3], [4], 0),
        ("update sales set at = null where id = 3", [1, 2], [], [3, 4], 0),
        ("update sales set id = 30 where id = 3", [1, 2, 30], [30], [4], 1),
        ("delete from sales where id in (3, 4)", [1, 2], [], [], 2),
    ],
)
def test_what_changed_supersedes_what_was_published(
    shop: Any,
    change: str,
    scored: list[int],
    flagged: list[int],
    quarantined: list[int],
    retracted: int,
) -> None:
    shop.night()
    shop.sql(change)
    assert shop.night() == retracted
    assert sorted(shop.read("select id from shop_scores")) == [(key,) for key in scored]
    assert sorted(shop.read("select id from shop_quarantine")) == [(key,) for key in quarantined]
    reasons = shop.read("select id, rank from shop_reasons")
    assert sorted(reasons) == [(key, rank) for key in flagged for rank in (1, 2)]
    assert [key for key, _ in flags(shop)] == flagged


def test_an_undated_record_is_quarantined_once_and_scored_when_it_is_dated(shop: Any) -> None:
    shop.sql("insert into sales values (5, null, 7, 'when?')")
    shop.night()
    shop.night()
    assert shop.reported[-1] == Counts()
    shop.sql(f"update sales set at = '{NOON}' where id = 5")
    shop.night()
    assert shop.reported[-1] == Counts(read=1, scored=1)
    assert shop.read("select id from shop_quarantine") == [(4,)]


def test_a_correction_shows_its_new_score_and_run(shop: Any) -> None:
    shop.night()
    shop.sql("update sales set amount = 998 where id = 3")
    shop.night()
    scores = shop.read("select id, score, run_id from shop_scores")
    assert sorted(scores) == [(1, 5.0, 1), (2, 6.0, 1), (3, 998.0, 2)]


def test_deleted_records_are_retracted_and_counted(shop: Any) -> None:
    shop.night()
    shop.sql("delete from sales where id in (1, 4)")
    assert shop.night() == 2
    assert shop.read("select max(records_retracted) from nightflag_runs") == [(2,)]


def test_nothing_is_retracted_outside_the_window(shop: Any) -> None:
    for day in (2, 4, 6):
        shop.night(datetime(2024, 5, day, tzinfo=UTC))
    shop.sql("delete from sales")
    assert shop.night(datetime(2024, 5, 7, tzinfo=UTC)) == 0, "its window starts on 5 May"
    assert len(shop.read("select id from shop_scores")) == 3


@pytest.mark.parametrize(("key", "amount"), [(1, "8"), (1, "null"), (4, "8"), (4, "null")], ids=str)
@pytest.mark.parametrize("later", [False, True], ids=["in one night", "after one was published"])
def test_a_key_that_stands_twice_is_refused_by_name(
    shop: Any, key: int, amount: str, later: bool
) -> None:
    shop.workplace.prepare()
    if later:
        shop.night()
    shop.sql(f"insert into sales values ({key}, '{NOON}', {amount}, 'again')")
    before = shop.contents()
    with pytest.raises(SourceError, match=rf"key \(id\) does not identify .*\({key}\) 2 times"):
        shop.night()
    assert shop.contents() == before


def test_records_without_a_key_are_all_quarantined(shop: Any) -> None:
    for note in ("e", "f"):
        shop.sql(f"insert into sales values (null, '{NOON}', 5, '{note}')")
    shop.night()
    assert len(shop.read("select 1 from shop_quarantine where id is null")) == 2
    shop.night()
    assert len(shop.read("select 1 from shop_quarantine where id is null")) == 2
    shop.sql("delete from sales where note = 'e'")
    assert shop.night() == 1
    assert len(shop.read("select 1 from shop_quarantine where id is null")) == 1


def test_rows_that_went_missing_from_staging_stop_the_night(shop: Any) -> None:
    night, counts = shop.staged()
    shop.clear()
    refused(shop, night, counts, "3 scored, 1 quarantined, and 0 scores are staged")


def test_records_that_are_not_accounted_for_stop_the_night(shop: Any) -> None:
    night, counts = shop.staged()
    refused(shop, night, counts + Counts(read=1), "5 records were read")


def test_a_lock_that_was_lost_stops_the_night(shop: Any) -> None:
    night, counts = shop.staged()
    with shop.locked() as lock, shop.workplace.results.writing() as connection:
        connection.execute(text("delete from nightflag_locks"))
    refused(shop, night, counts, "lost its lock on the night of shop", lock=lock)


def test_a_run_that_is_published_is_not_published_again(shop: Any) -> None:
    night, counts = shop.staged()
    shop.publish(night, counts)
    refused(shop, night, counts, "Run 1 of shop is not running any more")


def refused(shop: Any, night: Any, counts: Counts, why: str, **lock: Any) -> None:
    before = shop.contents(), shop.read("select scored_until from nightflag_watermarks")
    with pytest.raises(PublicationRefused, match=why):
        shop.publish(night, counts, **lock)
    after = shop.contents(), shop.read("select scored_until from nightflag_watermarks")
    assert after == before


def test_a_users_own_tables_are_not_touched(shop: Any) -> None:
    shop.sql("create table shop_notes (v integer)", "insert into shop_notes values (1)")
    before = {name: shop.sql(f"select * from {name}") for name in ("sales", "shop_notes")}
    shop.night()
    shop.night()
    assert {name: shop.sql(f"select * from {name}") for name in before} == before


def test_reasons_are_read_in_the_order_of_their_rank(shop: Any) -> None:
    shop.night()
    assert flags(shop) == [(3, "amount = 999 (expected 5); note = missing (expected x)")]
