"""What people start from the UI: backfill, reflag and replay of a monitor, on a real server."""

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient

from flows.backfilling import backfill
from flows.reflagging import reflag
from flows.replaying import replay
from nightflag.databases import connect
from nightflag.runs import latest
from tests.flows.conftest import Place, shown

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST, LAST = TODAY - timedelta(days=3), TODAY - timedelta(days=1)


def test_a_stretch_is_backfilled_replayed_and_reflagged(
    at_home: Place, server: SyncPrefectClient
) -> None:
    name, artifacts = shown(server, backfill, "valves", FIRST, LAST)
    assert name == f"valves {FIRST:%Y-%m-%d} to {LAST:%Y-%m-%d}"
    assert artifacts["valves-progress"].data == 100
    results = connect(at_home.database)
    published = [run.as_of for run in latest(results, "valves", limit=9) if run.is_published]
    assert published == [LAST, LAST - timedelta(days=1), FIRST]

    name, artifacts = shown(server, reflag, "valves", rate=0.2, since=LAST, why="too few")
    assert name == f"valves since {LAST:%Y-%m-%d}"
    assert "flags raised and" in artifacts["valves-reflag"].data
    [newest, _, first] = latest(results, "valves", limit=9)
    assert (newest.alarm_rate, first.alarm_rate) == (0.2, 0.01)
    results.close()

    name, artifacts = shown(server, replay, "valves", LAST, LAST, settings=("alarm.rate=0.3",))
    assert name == f"valves {LAST:%Y-%m-%d} to {LAST:%Y-%m-%d}"
    assert '"records_scored": 48' in artifacts["valves-replay"].data
    assert "1 of 1 nights: 48 records scored" in artifacts["valves-replay-summary"].data
