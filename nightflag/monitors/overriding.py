"""A monitor with other settings than its file gives it, to try them."""

from collections.abc import Iterable

from pydantic import ValidationError

from nightflag.errors import MonitorError
from nightflag.monitors import complaints, nodes
from nightflag.monitors.model import Monitor


def overridden(monitor: Monitor, settings: Iterable[str]) -> Monitor:
    """The monitor with each ``key.key=value`` of the settings, the value as YAML reads it.

    ``null`` takes a setting back. Raises :class:`MonitorError` with all that is wrong.
    """
    document = nodes.Document(monitor.model_dump(mode="json"))
    for setting in settings:
        _put(document, setting)
    try:
        changed = Monitor.model_validate(document.value)
    except ValidationError as error:
        complaints.add(error, document)
    if document.complaints:
        raise _refusal(document)
    return changed


def _put(document: nodes.Document, setting: str) -> None:
    """Write the setting into the document, or complain of it there."""
    name, equals, text = setting.partition("=")
    path, given = tuple(name.strip().split(".")), nodes.parse(text)
    section = _section(document.value, path[:-1])
    if not equals:
        document.complain(path, "expected key=value")
    elif given.complaints:
        document.complain(path, given.complaints[0].text)
    elif section is None:
        document.complain(path[:-1], "has no keys of its own; set it as a whole")
    else:
        section[path[-1]] = given.value
        document.spellings[path] = given.spellings.get((), text)


def _section(section: object, path: nodes.Path) -> dict[str | int, object] | None:
    """The mapping at the path, made where nothing is there; None where something else is."""
    for key in path:
        if not isinstance(section, dict):
            return None
        if section.get(key) is None:
            section[key] = {}
        section = section[key]
    return section if isinstance(section, dict) else None


def _refusal(document: nodes.Document) -> MonitorError:
    wrong = "\n".join(str(one).partition(": ")[2] for one in document.complaints)
    return MonitorError(
        f"The monitor cannot be set to this: {wrong}",
        expected="settings such as alarm.rate=0.001 or training.every='3 days'",
        mend="correct --set; the keys are those of the monitor's file, joined by dots",
    )
