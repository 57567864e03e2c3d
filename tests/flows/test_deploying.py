"""Monitors become deployments, and a worker runs them, on a real Prefect server."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from flows.deploying import FLOWS, deploy, left_over
from flows.workplaces import refuse_to_move
from nightflag import runs
from nightflag.databases import connect
from nightflag.errors import MonitorError, SettingsError
from nightflag.monitors import Monitor
from nightflag.runs import Run
from tests.flows.conftest import Place, eventually, reporting_to, working

NIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
PLAIN = {"string", "array", "union"}
EVERY_NIGHT = {"cron": "30 2 * * *", "time_zone": "Europe/Berlin"}


def outcomes(*monitors: Monitor, dry_run: bool = False) -> dict[str, str]:
    changes = deploy(monitors, work_pool="nightflag", version="1", dry_run=dry_run)
    return {change.name: change.outcome for change in changes}


def schedules(deployment: DeploymentResponse) -> list[tuple[str, str, bool]]:
    return [(one.schedule.cron, one.schedule.timezone, one.active) for one in deployment.schedules]


def flow_runs(server: SyncPrefectClient, name: str) -> list[FlowRun]:
    deployment = server.read_deployment_by_name(name)
    of_it = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]))
    return server.read_flow_runs(flow_run_filter=of_it)


def published(place: Place, monitor: str) -> list[Run]:
    results = connect(place.database)
    try:
        return [run for run in runs.latest(results, monitor, limit=9) if run.is_published]
    finally:
        results.close()


def scored(place: Place, night: Run) -> list[Any]:
    results = connect(place.database)
    try:
        with results.reading() as connection:
            query = f"select reading_id from {night.monitor}_scores where run_id = {night.run_id}"
            return list(connection.exec_driver_sql(query).scalars())
    finally:
        results.close()


@pytest.fixture(scope="module")
def worker(place: Place, serving: dict[Any, str]) -> Iterator[None]:
    """A worker that is started once the deployments exist and stopped when it has nothing to do."""
    with reporting_to(serving) as server:
        deploy([place.describe("readings")], work_pool="nightflag", version="1")
        with working(place):
            yield
            deploy([place.describe("readings")], work_pool="nightflag", version="1")
            eventually(lambda: all(run.state.is_final() for run in flow_runs(server, NIGHTLY)))


NIGHTLY = "nightly/readings"


def test_a_night_asked_for_by_hand_is_published(
    place: Place, server: SyncPrefectClient, worker: None
) -> None:
    asked = f"prefect deployment run {NIGHTLY} --param as_of={NIGHT:%Y-%m-%dT%H:%MZ} --watch"
    done = place.run(asked)
    assert done.returncode == 0, done.stdout + (place.folder / "worker.log").read_text()
    (night,) = [run for run in published(place, "readings") if run.as_of == NIGHT]
    assert night.records_scored == len(scored(place, night)) == 48
    (run,) = [one for one in flow_runs(server, NIGHTLY) if not one.auto_scheduled]
    assert run.name == f"readings {NIGHT:%Y-%m-%d} 00:00 UTC"
    assert (place.folder / "models" / "readings" / "1").is_dir()


def test_a_scheduled_night_stands_for_its_moment_and_makes_up_for_the_one_before(
    place: Place, server: SyncPrefectClient, worker: None
) -> None:
    def scheduled() -> list[FlowRun]:
        return [one for one in flow_runs(server, NIGHTLY) if one.auto_scheduled]

    def done() -> list[FlowRun]:
        return [one for one in scheduled() if one.state_type is StateType.COMPLETED]

    due = (datetime.now(UTC) + timedelta(seconds=80)).replace(second=0, microsecond=0)
    cron = f"{due.minute} {due.hour} * * *"
    outcomes(place.describe("readings", schedule={"cron": cron}))
    eventually(scheduled, seconds=30)
    (run, *_) = eventually(done, seconds=240)
    outcomes(place.describe("readings"))
    assert run.expected_start_time == due
    assert run.name == f"readings {due:%Y-%m-%d %H:%M} UTC"
    found = {night.as_of: night for night in published(place, "readings")}
    assert found[due].records_scored == len(scored(place, found[due])) > 0
    assert NIGHT not in found or due - timedelta(days=1) in found, "the night before was missed"


def test_a_run_tells_the_server_that_it_is_alive(server: SyncPrefectClient, worker: None) -> None:
    def heartbeats() -> list[dict[str, Any]]:
        wanted = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}}}
        ours = {f"prefect.flow-run.{run.id}" for run in flow_runs(server, NIGHTLY)}
        events = server.request("POST", "/events/filter", json=wanted).json()["events"]
        return [one for one in events if one["resource"]["prefect.resource.id"] in ours]

    if not flow_runs(server, NIGHTLY):
        server.create_flow_run_from_deployment(server.read_deployment_by_name(NIGHTLY).id)
    for event in eventually(heartbeats):
        related = {one["prefect.resource.id"] for one in event["related"]}
        assert {"prefect.tag.nightflag", "prefect.tag.readings"} <= related


def test_every_monitor_gets_its_deployments_in_a_pool_for_processes(
    place: Place, server: SyncPrefectClient
) -> None:
    outcomes(place.describe("lamps", schedule=EVERY_NIGHT, description="Lamps of the hall."))
    nightly = server.read_deployment_by_name("nightly/lamps")
    retrain = server.read_deployment_by_name("retrain/lamps")
    assert server.read_work_pool("nightflag").type == "process"
    assert schedules(nightly) == [("30 2 * * *", "Europe/Berlin", True)]
    assert schedules(retrain) == []
    for deployment in (nightly, retrain):
        assert deployment.description.endswith("\n\nLamps of the hall.")
        assert deployment.tags == ["nightflag", "lamps"]
        assert deployment.parameters == {"monitor": "lamps"}
        assert deployment.pull_steps == []
        assert str(place.folder) not in deployment.model_dump_json()
        assert deployment.global_concurrency_limit.limit == 1
        assert deployment.concurrency_options.collision_strategy == "ENQUEUE"


def test_deploying_twice_changes_nothing_and_a_dry_run_never_does(
    place: Place, server: SyncPrefectClient
) -> None:
    doors = place.describe("doors", schedule=EVERY_NIGHT)
    assert outcomes(doors, dry_run=True)["nightly/doors"] == "created"
    with pytest.raises(ObjectNotFound):
        server.read_deployment_by_name("nightly/doors")
    assert outcomes(doors)["nightly/doors"] == "created"
    before = server.read_deployment_by_name("nightly/doors")
    assert set(outcomes(doors).values()) == {"unchanged"}
    after = server.read_deployment_by_name("nightly/doors")
    assert (after.updated, after.schedules) == (before.updated, before.schedules)


def test_the_schedule_on_the_server_is_the_one_in_the_file_and_no_other(
    place: Place, server: SyncPrefectClient
) -> None:
    outcomes(place.describe("gates", schedule=EVERY_NIGHT))
    changed = outcomes(place.describe("gates", schedule={"cron": "15 3 * * 1"}))
    assert changed["nightly/gates"] == "updated"
    assert changed["retrain/gates"] == "unchanged"
    gates = server.read_deployment_by_name("nightly/gates")
    assert schedules(gates) == [("15 3 * * 1", "UTC", True)]
    outcomes(place.describe("gates"))
    assert schedules(server.read_deployment_by_name("nightly/gates")) == []


def test_a_schedule_that_a_person_paused_stays_paused(
    place: Place, server: SyncPrefectClient
) -> None:
    outcomes(place.describe("pumps", schedule=EVERY_NIGHT))
    pumps = server.read_deployment_by_name("nightly/pumps")
    server.update_deployment_schedule(pumps.id, pumps.schedules[0].id, active=False)
    outcomes(place.describe("pumps", schedule={"cron": "15 3 * * 1"}))
    pumps = server.read_deployment_by_name("nightly/pumps")
    assert schedules(pumps) == [("15 3 * * 1", "UTC", False)]


STRETCH = {"start": "2026-01-01", "end": "2026-01-03"}


@pytest.mark.parametrize(
    ("flow", "wrong"),
    [
        ("nightly", {"monitor": "payments"}),
        ("nightly", {"as_of": "yesterday"}),
        ("nightly", {"retraining": "sometimes"}),
        ("nightly", {"since": "2026-01-01"}),
        ("backfill", {"start": "2026-01-01"}),
        ("backfill", {**STRETCH, "every": "now and then"}),
        ("replay", {**STRETCH, "settings": ["alarm.rate=0.1"] * 21}),
        ("reflag", {"rate": 0.7}),
        ("reflag", {"at_most": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else list(value)[-1],
)
def test_wrong_parameters_are_refused_before_anything_starts(
    place: Place, server: SyncPrefectClient, flow: str, wrong: dict[str, Any]
) -> None:
    outcomes(place.describe("cranes"))
    cranes = server.read_deployment_by_name(f"{flow}/cranes")
    with pytest.raises(PrefectHTTPStatusError) as refusal:
        server.create_flow_run_from_deployment(cranes.id, parameters=wrong)
    assert refusal.value.response.status_code == 409
    assert flow_runs(server, f"{flow}/cranes") == []


def test_the_form_explains_every_parameter(place: Place, server: SyncPrefectClient) -> None:
    outcomes(place.describe("cranes"))
    for flow in FLOWS:
        deployment = server.read_deployment_by_name(f"{flow.name}/cranes")
        form = deployment.parameter_openapi_schema["properties"]
        assert all(field["description"] for field in form.values())
        assert {field.get("type", "union") for field in form.values()} <= PLAIN
        assert form["monitor"]["enum"] == ["cranes"]
    form = server.read_deployment_by_name("nightly/cranes").parameter_openapi_schema
    assert form["properties"]["retraining"]["enum"] == ["when due", "always", "never"]


def test_deployments_without_a_monitor_are_named_and_left_alone(
    place: Place, server: SyncPrefectClient
) -> None:
    outcomes(place.describe("ovens"))
    (place.folder / "monitors" / "ovens.yaml").unlink()
    told = place.run("nightflag deploy --dry-run --json")
    assert told.returncode == 0, told.stderr
    changes = {change["name"]: change for change in json.loads(told.stdout)}
    assert changes["nightly/ovens"]["outcome"] == "left over"
    assert "deployment delete nightly/ovens" in changes["nightly/ovens"]["detail"]
    assert server.read_deployment_by_name("nightly/ovens").name == "ovens"
    assert "nightly/ovens" not in {change.name for change in left_over({"ovens"})}


def test_a_cron_line_prefect_does_not_understand_stops_before_anything_is_deployed(
    place: Place, server: SyncPrefectClient
) -> None:
    fine, wrong = place.describe("fans"), place.describe("belts", schedule={"cron": "61 2 * * *"})
    (place.folder / "monitors" / "belts.yaml").unlink()
    with pytest.raises(MonitorError, match=r"belts: .*61 2"):
        outcomes(fine, wrong)
    assert outcomes(fine, dry_run=True)["nightly/fans"] == "created"


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/api"])
def test_without_a_server_the_error_says_what_to_type(url: str, place: Place) -> None:
    lamps = place.describe("lamps")
    with (
        temporary_settings({PREFECT_API_URL: url}),
        pytest.raises(SettingsError, match="prefect server start"),
    ):
        outcomes(lamps)


def test_a_server_that_wants_to_know_who_asks_is_told_of(
    place: Place, server: SyncPrefectClient
) -> None:
    lamps = place.describe("lamps")
    with (
        temporary_settings({PREFECT_API_AUTH_STRING: "analyst:guess"}),
        pytest.raises(SettingsError, match="PREFECT_API_AUTH_STRING") as refusal,
    ):
        outcomes(lamps)
    assert "guess" not in str(refusal.value)


def test_a_worker_with_a_relative_home_is_told_before_it_loses_a_model() -> None:
    with pytest.raises(SettingsError, match="absolute"):
        refuse_to_move(Path("models"))
    refuse_to_move(Path("/var/lib/nightflag"))
