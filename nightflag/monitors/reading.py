"""Monitor files: every mistake in them at once, each with its line."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from nightflag.errors import MonitorError
from nightflag.monitors import complaints, nodes
from nightflag.monitors.model import Monitor
from nightflag.monitors.suggestions import did_you_mean

MEND = "correct each of these lines, then run `nightflag check`"


def read(path: Path) -> Monitor:
    """Return the monitor that the file describes; raise MonitorError with all that is wrong."""
    document = _document(path)
    monitor = _monitor(document)
    if monitor is None:
        raise _refusal(_lines(path, document))
    return monitor


def read_all(directory: Path) -> dict[str, Monitor]:
    """Return the monitors of all ``*.yaml`` files by name, in the order of the file names.

    Raises MonitorError with all that is wrong in any of them, and for a name given twice.
    """
    monitors: dict[str, Monitor] = {}
    wrong: list[str] = []
    places: dict[str, str] = {}
    for path in _files(directory):
        document = _document(path)
        monitor = _monitor(document)
        if monitor is None:
            wrong += _lines(path, document)
        elif monitor.name in monitors:
            wrong.append(f"{_place(path)}: {_twice(monitor.name, places[monitor.name])}")
        else:
            monitors[monitor.name] = monitor
            places[monitor.name] = _place(path)
    if wrong:
        raise _refusal(wrong)
    return monitors


def find(directory: Path, name: str) -> Monitor:
    """Return the monitor of that name; mistakes in the files of other monitors do not matter.

    Raises MonitorError with the names that exist when there is no such monitor, or two of them.
    """
    names = {path: _name(path) for path in _files(directory)}
    files = [path for path, found in names.items() if found == name]
    if not files:
        raise _unknown(directory, name, names)
    if len(files) > 1:
        raise _refusal([f"{_place(files[1])}: {_twice(name, _place(files[0]))}"])
    return read(files[0])


def _files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise MonitorError(
            f"There is no directory {directory}.",
            expected="a directory of monitor files, *.yaml",
            mend=f"create {directory} and put a monitor file into it, or name another directory",
        )
    return sorted(path for path in directory.glob("*.yaml") if not path.name.startswith("."))


def _document(path: Path) -> nodes.Document:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MonitorError(
            f"{path}:1: the monitor file cannot be read: {error.strerror}.",
            expected="a YAML file that may be read",
            mend="name an existing file, or correct its permissions",
        ) from error
    try:
        return nodes.parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return _not_text(content.count(b"\n", 0, error.start) + 1)


def _not_text(line: int) -> nodes.Document:
    document = nodes.Document()
    document.complain((), "not text; expected YAML, saved as UTF-8", line)
    return document


def _monitor(document: nodes.Document) -> Monitor | None:
    """Return the monitor, or None and its complaints in the document."""
    try:
        monitor = Monitor.model_validate(document.value)
    except ValidationError as error:
        complaints.add(error, document)
        return None
    return None if document.complaints else _with_lines(monitor, document)


def _with_lines(monitor: Monitor, document: nodes.Document) -> Monitor:
    expectations = tuple(
        expectation.model_copy(update={"line": document.line(("expectations", index))})
        for index, expectation in enumerate(monitor.expectations)
    )
    return monitor.model_copy(update={"expectations": expectations})


def _lines(path: Path, document: nodes.Document) -> list[str]:
    found = sorted(document.complaints, key=lambda complaint: complaint.line)
    return [f"{path}:{complaint}" for complaint in found]


def _refusal(wrong: Iterable[str]) -> MonitorError:
    expected = "monitor files with the keys and values named above"
    return MonitorError("\n".join(wrong), expected=expected, mend=MEND)


def _place(path: Path) -> str:
    return f"{path}:{_document(path).line(('monitor',))}"


def _twice(name: str, first: str) -> str:
    return f"monitor: arrived {name!r}; expected a name of its own, {first} has it already"


def _name(path: Path) -> str | None:
    """Return the name a file gives its monitor, or None where it cannot be made out."""
    value = _document(path).value
    name = value.get("monitor") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _unknown(directory: Path, name: str, names: dict[Path, str | None]) -> MonitorError:
    known = sorted(found for found in names.values() if found)
    nameless = [str(path) for path, found in names.items() if not found]
    unread = f" (no name can be made out in {', '.join(nameless)})" if nameless else ""
    suggestion = did_you_mean(name, known) or f"add {directory / f'{name}.yaml'}"
    return MonitorError(
        f"There is no monitor named {name!r} in {directory}{unread}.",
        expected=f"one of {', '.join(known)}" if known else "a monitor file, *.yaml",
        mend=suggestion,
    )
