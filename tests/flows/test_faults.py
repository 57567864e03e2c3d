"""Whatever dies, no logical date is lost and the next night starts within two minutes."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, StateType

from flows.deploying import deploy
from nightflag.databases import connect
from nightflag.runs import Run, latest
from tests.flows.conftest import Place, Server, eventually, kill, working

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# A night before the first one is refused, so each test takes later dates than the one before it.
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def wells(place: Place, server: SyncPrefectClient) -> str:
    """The name of a deployment of the monitor ``wells``."""
    deploy([place.describe("wells")], work_pool="nightflag", version="1")
    return "nightly/wells"


def started(server: SyncPrefectClient, name: str, as_of: datetime) -> FlowRun:
    """A run of the deployment, asked for."""
    deployment = server.read_deployment_by_name(name)
    parameters = {"as_of": as_of.isoformat()}
    return server.create_flow_run_from_deployment(deployment.id, parameters=parameters)


def in_state(server: SyncPrefectClient, run: FlowRun, *kinds: StateType) -> FlowRun:
    """The run, once it is in one of these states."""

    def found() -> FlowRun | None:
        present = server.read_flow_run(run.id)
        return present if present.state_type in kinds else None

    return eventually(found, seconds=300)


def end(run: FlowRun) -> None:
    """Kill the process of a run at once."""
    os.killpg(os.getpgid(int(str(run.infrastructure_pid).split(":")[-1])), signal.SIGKILL)


def nights(place: Place) -> list[Run]:
    results = connect(place.database)
    try:
        return latest(results, "wells", limit=50)
    finally:
        results.close()


def published(place: Place) -> set[datetime]:
    """The logical dates that are published."""
    return {night.as_of for night in nights(place) if night.is_published}


def seconds_until_it_starts(server: SyncPrefectClient, run: FlowRun) -> float:
    began = time.monotonic()
    in_state(server, run, StateType.RUNNING, StateType.COMPLETED)
    return time.monotonic() - began


def test_a_night_asked_for_five_times_at_once_of_two_workers_is_published_once(
    place: Place, server: SyncPrefectClient, wells: str
) -> None:
    with working(place), working(place):
        runs = [started(server, wells, TODAY - timedelta(days=8)) for _ in range(5)]
        ended = [in_state(server, run, StateType.COMPLETED, StateType.FAILED) for run in runs]
    assert [run.state_type for run in ended] == [StateType.COMPLETED] * 5
    [night] = nights(place)
    assert (night.is_published, night.attempt) == (True, 1)


@pytest.mark.parametrize(
    ("victims", "days_ago"), [("flow", 7), ("worker", 5), ("worker and flow", 3)]
)
def test_who_is_killed_loses_no_night_and_the_next_one_starts_within_two_minutes(
    place: Place, server: SyncPrefectClient, wells: str, victims: str, days_ago: int
) -> None:
    disturbed, following = (TODAY - timedelta(days=days) for days in (days_ago, days_ago - 1))
    with working(place) as worker:
        run = in_state(server, started(server, wells, disturbed), StateType.RUNNING)
        if "worker" in victims:
            kill(worker)
        if "flow" in victims:
            end(run)
        with working(place):
            following_run = started(server, wells, following)
            waited = seconds_until_it_starts(server, following_run)
            in_state(server, following_run, StateType.COMPLETED)
            in_state(server, started(server, wells, disturbed), StateType.COMPLETED)
    assert {disturbed, following} <= published(place)
    assert waited <= 120, f"the next night started after {waited:.0f} seconds"


def test_a_server_that_is_down_for_a_minute_costs_no_night(
    place: Place, server: SyncPrefectClient, server_process: Server, wells: str
) -> None:
    yesterday = TODAY - timedelta(days=1)
    with working(place):
        in_state(server, started(server, wells, yesterday), StateType.RUNNING)
        server_process.kill()
        time.sleep(60)
        server_process.start()
        following_run = started(server, wells, TODAY)
        waited = seconds_until_it_starts(server, following_run)
        in_state(server, following_run, StateType.COMPLETED)
    assert {yesterday, TODAY} <= published(place)
    assert waited <= 120, f"the next night started after {waited:.0f} seconds"
