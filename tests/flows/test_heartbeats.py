"""A night whose machine dies does not keep the next one waiting."""

import os
import signal

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, StateType

from flows.deploying import deploy
from tests.flows.conftest import Place, eventually, kill, working


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_fell_silent_is_marked_as_crashed(
    place: Place, server: SyncPrefectClient
) -> None:
    deploy([place.describe("motors")], work_pool="nightflag", version="1")
    deployment = server.read_deployment_by_name("nightly/motors")
    run = server.create_flow_run_from_deployment(deployment.id)

    def in_state(kind: StateType) -> FlowRun | None:
        found = server.read_flow_run(run.id)
        return found if found.state_type is kind else None

    with working(place) as worker:
        running = eventually(lambda: in_state(StateType.RUNNING))
        kill(worker)
        os.killpg(os.getpgid(int(str(running.infrastructure_pid).split(":")[-1])), signal.SIGKILL)
    crashed = eventually(lambda: in_state(StateType.CRASHED), seconds=240)
    assert crashed.state.message == "No heartbeat for 75 seconds."
