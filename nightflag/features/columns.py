"""Whether records have the columns that are asked of them, and which of these are numbers."""

from collections.abc import Collection, Mapping

import pandas as pd

from nightflag.errors import FeatureError


def check_columns(frame: pd.DataFrame, columns: Collection[str]) -> None:
    """Nothing, if the frame has each of the columns once."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise FeatureError(
            f"The records lack {len(missing)} of the columns used: {', '.join(missing)}.",
            expected=f"the columns {', '.join(columns)}",
            mend="Put them back into the source, or train a new model without them.",
        )
    doubled = frame.columns[frame.columns.duplicated()].intersection(list(columns))
    if len(doubled):
        raise FeatureError(
            f"The records have more than one column called {', '.join(doubled)}.",
            expected="each column once",
            mend="Give the columns different names in the source's query.",
        )


def numbers_only(kinds: Mapping[str, str]) -> dict[str, str]:
    """The kinds of the columns that are numbers, which are all a window holds."""
    numeric = {name: kind for name, kind in kinds.items() if kind == "numeric"}
    if not numeric:
        raise FeatureError(
            f"A sequence is of numbers, and no column is numeric: {', '.join(kinds) or 'none'}.",
            expected="at least one column of numbers",
            mend="Set `sequence: {length: 1}` for records of other kinds, or add a number.",
        )
    return numeric
