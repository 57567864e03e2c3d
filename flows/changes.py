"""Changes: what deploying does on the Prefect server, for people to read."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["created", "updated", "unchanged", "left over"]


@dataclass(frozen=True)
class Change:
    """One thing on the server, and what was or would be done to it.

    ``detail`` names what differed, or says what a person should know.
    """

    name: str
    outcome: Outcome
    schedule: str = ""
    detail: str = ""
