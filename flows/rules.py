"""Rules: what the Prefect server does by itself about runs and events of nightflag."""

from datetime import timedelta
from typing import Any

from prefect.automations import (
    AutomationCore,
    ChangeFlowRunState,
    DoNothing,
    EventTrigger,
    Posture,
    ResourceSpecification,
    SendNotification,
)
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes

from flows.events import JUMPED, REFUSED

HEARTBEAT_SECONDS = 30
SILENT_SECONDS = 75
LATE = timedelta(minutes=30)
HEARTBEAT = "prefect.flow-run.heartbeat"
BEGIN = "prefect.flow-run.Running"  # a run may die before its first heartbeat
BAD_ENDS = {f"prefect.flow-run.{state}" for state in ("Failed", "TimedOut", "Crashed")}
ENDS = {"prefect.flow-run.Completed", "prefect.flow-run.Cancelled", *BAD_ENDS}
SUBJECT = "{{ automation.name }}"
BODY = (
    "{{ automation.description }}\n"
    "{{ flow_run.name }}: {{ event.payload.what or flow_run.state.message }}\n"
    "{{ flow_run|ui_url }}"
)


def silent_runs(tag: str) -> AutomationCore:
    """A run with this tag that began, did not end and fell silent has crashed."""
    message = f"No heartbeat for {SILENT_SECONDS} seconds."
    return AutomationCore(
        name="nightflag: runs without a heartbeat have crashed",
        description=f"A run without a heartbeat for {SILENT_SECONDS} s has crashed.",
        trigger=_runs(
            tag,
            after={BEGIN, HEARTBEAT},
            expect={HEARTBEAT, *ENDS},
            posture=Posture.Proactive,
            within=timedelta(seconds=SILENT_SECONDS),
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=message)],
    )


def missed_nights(tag: str) -> AutomationCore:
    """A run with this tag that is late, and half an hour later has not begun, is told of."""
    return AutomationCore(
        name="nightflag: a night has not begun",
        description=f"A run is {LATE.seconds // 60} minutes late: is the worker alive?",
        trigger=_runs(
            tag,
            after={"prefect.flow-run.Late"},
            expect={BEGIN, *ENDS},
            posture=Posture.Proactive,
            within=LATE,
        ),
        actions=[DoNothing()],
    )


def bad_ends(tag: str) -> AutomationCore:
    """A run with this tag that failed or crashed is told of."""
    return AutomationCore(
        name="nightflag: a run failed",
        description="A run did not end well; its log says why and how to mend it.",
        trigger=_runs(tag, expect=BAD_ENDS, posture=Posture.Reactive),
        actions=[DoNothing()],
    )


def odd_nights(_tag: str) -> AutomationCore:
    """A night whose alarm rate jumped, or that a guard refused, is told of."""
    return AutomationCore(
        name="nightflag: a night is odd",
        description="Many times more records are unusual than promised, or a guard refused them.",
        trigger=EventTrigger(
            expect={JUMPED, REFUSED},
            match=ResourceSpecification({"prefect.resource.id": "nightflag.monitor.*"}),
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[DoNothing()],
    )


RULES = (silent_runs, missed_nights, bad_ends, odd_nights)


def telling(rule: AutomationCore, block: Any) -> list[ActionTypes]:
    """The actions of the rule when the notification block of that id is to be told."""
    if rule.actions != [DoNothing()]:
        return list(rule.actions)
    return [SendNotification(block_document_id=block, subject=SUBJECT, body=BODY)]


def _runs(tag: str, **trigger: Any) -> EventTrigger:
    """A trigger for each flow run with the tag, that fires at the first time."""
    return EventTrigger(
        match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
        match_related=ResourceSpecification(
            {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
        ),
        for_each={"prefect.resource.id"},
        threshold=1,
        **trigger,
    )
