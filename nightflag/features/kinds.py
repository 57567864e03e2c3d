"""The kinds there are, in the order in which they may claim a column."""

from collections.abc import Iterable
from difflib import get_close_matches

from nightflag.errors import FeatureError
from nightflag.features.boolean import Boolean
from nightflag.features.categorical import Categorical
from nightflag.features.image import Image
from nightflag.features.kind import Kind
from nightflag.features.numeric import Numeric
from nightflag.features.timestamp import Timestamp

KINDS: dict[str, type[Kind]] = {
    "boolean": Boolean,
    "numeric": Numeric,
    "timestamp": Timestamp,
    "categorical": Categorical,
    "image": Image,
}


def named(kind: str, *, column: str) -> type[Kind]:
    """The kind of that name. FeatureError naming the nearest if there is none."""
    if kind in KINDS:
        return KINDS[kind]
    raise FeatureError(
        f"Column '{column}' is to be of kind '{kind}', which does not exist.",
        expected=f"one of {', '.join(KINDS)}",
        mend=suggestion(kind, KINDS),
    )


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """A sentence with the candidate nearest to a name that was not found."""
    nearest = get_close_matches(name, candidates, n=1)
    return f"Did you mean '{nearest[0]}'?" if nearest else "Correct the name."
