"""Whether a night can be worked on where its monitor says."""

from collections.abc import Iterator

from nightflag.checking.finding import Finding
from nightflag.partitions import refuse_unshared
from nightflag.workplace import Workplace


def execution(workplace: Workplace) -> Iterator[Finding]:
    """Nothing for a night in one process; else who would work on it, or what is in the way."""
    settings = workplace.monitor.execution
    if settings.engine == "process":
        return
    refuse_unshared(workplace)
    where = f"{settings.workers} processes of this machine"
    text = f"{settings.pieces} partitions, read from one snapshot, go to {where}"
    yield Finding("ok", "execution", text)
