"""How a table's records are to be seen: each with its entity's past, or as an image.

A guess is made only where the table speaks plainly: several entities, many records of each at
regular times, and numbers in them; or a column of bytes that open as PNG or JPEG.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from nightflag.errors import FeatureError
from nightflag.features import Inferred
from nightflag.features.image import Image
from nightflag.records.times import event_times

OPENED = 50
FEWEST_ENTITIES, FEWEST_RECORDS, MOST_TO_USUAL = 2, 100, 10
REGULAR, USUAL, MOST, TOGETHER = 2.0, (0.5, 0.9), 0.9, 1.5


@dataclass(frozen=True)
class Seen:
    """Sections of the monitor by name, and why; empty where the table suggests nothing."""

    sections: dict[str, dict[str, Any]]
    reason: str


NOTHING = Seen({}, "")


def guess(
    records: pa.Table, inferred: Inferred, *, key: tuple[str, ...], time: str, label: str | None
) -> Seen:
    """What the sample suggests; images come first, for they are not seen with their past."""
    images = [name for name, kind in inferred.kinds.items() if kind == "image"]
    if images:
        return _images(records.column(images[0]).to_pandas(), images[0])
    if "numeric" not in inferred.kinds.values():
        return NOTHING
    taken = {time, label, *(key if len(key) == 1 else ())}
    candidates = [name for name in records.column_names if name not in taken]
    return _entity(records, candidates, time)


def _images(column: pd.Series, name: str) -> Seen:
    """The working size that training would take, and whether the images have colours."""
    sample = column.dropna().iloc[:OPENED]
    kind = Image.fit(sample)
    opened = [image for image in (_opened(kind, one) for one in sample) if image is not None]
    if not opened:
        return NOTHING
    settings = {"height": kind.height, "width": kind.width, "colour": any(map(_coloured, opened))}
    size = f"{kind.height} x {kind.width} pixels are what the detector sees of each"
    reason = f"{name} holds images: {len(opened)} of {len(sample)} opened; {size}."
    return Seen({"features": {"image": settings}}, reason)


def _opened(kind: Image, content: object) -> Any:
    try:
        return kind.reader.image(content)
    except FeatureError:
        return None


def _coloured(image: Any) -> bool:
    """Whether red, green and blue differ anywhere."""
    pixels = np.asarray(image.convert("RGB"))
    return bool((pixels != pixels[:, :, :1]).any())


def _entity(records: pa.Table, candidates: Iterable[str], time: str) -> Seen:
    """The first column whose values each have many records, at regular times."""
    moments = event_times(records.column(time).combine_chunks(), time_zone="UTC").to_pandas()
    for name in candidates:
        values = records.column(name)
        if not _may_name(values.type) or values.null_count:
            continue
        entities = values.to_pandas()
        counts = entities.value_counts()
        if _are_many(counts) and _is_regular(moments, entities) and _coexist(moments, entities):
            many = f"{len(counts)} different values, about {counts.median():.0f} records each"
            reason = f"{name} has {many}, at regular times: each is seen with its own past."
            return Seen({"sequence": {"entity": [name]}}, reason)
    return NOTHING


def _are_many(counts: pd.Series) -> bool:
    """Whether there are several entities with many records each, and none has nearly all."""
    usual = counts.median()
    several = len(counts) >= FEWEST_ENTITIES and usual >= FEWEST_RECORDS
    return bool(several and counts.max() <= MOST_TO_USUAL * usual)


def _may_name(kind: pa.DataType) -> bool:
    return any(one(kind) for one in (pa.types.is_string, pa.types.is_integer))


def _is_regular(moments: pd.Series, entities: pd.Series) -> bool:
    """Whether of nine in ten entities nine in ten pauses are at most twice their usual one.

    The commonest value of any column has its records at regular times where the whole table does.
    """
    ordered = moments.sort_values(kind="stable")
    whose = entities.loc[ordered.index]
    pauses = ordered.groupby(whose).diff().dt.total_seconds()
    usual, long = (pauses.groupby(whose).quantile(share) for share in USUAL)
    return bool(((usual > 0) & (long <= REGULAR * usual)).mean() >= MOST)


def _coexist(moments: pd.Series, entities: pd.Series) -> bool:
    """Whether they lie beside each other in time, and not one after the other, as years do."""
    spans = moments.groupby(entities).agg(np.ptp)
    return bool(spans.sum() >= TOGETHER * np.ptp(moments))
