"""``nightflag reproduce``."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from nightflag.cli.options import AsJson
from nightflag.cli.output import print_json, print_table, say
from nightflag.cli.progress import steps
from nightflag.cli.results import at_work_on

if TYPE_CHECKING:
    from nightflag.reproduction import Reproduction

COLUMNS = {"what": "", "outcome": ""}
TAKEN_FROM = {
    "snapshot": "what was kept with the model",
    "source": "the source, as it is now",
}
SNAPSHOT = "With `training: {snapshot: true}` the next models keep the records they are made of."


def reproduce(
    monitor: Annotated[str, Parameter(help="The monitor's name.")],
    version: Annotated[int, Parameter(help="The version of its model.")],
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Train a model again as it was trained, in memory, and compare; exits with 1 if it differs."""
    from nightflag.reproduction import reproduce as again

    with at_work_on(monitor) as workplace, steps(f"model {version}", quiet=as_json):
        made = again(workplace, version)
    if as_json:
        print_json([{**asdict(made), "agrees": made.agrees}])
    else:
        rows = [{"what": what, "outcome": outcome} for what, outcome in _outcomes(made)]
        print_table(rows, COLUMNS)
        say(f"Model {version} of {monitor} {_verdict(made)}.")
        if made.made_from == "source" and not made.same_sample:
            say(SNAPSHOT)
    return 0 if made.agrees else 1


def _verdict(made: "Reproduction") -> str:
    if made.agrees:
        return "came out the same, bit for bit"
    return "came out differently" if made.same_sample else "cannot come out the same any more"


def _outcomes(made: "Reproduction") -> Iterator[tuple[str, str]]:
    records = f"{made.training_records:,} records to train on, {made.held_out_records:,} held out"
    yield "records", records + ("" if made.same_sample else f"; {_since(made)}")
    yield "taken from", TAKEN_FROM[made.made_from]
    if made.columns:
        yield "columns", f"changed since: {made.columns}"
    yield "features", "the same" if made.same_features else "differ"
    yield "weights", _difference(made.weights)
    yield "held-out scores", _difference(made.scores)
    for name, (then, now) in made.versions.items():
        yield name, f"{then} then, {now} now"


def _since(made: "Reproduction") -> str:
    told = "they are not those of then: the source changed since"
    if made.records_then == (made.training_records, made.held_out_records):
        return told
    trained_on, held_out = made.records_then
    return f"{told}, when they were {trained_on:,} and {held_out:,}"


def _difference(largest: float | None) -> str:
    if largest is None:
        return "of another shape"
    return f"differ by up to {largest:.2g}" if largest else "the same, bit for bit"
