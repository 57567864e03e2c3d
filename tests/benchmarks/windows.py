"""Sequences through the pipeline and the detectors of a monitor, without a database."""

import numpy as np
import pyarrow as pa

from nightflag import detectors, references
from nightflag.features import History, SequencePipeline, View, fit_sequence
from nightflag.records.timeline import joined


def history(values: np.ndarray, view: View) -> History:
    """The rows of (n, columns) as records a minute apart, each with its past."""
    columns = {f"c{at}": values[:, at] for at in range(values.shape[1])}
    moments = pa.array(np.arange(len(values)) * 60_000_000, pa.timestamp("us", "UTC"))
    marks = np.arange(len(values))
    timeline = joined(None, pa.record_batch(columns), moments, marks, ())
    return timeline.history(view, marks, np.ones(len(values), dtype=bool))


def pipeline_of(records: History, *, clean: bool) -> SequencePipeline:
    """The features a monitor would fit on these records."""
    kinds = dict.fromkeys(records.frame.columns, "numeric")
    return fit_sequence(records, kinds=kinds, clean=clean)


def scores(
    name: str, pipeline: SequencePipeline, train: History, test: History, *, clean: bool
) -> np.ndarray:
    """The scores of ``test`` by a detector, or a reference, of ``train``."""
    rows, judged = pipeline.transform(train), pipeline.transform(test)
    if name in references.REFERENCES:
        return references.REFERENCES[name](rows, judged, 1)
    known = detectors.TrainingSet(rows, pipeline.names, pipeline.shape, clean=clean)
    return detectors.fit(name, known, settings={}, seed=1).score(judged)
