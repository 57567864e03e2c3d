"""A monitor's databases, opened without Prefect, TensorFlow or Great Expectations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nightflag.databases import Database, connect
from nightflag.monitors import Monitor, find
from nightflag.settings import Settings, database_url

if TYPE_CHECKING:
    from nightflag.workplace import Workplace


def read_secret(name: str) -> str:
    """The text in the Prefect Secret block of that name; only this needs Prefect."""
    from flows.workplaces import read_secret as read

    return read(name)


@contextmanager
def results_of(monitor: Monitor) -> Iterator[Database]:
    """The database in which the monitor's flags are, closed at the end."""
    url = database_url(monitor.results_database, read_secret=read_secret)
    results = connect(url, schema=monitor.results.schema_name)
    try:
        yield results
    finally:
        results.close()


@contextmanager
def at_work_on(name: str) -> Iterator["Workplace"]:
    """The workplace of the monitor of that name, closed at the end; only this needs pandas."""
    from nightflag.workplace import of_monitor

    settings = Settings()
    monitor = find(settings.monitors_folder, name)
    with of_monitor(monitor, settings, read_secret=read_secret) as workplace:
        yield workplace
