"""Pydantic's findings in the words of a person who writes monitor files."""

import re
from datetime import timedelta
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nightflag.monitors.model import Monitor
from nightflag.monitors.nodes import Document, Path
from nightflag.monitors.references import redact
from nightflag.monitors.section import Section
from nightflag.monitors.suggestions import did_you_mean

EXPECTED = {
    "string_type": "expected text; put it in quotes",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "dict_type": "expected a mapping of keys to values",
    "model_type": "expected a mapping of keys to values",
    "tuple_type": "expected a list",
}
WORDING = {
    "Input should be ": "expected a value ",
    "String should match pattern ": "expected text that matches ",
    "String should have ": "expected text with ",
    "Tuple should have ": "expected a list with ",
}
KINDS = {bool: "a truth value", int: "a number", float: "a number", timedelta: "a duration"}
LONGEST_QUOTE = 60


def add(error: ValidationError, document: Document) -> None:
    """Add to the document a complaint for each finding about a value that could be read."""
    unread = {complaint.path for complaint in document.complaints}
    for finding in error.errors(include_url=False):
        path = finding["loc"]
        if not any(path[:length] in unread for length in range(len(path) + 1)):
            document.complain(path, _text(finding, document))


def _text(finding: ErrorDetails, document: Document) -> str:
    if finding["type"] == "missing":
        return "missing; this key is required"
    if finding["type"] == "extra_forbidden":
        return f"unknown key; {_advice(finding['loc'])}"
    return f"arrived {_arrived(finding, document)}; {_expected(finding)}"


def _advice(path: Path) -> str:
    key, keys = str(path[-1]), _keys(path[:-1])
    homes = [name for name in Monitor.yaml_keys() if path[0] != name and key in _keys((name,))]
    if homes:
        return f"expected under {' or '.join(homes)}"
    return did_you_mean(key, keys) or f"expected one of {', '.join(keys)}"


def _keys(path: Path) -> tuple[str, ...]:
    section: type[Section] | None = Monitor
    for key in path:
        section = _section(section, str(key)) if section else None
    return section.yaml_keys() if section else ()


def _section(parent: type[Section], key: str) -> type[Section] | None:
    """The kind of section that the parent holds under this key, if it is one."""
    if key not in parent.model_fields:
        return None
    annotation = parent.model_fields[key].annotation
    kinds = (annotation, *get_args(annotation))
    return next((one for one in kinds if isinstance(one, type) and issubclass(one, Section)), None)


def _arrived(finding: ErrorDetails, document: Document) -> str:
    value = finding["input"]
    if value is None:
        return "nothing"
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(_short(redact(value)))
    spelling = document.spellings.get(finding["loc"], str(value))
    return f"{_short(spelling)} ({KINDS.get(type(value), 'a date')})"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."


def _expected(finding: ErrorDetails) -> str:
    context = finding.get("ctx", {})
    if finding["type"] == "value_error":
        return str(context["error"])
    if finding["type"] == "literal_error":
        return _one_of(str(finding["input"]), str(context["expected"]))
    message = EXPECTED.get(finding["type"], finding["msg"])
    for theirs, ours in WORDING.items():
        message = message.replace(theirs, ours)
    return message


def _one_of(word: str, choices: str) -> str:
    suggestion = did_you_mean(word, re.findall(r"'([^']*)'", choices))
    return f"expected {choices}; {suggestion}".removesuffix("; ")
