"""Whether a night can be worked on where its monitor says."""

import socket
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from nightflag.checking.finding import Finding
from nightflag.partitions import refuse_unshared
from nightflag.workplace import Workplace

SECONDS = 5


def execution(workplace: Workplace) -> Iterator[Finding]:
    """Nothing for a night in one process; else who would work on it, or what is in the way."""
    settings = workplace.monitor.execution
    if settings.engine == "process":
        return
    refuse_unshared(workplace)
    where = f"{settings.workers} processes of this machine"
    if settings.address:
        where = f"the Dask cluster at {settings.address}"
        yield from _cluster(settings.address)
    text = f"{settings.pieces} partitions, read from one snapshot, go to {where}"
    yield Finding("ok", "execution", text)


def _cluster(address: str) -> Iterator[Finding]:
    if find_spec("prefect_dask") is None:
        what = "The engine 'dask' needs packages that are not installed."
        yield Finding("problem", "execution", what, "pip install 'nightflag[dask]', workers too")
    there = urlsplit(address)
    try:
        socket.create_connection((str(there.hostname), there.port or 0), SECONDS).close()
    except OSError as error:
        what = f"The Dask scheduler at {address} does not answer: {error}"
        yield Finding("problem", "execution", what, "start `dask scheduler`, or correct `address`")
