"""Automations: the rules as they are installed on the Prefect server."""

from typing import Any
from uuid import UUID

from prefect.automations import AutomationCore, DoNothing
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound

from flows.changes import Change
from flows.rules import RULES, telling
from nightflag.errors import SettingsError


def install(
    client: SyncPrefectClient, *, tag: str, notify: str | None, dry_run: bool
) -> list[Change]:
    """What was done so that every rule is there; one that a person switched off stays off.

    ``notify`` names the notification block that is told, as ``type/name``; None leaves the actions
    of the rules that are there as they are.
    """
    block = _block(client, notify) if notify else None
    return [_provide(client, rule(tag), block, dry_run=dry_run) for rule in RULES]


def _provide(
    client: SyncPrefectClient, rule: AutomationCore, block: UUID | None, *, dry_run: bool
) -> Change:
    found = next(iter(client.read_automations_by_name(rule.name)), None)
    wanted = rule
    if block is not None:
        wanted = rule.model_copy(update={"actions": telling(rule, block)})
    elif found is not None and rule.actions == [DoNothing()]:
        wanted = rule.model_copy(update={"actions": found.actions})
    name, detail = f"automation {rule.name.removeprefix('nightflag: ')}", _told(wanted)
    if found is None:
        if not dry_run:
            client.create_automation(wanted)
        return Change(name, "created", detail=detail)
    wanted = wanted.model_copy(update={"enabled": found.enabled})
    if comparable(found) == comparable(wanted):
        return Change(name, "unchanged", detail=detail)
    if not dry_run:
        client.update_automation(found.id, wanted)
    return Change(name, "updated", detail=detail)


def comparable(rule: AutomationCore) -> dict[str, Any]:
    """The rule without what the server adds to it; its events as sets, for they have no order."""
    names = {"description", "trigger", "actions"}
    return rule.model_dump(include=names, exclude={"trigger": {"id"}})


def _told(rule: AutomationCore) -> str:
    silent = rule.actions == [DoNothing()]
    return f"{rule.description} Tells nobody: --notify" if silent else str(rule.description)


def _block(client: SyncPrefectClient, notify: str) -> UUID:
    kind, _, name = notify.partition("/")
    try:
        block = client.read_block_document_by_name(name, kind)
    except ObjectNotFound as error:
        raise SettingsError(
            f"There is no Prefect block {notify!r}.",
            expected="a notification block as type/name, such as slack-webhook/night-shift",
            mend="create it in the UI under Blocks, or correct --notify",
        ) from error
    return block.id
