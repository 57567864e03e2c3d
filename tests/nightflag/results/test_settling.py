"""Which records are flags is settled in the database: within every limit, and again on demand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nightflag import mutes, reflagging
from nightflag.errors import MonitorError, PublicationRefused
from nightflag.mutes import Mute

NOON = "2024-05-01 12:00:00"
MORNING = datetime(2024, 5, 1, 8, tzinfo=UTC)


@pytest.fixture
def shop(database_url: str, open_shop: Any) -> Any:
    """Eight sales with p-values from 1/201 to 1/901, of two kinds in turn, and ten ordinary."""
    made = open_shop(database_url)
    made.sql(
        "create table sales (id integer, at timestamp, amount double precision, note text)",
        *(
            f"insert into sales values ({n}, '{NOON}', {n}00, '{'ab'[n % 2]}')"
            for n in range(2, 10)
        ),
        *(f"insert into sales values ({n}, '{NOON}', 5, 'c')" for n in range(10, 20)),
    )
    return made


def flagged(shop: Any) -> list[int]:
    return [row[0] for row in shop.read("select id from shop_flags order by id")]


def reflag(shop: Any, limits: dict[str, Any] | None = None, **more: Any) -> Any:
    with shop.locked() as lock:
        return reflagging.reflag(shop.workplace, lock, limits or {}, **more)


@pytest.mark.parametrize(
    ("limits", "ids"),
    [
        ({"rate": 0.01}, [2, 3, 4, 5, 6, 7, 8, 9]),
        ({"rate": 0.0025}, [4, 5, 6, 7, 8, 9]),
        ({"at_most": 3}, [7, 8, 9]),
        ({"at_most": "3 per night"}, [7, 8, 9]),
        ({"at_most": 50}, [2, 3, 4, 5, 6, 7, 8, 9]),
        ({"rate": 0.0012, "at_most": 3}, [9]),
        ({"false_discovery_rate": 0.01}, [3, 4, 5, 6, 7, 8, 9]),
        ({"false_discovery_rate": 0.01, "at_most": 2}, [8, 9]),
        ({"segments": {"column": "note", "rates": {"b": 0.0013}}}, [2, 4, 6, 8, 9]),
    ],
)
def test_a_night_flags_what_lies_within_every_limit(
    shop: Any, limits: dict[str, Any], ids: list[int]
) -> None:
    shop.alarm(**limits)
    shop.night()
    assert flagged(shop) == ids
    assert shop.read("select records_flagged from nightflag_runs") == [(len(ids),)]


def test_the_false_discovery_rate_is_that_of_benjamini_and_hochberg(shop: Any) -> None:
    """Of m = 18 records, the k smallest p-values are taken for the last k with p <= k q / m."""
    p_values = sorted([1 / (1 + 100 * n) for n in range(2, 10)] + [0.5] * 10)
    for rate in (0.0199, 0.01, 0.005, 0.003, 0.002):
        lasts = [k for k, p in enumerate(p_values, start=1) if p <= k * rate / 18]
        shop.alarm(false_discovery_rate=rate)
        shop.night() if not shop.nights else reflag(shop)
        assert len(flagged(shop)) == max(lasts, default=0)


def test_a_limit_holds_for_each_night_and_ties_are_cut_the_same_way(shop: Any) -> None:
    shop.alarm(at_most=2)
    shop.night()
    shop.sql(*(f"insert into sales values ({n}, '{NOON}', 900, 'd')" for n in range(20, 25)))
    shop.night()
    first = flagged(shop)
    assert len(first) == 4
    reflag(shop)
    assert flagged(shop) == first


def test_the_run_tells_the_promised_and_the_realised_rate(shop: Any) -> None:
    shop.alarm(rate=0.0025, at_most=3)
    shop.night()
    [(promised, realised, flags, alarm)] = shop.read(
        "select alarm_rate, realised_rate, records_flagged, alarm from nightflag_runs"
    )
    assert (promised, flags) == (0.0025, 3)
    assert realised == pytest.approx(6 / 18)
    assert alarm == '{"rate":0.0025,"at_most":3}'


def test_a_muted_record_is_scored_and_says_why_it_is_no_flag(shop: Any) -> None:
    shop.alarm(segments={"column": "note", "rates": {"z": 0.02}})
    shop.workplace.prepare()
    mute = Mute(MORNING, MORNING + timedelta(hours=5), "stocktaking", segment="a")
    mutes.add(shop.workplace.results, "shop", mute, shop.now)
    shop.night()
    assert flagged(shop) == [3, 5, 7, 9]
    assert shop.read("select id, muted from shop_scores where muted is not null order by id") == [
        (n, "stocktaking") for n in (2, 4, 6, 8)
    ]
    assert shop.read("select records_flagged, records_muted from nightflag_runs") == [(4, 4)]


def test_reflagging_decides_from_stored_scores_and_tells_what_changed(shop: Any) -> None:
    shop.night()
    before = shop.contents()
    done = reflag(shop, {"rate": 0.0025}, why="too many")
    assert flagged(shop) == [4, 5, 6, 7, 8, 9]
    assert (done.raised, done.withdrawn, done.without_reasons) == (0, 2, 0)
    history = "select id, change, why from shop_history order by id"
    assert shop.read(history) == [(2, "withdrawn", "too many"), (3, "withdrawn", "too many")]
    assert shop.read("select records_flagged, alarm_rate from nightflag_runs") == [(6, 0.0025)]
    shop.now += timedelta(hours=1)
    done = reflag(shop)
    assert (done.raised, done.withdrawn) == (2, 0)
    assert shop.contents() == before


def test_reflagging_again_changes_nothing(shop: Any) -> None:
    shop.night()
    reflag(shop, {"at_most": 3})
    before = shop.contents()
    shop.now += timedelta(hours=1)
    assert reflag(shop, {"at_most": 3}).changes == ()
    assert shop.contents() == before


def test_reflagging_leaves_earlier_nights_as_they_are(shop: Any) -> None:
    shop.night(as_of=datetime(2024, 5, 2, tzinfo=UTC))
    shop.sql(f"insert into sales values (20, '{NOON}', 200, 'd')")
    shop.night(as_of=datetime(2024, 5, 3, tzinfo=UTC))
    done = reflag(shop, {"rate": 0.0025}, since=datetime(2024, 5, 3, tzinfo=UTC))
    assert flagged(shop) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert [(change.run_id, change.withdrawn) for change in done.changes] == [(2, 1)]


def test_a_mute_of_yesterday_is_heard_by_reflagging(shop: Any) -> None:
    shop.night()
    mute = Mute(MORNING, MORNING + timedelta(days=1), "stocktaking")
    mutes.add(shop.workplace.results, "shop", mute, shop.now)
    assert reflag(shop).withdrawn == 8
    assert shop.read("select count(*) from shop_scores where muted = 'stocktaking'") == [(8,)]
    assert shop.read("select records_muted from nightflag_runs") == [(8,)]


def test_a_looser_rate_says_how_many_flags_have_no_reasons(shop: Any) -> None:
    shop.night()
    shop.sql(f"insert into sales values (20, '{NOON}', 5, 'd')")
    done = reflag(shop, {"rate": 0.5})
    assert (done.raised, done.without_reasons) == (10, 10)


def test_a_flag_that_its_source_takes_back_stands_in_the_history(shop: Any) -> None:
    shop.night()
    shop.sql("delete from sales where id = 2", "update sales set amount = 4 where id = 3")
    shop.night()
    assert shop.read("select id, change, why from shop_history order by id") == [
        (2, "withdrawn", "changed or deleted in the source"),
        (3, "withdrawn", "changed or deleted in the source"),
    ]


def test_a_lost_lock_leaves_every_flag_as_it_is(shop: Any) -> None:
    shop.night()
    before = shop.contents()
    with shop.locked() as lock:
        pass
    with pytest.raises(PublicationRefused, match="lost its lock"):
        reflagging.reflag(shop.workplace, lock, {"rate": 0.001})
    assert shop.contents() == before


@pytest.mark.parametrize("limits", [{"rate": 2.0}, {"at_most": 0}, {"rates": 0.1}])
def test_a_limit_that_cannot_be_is_refused(shop: Any, limits: dict[str, Any]) -> None:
    shop.night()
    with pytest.raises(MonitorError, match=f"alarm.{next(iter(limits))} cannot be"):
        reflag(shop, limits)
