"""Answers: what labels and people say of records that were held out; 1 anomaly, 0 normal."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from nightflag.errors import SourceError
from nightflag.evaluation.words import as_anomaly
from nightflag.features import History
from nightflag.models.model import Records
from nightflag.records import Layout
from nightflag.verdicts import confirmed
from nightflag.verdicts.confirmed import Confirmed
from nightflag.workplace import Workplace

Answers = NDArray[np.float64]


def known(workplace: Workplace, records: Records) -> Answers:
    """What labels say of the records (n,), and verdicts where there is one; NaN for neither."""
    said = verdicts(workplace, records, confirmed.read(workplace))
    return np.where(np.isnan(said), labels(workplace, records), said)


def labels(workplace: Workplace, records: Records) -> Answers:
    """What the labels say of the records (n,); NaN where they say nothing."""
    label, layout = workplace.monitor.source.label, workplace.layout
    if label is None or label not in layout.columns.names:
        return np.full(len(records), np.nan)
    try:
        said = as_anomaly(_columns(records, layout, [label]).column(label), label)
    except SourceError:
        return np.full(len(records), np.nan)  # evaluation tells; no model waits for it
    return np.asarray(pd.array(said.to_pylist(), dtype="Float64").to_numpy(np.float64, np.nan))


def verdicts(workplace: Workplace, records: Records, given: Confirmed) -> Answers:
    """What people said of the records (n,); NaN where they said nothing."""
    return given.of(_columns(records, workplace.layout, workplace.layout.key))


def _columns(records: Records, layout: Layout, names: Iterable[str]) -> pa.RecordBatch:
    """These columns of the records as the source has them: pandas forgets the type of NULLs."""
    frame = records.records if isinstance(records, History) else records
    schema = pa.schema([layout.columns.field(name) for name in names])
    return pa.RecordBatch.from_pandas(frame[schema.names], schema, preserve_index=False)
