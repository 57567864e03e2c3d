"""A monitor's name becomes a workplace; secrets come from Prefect."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx import HTTPError
from prefect import runtime
from prefect.blocks.system import Secret
from prefect.settings import get_current_settings

from nightflag.errors import ServerUnreachable, SettingsError
from nightflag.monitors import find
from nightflag.settings import Settings
from nightflag.workplace import Workplace, of_monitor


@contextmanager
def at_work_on(monitor: str) -> Iterator[Workplace]:
    """The workplace of the monitor of that name, closed at the end."""
    settings = Settings()
    if runtime.deployment.id is not None:
        refuse_to_move(settings.home)
        if settings.models and "://" not in settings.models:
            refuse_to_move(Path(settings.models), "NIGHTFLAG_MODELS")
    found = find(settings.monitors_folder, monitor)
    with of_monitor(found, settings, read_secret=read_secret) as workplace:
        yield workplace


def refuse_to_move(folder: Path, variable: str = "NIGHTFLAG_HOME") -> None:
    """Raise SettingsError for a relative folder: a worker starts each run in another one."""
    if not folder.is_absolute():
        raise SettingsError(
            f"The worker's {variable} is {str(folder)!r}, and runs start in temporary folders.",
            expected="an absolute path, so that models and reports outlive the run",
            mend=f"set {variable} to an absolute path where the worker is started",
        )


def read_secret(name: str) -> str:
    """The text in the Prefect Secret block of that name; ValueError where there is none."""
    secret: Any = Secret.load(name, _sync=True)  # type: ignore[call-arg]
    return str(secret.get())


def server_url() -> str | None:
    """The API of the Prefect server that environment or profile name; None: a temporary one."""
    return get_current_settings().api.url or None


def start_temporary_server() -> None:
    """Start the server that the runs of this process report to; it ends with the process.

    Raises :class:`ServerUnreachable` where it does not answer in time, and SettingsError where
    Prefect's settings do not allow one.
    """
    if not get_current_settings().server.ephemeral.enabled:
        raise SettingsError(
            "No Prefect server is named, and PREFECT_SERVER_EPHEMERAL_ENABLED allows no other.",
            expected="a server that runs report to",
            mend="name one in PREFECT_API_URL, or take that setting away",
        )
    from prefect.server.api.server import SubprocessASGIServer

    try:
        SubprocessASGIServer().start()
    except (RuntimeError, HTTPError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ServerUnreachable(
            f"The temporary Prefect server did not start: {reason}",
            expected="that it answers before PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS end",
            mend="run it again when the machine is less busy, or raise that number, or start a "
            "server that stays (`prefect server start`) and name it in PREFECT_API_URL",
        ) from error
