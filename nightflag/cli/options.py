"""The options that several commands share."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from nightflag.monitors import durations
from nightflag.windows import as_utc


def moment(_type: Any, tokens: Any) -> datetime:
    """The moment an ISO 8601 text names, in UTC; without a zone it is UTC already."""
    text = tokens[0].value
    try:
        return as_utc(datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is no date or time: expected one such as 2026-01-31 or 2026-01-31T02:30Z."
        ) from None


def duration(_type: Any, tokens: Any) -> timedelta:
    """The length of time that a text such as `1 day` names."""
    length = durations.parse(tokens[0].value)
    if not length:
        raise ValueError("expected a duration longer than 0")
    return length


Moment = Annotated[datetime, Parameter(converter=moment, n_tokens=1)]
AsOf = Annotated[
    datetime | None,
    Parameter(
        converter=moment,
        n_tokens=1,
        help="The night to stand in, such as 2026-01-31 or 2026-01-31T02:30Z (UTC); by default "
        "now.",
    ),
]
Since = Annotated[
    datetime | None,
    Parameter(
        converter=moment, n_tokens=1, help="Only nights from this one on; by default all of them."
    ),
]
AsJson = Annotated[
    bool,
    Parameter(name="--json", negative="", help="Print a JSON array on stdout, and nothing else."),
]
Limit = Annotated[int, Parameter(help="Show at most so many.")]
Verbose = Annotated[
    bool, Parameter(negative="", help="Show what Prefect and the libraries log as well.")
]
Quiet = Annotated[bool, Parameter(negative="", help="Print errors only.")]
Database = Annotated[str, Parameter(help="env:NAME, secret:name or sqlite:///file.db")]
