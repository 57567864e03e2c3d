"""Old nights go whole, once, and for good: nothing that was cleaned away is ever flagged again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from nightflag import backfilling, evaluation, reporting, runs, what_if
from nightflag.errors import MonitorBusy, ReportError, SettingsError
from nightflag.housekeeping import clean, planned
from nightflag.nights import only_run
from nightflag.reflagging import anew
from tests.nightflag.housekeeping.conftest import DAY, NIGHTS, change, keep, sell, stopped
from tests.nightflag.results.conftest import FIRST_NIGHT

TABLES = ("shop_scores", "shop_reasons", "shop_quarantine", "shop_history", "nightflag_runs")
LAST = FIRST_NIGHT + (NIGHTS - 1) * DAY


def everything(shop: Any) -> dict[str, list[Any]]:
    moments = {"cleaned_at", "scored_at", "quarantined_at", "started_at", "finished_at"}
    found = {}
    for table in (*TABLES, "nightflag_watermarks"):
        names = [name for name in shop.read_names(table) if name not in moments]
        found[table] = sorted(map(str, shop.read(f"select {', '.join(names)} from {table}")))
    return found


def ids(shop: Any, table: str) -> list[int]:
    return [key for (key,) in sorted(shop.read(f"select distinct id from shop_{table}"))]


def judge(shop: Any, key: int) -> None:
    with shop.workplace.results.writing() as connection:
        values = {"key": str(key)}
        said = (
            "insert into nightflag_verdicts (monitor, key, verdict) values ('shop', :key, 'normal')"
        )
        connection.execute(text(said), values)


def test_nothing_goes_unless_the_monitor_says_so(shop: Any) -> None:
    before = everything(shop)
    assert planned(shop.workplace) == clean(shop.workplace) == []
    assert everything(shop) == before


def test_nights_beyond_the_policy_go_with_all_their_rows_but_what_is_undated(shop: Any) -> None:
    keep(shop, scores="2 days")
    said = planned(shop.workplace)
    assert [(item.kind, item.name) for item in said] == [
        ("scores", f"2024-05-0{day} 00:00 UTC") for day in (2, 3, 4, 5)
    ]
    # Two scores, two reasons of the flagged one, one record in quarantine.
    assert {item.records for item in said} == {5}
    assert ids(shop, "scores")[:2] == [0, 1], "planning deletes nothing"
    assert clean(shop.workplace) == said
    assert ids(shop, "scores") == [40, 41, 50, 51, 60, 61]
    assert ids(shop, "reasons") == [41, 51, 61]
    assert ids(shop, "quarantine") == [42, 52, 62, 900]
    assert len(shop.read("select 1 from nightflag_runs where cleaned_at is not null")) == 4
    assert planned(shop.workplace) == clean(shop.workplace) == []


def test_records_with_a_verdict_keep_their_score_their_reasons_and_their_history(shop: Any) -> None:
    judge(shop, 11)
    told = "id, event_time, score, p_value, model_version, run_id"
    raised = f"insert into shop_history ({told}, change, why, changed_at)"
    with shop.workplace.results.writing() as connection:
        connection.execute(
            text(f"{raised} select {told}, 'raised', '', scored_at from shop_scores")
        )
    keep(shop, scores="1 day")
    clean(shop.workplace)
    assert ids(shop, "scores") == ids(shop, "history") == [11, 50, 51, 60, 61]
    assert ids(shop, "reasons") == [11, 51, 61]
    assert shop.read("select verdict from shop_flags where id = 11") == [("normal",)]


def test_no_later_night_takes_what_was_cleaned_away_for_new(shop: Any) -> None:
    change(shop, "source", look_back=2 * DAY)
    keep(shop, scores="2 days")
    clean(shop.workplace)
    kept = ids(shop, "scores")
    for as_of in (LAST - DAY / 2, LAST - 1.9 * DAY, LAST + DAY / 2):
        shop.night(as_of)
        assert ids(shop, "scores") == kept
    sell(shop, NIGHTS)
    shop.night(LAST + DAY)
    assert ids(shop, "scores") == [*kept, 70, 71]


def test_a_night_that_was_cleaned_away_is_left_as_it_is_or_refused(shop: Any) -> None:
    keep(shop, scores="2 days")
    clean(shop.workplace)
    assert shop.open(FIRST_NIGHT).is_published
    with pytest.raises(SettingsError, match="2024-05-02 12:00 UTC was cleaned away") as refused:
        shop.open(FIRST_NIGHT + DAY / 2)
    assert "flagged twice" in refused.value.what
    with pytest.raises(SettingsError, match="was cleaned away"):
        backfilling.outstanding(shop.workplace, [FIRST_NIGHT + DAY / 2])
    assert backfilling.outstanding(shop.workplace, [FIRST_NIGHT]) == []


def test_what_looks_at_published_nights_leaves_cleaned_ones_out_and_says_so(shop: Any) -> None:
    judge(shop, 11)
    keep(shop, scores="2 days")
    clean(shop.workplace)
    place = shop.workplace
    told = anew(place, {"rate": 0.5})
    assert told[-1].startswith("Nights up to 2024-05-05 00:00 UTC are left out")
    assert len(ids(shop, "flags")) == 7, "all that is kept, and the judged one as it was"
    flagged = dict(shop.read("select run_id, records_flagged from nightflag_runs"))
    assert flagged == {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 7: 2}
    assert "left out" not in " ".join(anew(place, {}, since=LAST))
    with place.results.reading() as connection:
        [seen] = what_if.outlooks(connection, place.tables, place.monitor.alarm, [0.5])
    assert len(seen.nights) == 3
    assert seen.judged.flagged == 0
    first = runs.of_date(place.results, "shop", FIRST_NIGHT + DAY)
    assert first is not None
    assert evaluation.evaluate(place, first) == ()
    with pytest.raises(ReportError, match="were cleaned away"):
        reporting.write(place, first)


@pytest.mark.parametrize("place", ["before commit", "night cleaned"])
def test_cleaning_that_is_stopped_leaves_whole_nights_and_goes_on_the_next_time(
    shop: Any, place: str
) -> None:
    keep(shop, scores="2 days", runs="3 days")
    before = everything(shop)
    stopped(shop, place, nth=2)
    gone = 1 if place == "before commit" else 2
    assert ids(shop, "scores") == [10 * day + n for day in range(gone, NIGHTS) for n in (0, 1)]
    assert [mark for (mark,) in shop.read("select cleaned_until from nightflag_watermarks")]
    assert len(everything(shop)["nightflag_runs"]) == len(before["nightflag_runs"])
    clean(shop.workplace)
    assert ids(shop, "scores") == [40, 41, 50, 51, 60, 61]
    assert len(shop.read("select 1 from nightflag_runs")) == 4
    assert planned(shop.workplace) == []


def test_runs_go_after_their_scores_and_cannot_be_run_again(shop: Any) -> None:
    with shop.workplace.results.writing() as connection:
        for run_id in (1, 7):
            figures = f"('shop', {run_id}, 'x', 1, 9, 0, 0, 1, 0, 0, 0, 0, false, '2024-05-02')"
            columns = "monitor, run_id, feature, model_version, records, psi, psi_bar, p_value"
            columns += ", missing, missing_before, unseen, unseen_before, drifted, measured_at"
            connection.execute(text(f"insert into nightflag_drift ({columns}) values {figures}"))
    keep(shop, scores="2 days", runs="3 days")
    said = planned(shop.workplace)
    assert [item.name for item in said if item.kind == "run"] == [
        f"2024-05-0{day} 00:00 UTC" for day in (2, 3, 4)
    ]
    assert clean(shop.workplace) == said
    assert shop.read("select run_id from nightflag_drift") == [(7,)]
    with pytest.raises(SettingsError, match="was cleaned away"):
        shop.open(FIRST_NIGHT)


def test_the_newest_night_and_the_newest_run_always_stay(shop: Any) -> None:
    backfilled = FIRST_NIGHT + DAY / 2
    shop.night(backfilled)
    keep(shop, scores="1 minute", runs="1 minute")
    clean(shop.workplace)
    kept = shop.read("select as_of, run_id from nightflag_runs order by run_id")
    assert [run_id for _, run_id in kept] == [7, 8]
    assert ids(shop, "scores") == [60, 61]


def test_a_night_that_goes_on_is_waited_for(shop: Any) -> None:
    keep(shop, scores="2 days")
    change(shop, "execution", lock_wait=timedelta(0))
    before = everything(shop)
    with only_run(shop.workplace), pytest.raises(MonitorBusy, match="is held by process"):
        clean(shop.workplace)
    assert everything(shop) == before
