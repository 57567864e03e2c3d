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
from tests.flows.conftest import Place, eventually, kill, working

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

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


def test_a_night_asked_for_five_times_at_once_of_two_workers_is_published_once(
    place: Place, server: SyncPrefectClient, wells: str
) -> None:
    with working(place), working(place):
        runs = [started(server, wells, TODAY - timedelta(days=3)) for _ in range(5)]
        ended = [in_state(server, run, StateType.COMPLETED, StateType.FAILED) for run in runs]
    assert [run.state_type for run in ended] == [StateType.COMPLETED] * 5
    [night] = nights(place)
    assert (night.is_published, night.attempt) == (True, 1)


def test_worker_and_flow_are_killed_and_the_next_night_starts_within_two_minutes(
    place: Place, server: SyncPrefectClient, wells: str
) -> None:
    killed, following = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
    with working(place) as worker:
        run = in_state(server, started(server, wells, killed), StateType.RUNNING)
        kill(worker)
        end(run)
    began = time.monotonic()
    with working(place):
        following_run = started(server, wells, following)
        in_state(server, following_run, StateType.RUNNING, StateType.COMPLETED)
        waited = time.monotonic() - began
        in_state(server, following_run, StateType.COMPLETED)
        again = in_state(server, started(server, wells, killed), StateType.COMPLETED)
    assert again.name.endswith("00:00 UTC")
    assert {killed, following} <= {night.as_of for night in nights(place) if night.is_published}
    assert waited <= 120, f"the next night started after {waited:.0f} seconds"
