"""How a night works through its records, and in which processes."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from nightflag.monitors.durations import Duration
from nightflag.monitors.section import Section

PARTITIONS_A_WORKER = 4
"""So many even out what there is to do in one hour and in another."""


class Execution(Section):
    """How the night works through the records."""

    batch_size: int = Field(
        default=131_072,
        ge=1,
        le=1_000_000,
        description="How many records are in memory at once, at most: fewer where they are wide.",
    )
    lock_wait: Duration = Field(
        default=timedelta(minutes=10),
        description="How long to wait for another run of the same monitor; 0: not at all.",
    )
    engine: Literal["process", "processes", "dask"] = Field(
        default="process",
        description="Where records are scored: in the night's own process, in several processes "
        "of its machine, or on a Dask cluster; more than one process needs PostgreSQL.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=250,
        description="How many processes of this machine score at the same time; of a cluster, how "
        "many workers it has.",
    )
    partitions: int | None = Field(
        default=None,
        ge=1,
        le=1_000,
        description="Into how many partitions, stretches of time of the same length, the records "
        "are divided for them; by default four for each worker.",
    )
    address: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls|ws|wss)://[^\s/@]+:[0-9]{1,5}$",
        description="Where the scheduler of the Dask cluster answers: tcp://host:8786.",
    )

    @model_validator(mode="after")
    def _address_of_a_cluster(self) -> "Execution":
        if (self.engine == "dask") != (self.address is not None):
            raise ValueError("expected an address with the engine dask, and with no other")
        return self

    @property
    def pieces(self) -> int:
        """Into how many partitions a night is cut; 1 where one process does it all."""
        if self.engine == "process":
            return 1
        return self.partitions or PARTITIONS_A_WORKER * self.workers
