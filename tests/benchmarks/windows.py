"""Sequences through the pipeline and the detectors of a monitor, without a database."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from nightflag import detectors, references
from nightflag.features import History, SequencePipeline, View, fit_sequence
from nightflag.records.timeline import joined


class Contender(NamedTuple):
    """A detector or a reference by its name, and the seed it is trained with."""

    name: str
    seed: int

    def __str__(self) -> str:
        return f"{self.name} seed {self.seed}"


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
    contender: Contender, pipeline: SequencePipeline, train: History, test: History, *, clean: bool
) -> np.ndarray:
    """The scores of ``test`` by a contender trained on ``train``."""
    name, seed = contender
    rows, judged = pipeline.transform(train), pipeline.transform(test)
    if name in references.REFERENCES:
        return references.REFERENCES[name](rows, judged, seed)
    known = detectors.TrainingSet(rows, pipeline.names, pipeline.shape, clean=clean)
    return detectors.fit(name, known, settings={}, seed=seed).score(judged)
