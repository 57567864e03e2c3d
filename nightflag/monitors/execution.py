"""How a night works through its records, and in which processes."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from nightflag.monitors.durations import Duration
from nightflag.monitors.section import Section

PARTITIONS_A_WORKER = 4
"""So many even out what there is to do in one hour and in another."""


class Execution(Section):
    """How the night works through the records."""

    batch_size: int = Field(
        default=65_536, ge=1, le=1_000_000, description="How many records are in memory at once."
    )
    lock_wait: Duration = Field(
        default=timedelta(minutes=10),
        description="How long to wait for another run of the same monitor; 0: not at all.",
    )
    engine: Literal["process", "processes"] = Field(
        default="process",
        description="Where records are scored: in the night's own process, or in several processes "
        "of its machine, which needs PostgreSQL.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=250,
        description="How many processes of this machine score at the same time.",
    )
    partitions: int | None = Field(
        default=None,
        ge=1,
        le=1_000,
        description="Into how many partitions, stretches of time of the same length, the records "
        "are divided for them; by default four for each worker.",
    )

    @property
    def pieces(self) -> int:
        """Into how many partitions a night is cut; 1 where one process does it all."""
        if self.engine == "process":
            return 1
        return self.partitions or PARTITIONS_A_WORKER * self.workers
