"""Deploying: what the Prefect server knows of the monitors, made equal to what their files say."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from httpx import Response
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from flows.automations import install
from flows.backfilling import backfill
from flows.changes import Change, Outcome
from flows.digesting import digest
from flows.nightly import nightly
from flows.reflagging import reflag
from flows.replaying import replay
from flows.retraining import retrain
from flows.rules import HEARTBEAT_SECONDS
from flows.schedules import schedule_of
from flows.workplaces import server_url
from nightflag.checking.installation import trouble_with_server
from nightflag.errors import SettingsError
from nightflag.monitors import Monitor

FLOWS: tuple[Flow[..., Any], ...] = (nightly, retrain, backfill, reflag, replay, digest)
TAG = "nightflag"
PAGE = 200
ENVIRONMENT = {
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
    "PREFECT_LOGGING_EXTRA_LOGGERS": "nightflag",
}


def deploy(
    monitors: Sequence[Monitor],
    *,
    work_pool: str,
    version: str,
    notify: str | None = None,
    dry_run: bool = False,
) -> list[Change]:
    """What was done, or in a dry run would be done, so that the monitors run when they say.

    Each monitor has a deployment of the flow ``nightly``, with its schedule, and one of each other
    flow without. Whether a schedule is paused is left as it is. ``notify`` names the notification
    block, as type/name, that is told what the automations notice. Raises
    :class:`MonitorError` for a schedule Prefect does not understand and :class:`SettingsError`
    for a server that does not answer.
    """
    wanted = [
        (flow, monitor.name, describe(flow, monitor, work_pool=work_pool, version=version))
        for monitor in monitors
        for flow in FLOWS
    ]
    schedules = {monitor.name: schedule_of(monitor) for monitor in monitors}
    with server() as client:
        changes = [provide_work_pool(client, work_pool, dry_run=dry_run)]
        for flow, name, description in wanted:
            schedule = schedules[name] if flow is nightly else None
            changes.append(provide(client, flow, description, schedule, dry_run=dry_run))
        return [*changes, *install(client, tag=TAG, notify=notify, dry_run=dry_run)]


def left_over(names: Collection[str]) -> list[Change]:
    """The deployments whose monitors are not among ``names``; nothing is done to them."""
    with server() as client:
        lost = [one for one in _tagged(client) if one.name not in names]
        full = [f"{client.read_flow(one.flow_id).name}/{one.name}" for one in lost]
    mend = "its monitor has no file: prefect deployment delete {}"
    return [Change(name, "left over", detail=mend.format(name)) for name in sorted(full)]


def _tagged(client: SyncPrefectClient) -> Iterator[DeploymentResponse]:
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    for offset in count(0, PAGE):
        page = client.read_deployments(deployment_filter=tagged, limit=PAGE, offset=offset)
        yield from page
        if len(page) < PAGE:
            return


@contextmanager
def server() -> Iterator[SyncPrefectClient]:
    """The Prefect server that ``PREFECT_API_URL`` names; SettingsError where it does not answer."""
    url = server_url()
    if url is None:
        raise _unreachable("No Prefect server is named to deploy to.")
    if trouble := trouble_with_server(url):
        raise _unreachable(f"The Prefect server at {url} does not answer: {trouble}")
    try:
        with get_client(sync_client=True) as client:
            yield client
    except PrefectHTTPStatusError as error:
        raise _refused(url, error.response) from error


def describe(
    flow: Flow[..., Any], monitor: Monitor, *, work_pool: str, version: str
) -> dict[str, Any]:
    """What the server is to know of the flow for this monitor, apart from the schedule."""
    return {
        "name": monitor.name,
        "version": version,
        "description": _description(flow, monitor),
        "tags": [TAG, monitor.name],
        "parameters": {"monitor": monitor.name},
        "parameter_openapi_schema": form(flow, monitor),
        "enforce_parameter_schema": True,
        "entrypoint": f"{flow.fn.__module__}.{flow.fn.__name__}",
        "pull_steps": [],
        "work_pool_name": work_pool,
        "job_variables": {"env": ENVIRONMENT},
        "concurrency_limit": 1,
        "concurrency_options": ConcurrencyOptions(
            collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
        ),
    }


def _description(flow: Flow[..., Any], monitor: Monitor) -> str:
    """What the flow does, then what is watched: Markdown in the UI."""
    what = (flow.description or "").partition("\n\n")[0]
    return f"{what}\n\n{monitor.description or f'The monitor {monitor.name}.'}"


def form(flow: Flow[..., Any], monitor: Monitor) -> dict[str, Any]:
    """The JSON schema of the flow's parameters: for this monitor alone, and no others."""
    schema = parameter_schema(flow.fn).model_dump(exclude_unset=True)
    schema["properties"]["monitor"] |= {"enum": [monitor.name], "readOnly": True}
    return {**schema, "additionalProperties": False}


def provide_work_pool(client: SyncPrefectClient, name: str, *, dry_run: bool) -> Change:
    """The work pool as it is, whatever its type; a missing one is made to run processes."""
    try:
        found = client.read_work_pool(name)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        pool = WorkPoolCreate(name=name, type="process", base_job_template=template)
        if not dry_run:
            client.create_work_pool(pool)
        return Change(f"work pool {name}", "created", detail="type process")
    return Change(f"work pool {name}", "unchanged", detail=f"type {found.type}")


def provide(
    client: SyncPrefectClient,
    flow: Flow[..., Any],
    wanted: dict[str, Any],
    schedule: CronSchedule | None,
    *,
    dry_run: bool,
) -> Change:
    """The deployment as wanted, with this schedule and no other."""
    name = f"{flow.name}/{wanted['name']}"
    try:
        found = client.read_deployment_by_name(name)
        changed = differences(found, wanted, schedule)
    except ObjectNotFound:
        found, changed = None, []
    active = found is None or not found.schedules or any(one.active for one in found.schedules)
    if not dry_run and (found is None or changed):
        schedules = [DeploymentScheduleCreate(schedule=schedule, active=active)] if schedule else []
        flow_id = client.create_flow_from_name(flow.name)
        client.create_deployment(flow_id=flow_id, schedules=schedules, **wanted)
    paused = found is not None and (found.paused or not active)
    text = f"{schedule.cron} {schedule.timezone}" if schedule else "by hand"
    outcome: Outcome = "created" if found is None else "updated" if changed else "unchanged"
    return Change(name, outcome, text + ", paused" * paused, ", ".join(changed))


def differences(
    found: DeploymentResponse, wanted: dict[str, Any], schedule: CronSchedule | None
) -> list[str]:
    """The names of what is other on the server than it is wanted."""
    changed = [name for name, value in wanted.items() if _present(found, name) != value]
    schedules = [one.schedule for one in found.schedules]
    return [*changed, "schedule"] if schedules != ([schedule] if schedule else []) else changed


def _present(found: DeploymentResponse, name: str) -> Any:
    if name == "concurrency_limit":
        limit = found.global_concurrency_limit
        return limit.limit if limit else None
    return getattr(found, name)


def _unreachable(what: str) -> SettingsError:
    return SettingsError(
        what,
        expected="a running Prefect server that PREFECT_API_URL names",
        mend="start one with `prefect server start`, then "
        "`export PREFECT_API_URL=http://127.0.0.1:4200/api`",
    )


def _refused(url: str, answer: Response) -> SettingsError:
    who = "set PREFECT_API_AUTH_STRING to the user:password the server was started with"
    what = "look into the server's log; nightflag is made for Prefect 3.8"
    return SettingsError(
        f"The Prefect server at {url} answered {answer.status_code}: {answer.text[:500]}",
        expected="a server that lets nightflag read and write deployments",
        mend=who if answer.status_code in (401, 403) else what,
    )
