"""The results database of a monitor, opened without Prefect, TensorFlow or Great Expectations."""

from collections.abc import Iterator
from contextlib import contextmanager

from nightflag.databases import Database, connect
from nightflag.monitors import Monitor
from nightflag.settings import database_url


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
