"""Whether records have the columns that are asked of them."""

from collections.abc import Collection

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
