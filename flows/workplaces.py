"""A monitor's name becomes a workplace: the one place that reads the environment and secrets."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.blocks.system import Secret

from nightflag.monitors import find, resolve
from nightflag.settings import Settings
from nightflag.workplace import Workplace, opened


@contextmanager
def at_work_on(monitor: str) -> Iterator[Workplace]:
    """The workplace of the monitor of that name, closed at the end."""
    settings = Settings()
    found = find(settings.monitors_folder, monitor)
    with opened(
        found,
        source_url=_url(found.source.database),
        results_url=_url(found.results_database),
        models=settings.models_folder,
        reports=settings.reports_folder,
    ) as workplace:
        yield workplace


def _url(reference: str) -> str:
    return resolve(reference, environment=os.environ, read_secret=_read_secret)


def _read_secret(name: str) -> str:
    secret: Any = Secret.load(name, _sync=True)  # type: ignore[call-arg]
    return str(secret.get())
