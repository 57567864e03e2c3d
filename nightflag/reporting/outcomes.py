"""What became of each expectation of the monitor in a night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightflag.validation.rule import Expectation, readable, severity


@dataclass(frozen=True)
class Outcome:
    """One expectation: on how many records it failed, or what the night's warning says of it."""

    rule: str
    severity: str
    records: int
    warning: str | None

    @property
    def held(self) -> bool:
        """Whether nothing failed it."""
        return not self.records and self.warning is None


def outcomes(
    expectations: Sequence[Expectation], failed: Mapping[str, int], warnings: Sequence[str]
) -> tuple[Outcome, ...]:
    """Each expectation that stops, quarantines or warns, in the monitor's order.

    ``failed`` has the quarantined records of each rule. A critical expectation on the table held,
    or else the night would not be published; of one whose severity is ``info`` nothing is kept.
    """
    kept = [one for one in expectations if severity(one) != "info"]
    return tuple(_outcome(one, failed, warnings) for one in kept)


def _outcome(
    expectation: Expectation, failed: Mapping[str, int], warnings: Sequence[str]
) -> Outcome:
    rule = readable(expectation)
    told = (line.removeprefix(f"{rule}: ") for line in warnings if line.startswith(f"{rule}: "))
    return Outcome(rule, severity(expectation), failed.get(rule, 0), next(told, None))
