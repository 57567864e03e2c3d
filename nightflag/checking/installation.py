"""What the installation has and lacks, on this machine and for this user."""

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from packaging.requirements import Requirement
from sqlalchemy import text

from nightflag.checking import places
from nightflag.checking.finding import Finding, tried
from nightflag.checking.monitor import refuse_missing_file
from nightflag.databases import connect
from nightflag.errors import MonitorError, NightflagError
from nightflag.monitors import Monitor, find, read
from nightflag.results.reading import file_of
from nightflag.settings import ReadSecret, Settings, database_url

VARIABLES = (
    "NIGHTFLAG_HOME",
    "NIGHTFLAG_MONITORS",
    "NIGHTFLAG_MODELS",
    "PREFECT_API_URL",
    "PREFECT_HOME",
)
SECONDS_TO_ANSWER = 5
FROM_SOURCE = "nightflag runs from its source folder, so its requirements are not on record."


def doctor(settings: Settings, *, server_url: str | None, read_secret: ReadSecret) -> list[Finding]:
    """Python, libraries, folders, variables (never their values), the server and each monitor."""
    monitors = found_monitors(settings)
    readable = [monitor for _, monitor in monitors if isinstance(monitor, Monitor)]
    return [
        *_libraries(),
        *tried("folders", _folders(settings)),
        *_variables(readable),
        _server(server_url),
        *_monitors(settings, monitors, read_secret),
    ]


def _folders(settings: Settings) -> Iterator[Finding]:
    yield from places.folders((settings.models_folder, settings.reports_folder), write=True)


def found_monitors(settings: Settings) -> list[tuple[str, Monitor | NightflagError]]:
    """Every monitor file's name, with the monitor in it or what is wrong with it; maybe none."""
    paths = sorted(settings.monitors_folder.glob("*.yaml"))
    found: list[tuple[str, Monitor | NightflagError]] = []
    for path in paths:
        try:
            monitor = find(settings.monitors_folder, read(path).name)
            found.append((monitor.name, monitor))
        except MonitorError as error:
            found.append((path.name, error))
    return found


def _libraries() -> Iterator[Finding]:
    python = platform.python_version()
    try:
        about = metadata.metadata("nightflag")
        requirements = [Requirement(line) for line in metadata.requires("nightflag") or ()]
    except metadata.PackageNotFoundError:
        yield Finding("ok", "Python", python)
        yield Finding("warning", "libraries", FROM_SOURCE, "install it: make install")
        return
    yield _version("Python", python, Requirement(f"python{about['Requires-Python']}"))
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate():
            yield _version(requirement.name, _installed(requirement.name), requirement)


def _installed(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _version(name: str, version: str | None, requirement: Requirement) -> Finding:
    wanted = requirement.specifier
    if version is not None and wanted.contains(version, prereleases=True):
        return Finding("ok", name, version)
    mend = f"{wanted} is needed: install what nightflag's lock file says"
    return Finding("problem", name, version or "not installed", mend)


def _variables(monitors: Iterable[Monitor]) -> Iterator[Finding]:
    references = {monitor.source.database for monitor in monitors}
    references |= {monitor.results_database for monitor in monitors}
    needed = sorted(one.removeprefix("env:") for one in references if one.startswith("env:"))
    for name in (*VARIABLES, *needed):
        if name in os.environ:
            yield Finding("ok", name, "set")
        elif name in needed:
            mend = f"export {name}='dialect://user:password@host/database'"
            yield Finding("problem", name, "not set, and a monitor reads it", mend)
        else:
            yield Finding("ok", name, "not set")


def _server(url: str | None) -> Finding:
    if url is None:
        text = "none is named: every run starts a temporary one"
        mend = "for schedules: prefect server start, then export PREFECT_API_URL"
        return Finding("ok", "Prefect server", text, mend)
    trouble = trouble_with_server(url)
    if trouble is None:
        return Finding("ok", "Prefect server", f"{url} answers")
    mend = "start it: prefect server start; or correct PREFECT_API_URL"
    return Finding("problem", "Prefect server", f"{url} does not answer: {trouble}", mend)


def trouble_with_server(url: str) -> str | None:
    """Why the Prefect server at ``url`` does not answer, or None where it does."""
    try:
        with urlopen(f"{url.rstrip('/')}/health", timeout=SECONDS_TO_ANSWER):
            return None
    except HTTPError as error:
        return None if error.code in (401, 403) else f"status {error.code}"
    except (URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _monitors(
    settings: Settings,
    monitors: Sequence[tuple[str, Monitor | NightflagError]],
    read_secret: ReadSecret,
) -> Iterator[Finding]:
    folder = settings.monitors_folder
    if not monitors:
        mend = "write the first one: nightflag init --database env:NAME --table TABLE"
        yield Finding("warning", "monitors", f"there is none in {folder}", mend)
    for name, monitor in monitors:
        if isinstance(monitor, Monitor):
            yield from tried(name, _connections(monitor, read_secret))
        else:
            yield Finding("problem", name, monitor.what, monitor.mend)


def _connections(monitor: Monitor, read_secret: ReadSecret) -> Iterator[Finding]:
    for reference in dict.fromkeys((monitor.source.database, monitor.results_database)):
        database = connect(database_url(reference, read_secret=read_secret))
        try:
            refuse_missing_file(file_of(database))
            with database.reading() as connection:
                connection.execute(text("select 1"))
            yield Finding("ok", monitor.name, f"reads well; {database.name} answers")
        finally:
            database.close()
