"""Labels as they stand in a source, read as anomaly or not."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightflag.errors import SourceError

ANOMALY_WORDS = pa.array(["true", "t", "yes", "y", "1", "anomaly", "anomalous"])
NORMAL_WORDS = pa.array(["false", "f", "no", "n", "0", "normal"])


def as_anomaly(labels: pa.Array, name: str) -> Any:
    """Whether each label says anomaly; null for a null, or a word that is neither yes nor no."""
    kind = labels.type
    if pa.types.is_boolean(kind):
        return labels
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return pc.not_equal(labels, 0)
    if not pa.types.is_string(kind):
        raise SourceError(
            f"The label column {name!r} has type {kind}.",
            expected="a boolean, a number (0 for normal), or words such as yes and no",
            mend="name another column in `source: {label: ...}`, or convert it in a `query`",
        )
    words = pc.utf8_lower(pc.utf8_trim_whitespace(labels))
    known = pc.or_(pc.is_in(words, ANOMALY_WORDS), pc.is_in(words, NORMAL_WORDS))
    return pc.if_else(known, pc.is_in(words, ANOMALY_WORDS), pa.scalar(None, pa.bool_()))
