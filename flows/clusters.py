"""A Dask cluster as Prefect hands tasks to it, and what its troubles mean to a night."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.task_runners import TaskRunner

from nightflag.errors import SettingsError, WorkersLost


@contextmanager
def cluster(address: str) -> Iterator[TaskRunner[Any]]:
    """The cluster whose scheduler answers there, for as long as the ``with`` block lasts.

    Raises :class:`WorkersLost` where it does not answer, or gave a partition up because too many
    workers died of it; :class:`SettingsError` where the extra ``dask`` is not installed.
    """
    try:
        from distributed import CancelledError, KilledWorker
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise SettingsError(
            f"The engine 'dask' needs a package that is not installed: {error}.",
            expected="nightflag with its extra `dask`, here and on every worker",
            mend="pip install 'nightflag[dask]'",
        ) from None
    with DaskTaskRunner(address=address) as runner:
        try:
            _ = runner.client
        except OSError as error:
            raise _lost(address, f"does not answer: {error}") from None
        try:
            yield runner
        except (CancelledError, KilledWorker) as error:
            raise _lost(address, f"gave up: {' '.join(str(error).split())}") from None


def _lost(address: str, what: str) -> WorkersLost:
    return WorkersLost(
        f"The Dask cluster at {address} {what}",
        expected="a scheduler that answers, and workers that live as long as a partition takes",
        mend="see `dask scheduler` and the workers' logs, then run the night again; nothing was "
        "published",
    )
