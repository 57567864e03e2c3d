"""YAML as plain values, with the place of each, so that every later error can name its line."""

import math
from dataclasses import dataclass, field

import yaml
from yaml.constructor import SafeConstructor

from nightflag.monitors.references import redact

DEEPEST = 20
TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong in a file: where, which key, what arrived, what was expected."""

    line: int
    path: Path
    text: str

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        key = redact("".join(steps).removeprefix("."))
        key = key if key.isprintable() else repr(key)
        return f"{self.line}: {key}: {self.text}" if key else f"{self.line}: {self.text}"


@dataclass
class Document:
    """The plain values of a file, the line and spelling of each, and what cannot be read."""

    value: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    spellings: dict[Path, str] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def line(self, path: Path) -> int:
        """Return the line of the path, or of the nearest thing around it that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def complain(self, path: Path, text: str, line: int | None = None) -> None:
        """Add a complaint, by default at the line of the path."""
        self.complaints.append(Complaint(line or self.line(path), path, text))

    def build(self, node: yaml.Node, path: Path) -> object:
        """Return the plain value of a node; what cannot be read is complained of and None."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        objection = self._objection(node, path)
        if objection:
            self.complain(path, objection)
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _objection(self, node: yaml.Node, path: Path) -> str:
        if id(node) in self._seen:
            return "arrived as an alias (*name); expected the value itself, written out"
        if node.tag not in TAGS:
            return f"arrived with the tag {node.tag}; expected text, numbers, lists and mappings"
        return "arrived nested too deeply; expected something flatter" * (len(path) > DEEPEST)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            line = key_node.start_mark.line + 1
            if key is None:
                wrong = (*path, str(key_node.value)[:60])
                self.complain(wrong, "expected text as a key; put it in quotes", line)
            elif key in values:
                first = self.lines[*path, key]
                self.complain((*path, key), f"given twice, first in line {first}", line)
            else:
                self.lines[*path, key] = line
                values[key] = self.build(value_node, (*path, key))
        return values

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        is_text = node.tag == "tag:yaml.org,2002:str" and isinstance(node.value, str)
        return node.value if is_text and _is_storable(node.value) else None

    def _scalar(self, node: yaml.Node, path: Path) -> object:
        self.spellings[path] = node.value
        value, objection = _construct(node)
        if objection:
            self.complain(path, objection)
        return value


def _construct(node: yaml.Node) -> tuple[object, str]:
    """Return the value of a scalar, and what is wrong with it."""
    try:
        value: object = SafeConstructor().construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError, LookupError, AttributeError):
        return None, f"arrived {node.value[:60]!r}; expected a value that exists"
    if isinstance(value, float) and not math.isfinite(value):
        return None, f"arrived {node.value}; expected a finite number"
    if isinstance(value, str) and not _is_storable(value):
        return None, "arrived with a character that no database can store; expected plain text"
    return value, ""


def _is_storable(text: str) -> bool:
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def parse(text: str) -> Document:
    """Return the plain values of YAML text with their lines; nothing raises, all is complained of.

    Only text, numbers, truth values, dates, lists and mappings with text keys are let through;
    ``value`` is None where there is no document, and must not be used when there are complaints.
    """
    document = Document()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document.value = None if node is None else document.build(node, ())
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        document.complain((), f"not YAML: {_reason(error)}", _line_of(error, text))
    return document


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        return ", ".join(part for part in (error.context, error.problem) if part)
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return getattr(error, "reason", None) or "a character or number that does not exist"


def _line_of(error: Exception, text: str) -> int:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return int(error.problem_mark.line) + 1
    return text.count("\n", 0, getattr(error, "position", 0)) + 1
