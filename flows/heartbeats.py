"""Heartbeats: a run whose machine died is marked as crashed, so that the next one can start."""

from datetime import timedelta
from typing import Any

from prefect.automations import (
    AutomationCore,
    ChangeFlowRunState,
    EventTrigger,
    Posture,
    ResourceSpecification,
)
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType

from flows.changes import Change

HEARTBEAT_SECONDS = 30
SILENT_SECONDS = 90
NAME = "nightflag: runs without a heartbeat have crashed"
DETAIL = f"a run without a heartbeat for {SILENT_SECONDS} s has crashed"
HEARTBEAT = "prefect.flow-run.heartbeat"
BEGIN = "prefect.flow-run.Running"  # a run may die before its first heartbeat
ENDS = ("Completed", "Failed", "TimedOut", "Crashed", "Cancelled")


def automation(tag: str) -> AutomationCore:
    """The rule: a run with this tag that began, did not end and fell silent has crashed."""
    return AutomationCore(
        name=NAME,
        description="Installed by nightflag deploy.",
        trigger=EventTrigger(
            after={BEGIN, HEARTBEAT},
            expect={HEARTBEAT, *(f"prefect.flow-run.{state}" for state in ENDS)},
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=SILENT_SECONDS),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, message=f"No heartbeat for {SILENT_SECONDS} seconds."
            )
        ],
    )


def watch_heartbeats(client: SyncPrefectClient, *, tag: str, dry_run: bool) -> Change:
    """The automation as wanted; one that a person has switched off stays off."""
    wanted = automation(tag)
    found = next(iter(client.read_automations_by_name(NAME)), None)
    if found is None:
        if not dry_run:
            client.create_automation(wanted)
        return Change("automation", "created", detail=DETAIL)
    wanted = wanted.model_copy(update={"enabled": found.enabled})
    if comparable(found) == comparable(wanted):
        return Change("automation", "unchanged", detail=DETAIL)
    if not dry_run:
        client.update_automation(found.id, wanted)
    return Change("automation", "updated", detail=DETAIL)


def comparable(rule: AutomationCore) -> dict[str, Any]:
    """The rule without what the server adds to it; its events as sets, for they have no order."""
    names = {"description", "trigger", "actions"}
    return rule.model_dump(include=names, exclude={"trigger": {"id"}})
