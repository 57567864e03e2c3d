"""Digesting: one message about a night, sent when the monitor's quiet hours are over."""

from datetime import datetime

from prefect import flow, runtime
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from flows.logical_dates import plain_name
from flows.workplaces import at_work_on, read_secret
from nightflag import digests
from nightflag.reporting.names import page_of
from nightflag.runs import Run
from nightflag.settings import Settings
from nightflag.workplace import Workplace
from tasks import send_digests


@flow(name="digest", flow_run_name=plain_name)
def digest(monitor: str) -> int:
    """Send the digests of a monitor that are due and were not sent.

    Args:
        monitor: The monitor's name, as its file says.
    """
    with at_work_on(monitor) as workplace:
        workplace.prepare()
        return send_digests(workplace, read_secret=read_secret)


def tell_people(workplace: Workplace, night: Run) -> None:
    """Send the night's digest, or have it sent when the quiet hours end."""
    report = page_of(workplace.reports, night.monitor, night.as_of)
    link = Settings().link_to(report) if report.exists() else ""
    due = digests.keep(workplace, night, link)
    if due is not None and due > workplace.now():
        _later(night.monitor, due)
    if workplace.monitor.alerts is not None:
        send_digests(workplace, read_secret=read_secret)


def _later(monitor: str, due: datetime) -> None:
    """A run of the deployment ``digest`` at that moment, once; without a deployment none."""
    if runtime.deployment.id is None:
        return
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(f"digest/{monitor}")
        except ObjectNotFound:
            return
        client.create_flow_run_from_deployment(
            deployment.id,
            state=Scheduled(scheduled_time=due),
            idempotency_key=f"digest {monitor} {due.isoformat()}",
        )
