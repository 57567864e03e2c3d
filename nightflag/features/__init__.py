"""Features: records in, a finite float32 matrix out, and back into the source's units.

Each source column has a **kind**: numeric, categorical, boolean, timestamp or image. A kind fitted
on a column is a frozen model that turns values into a few features, and features into the value
they stand for. A **pipeline** is one fitted kind per column, side by side. All of it is plain JSON.

- ``infer`` says which kind each column is, and why a column is left out.
- ``fit`` learns from training records, ``Pipeline.transform`` makes the matrix.
- ``SequencePipeline`` does so for a ``History``: records with the past of their entity.
- ``Pipeline.fold`` brings per-feature contributions back to columns, ``Pipeline.expected`` a
  model's matrix back to values.

An image stands alone, its features are pixels from 0 to 1. Every other feature lies in [-20, 20],
and training records lie around 0 with a spread of about 1. What training never held is far out: a
NULL where there was none, an unseen level, a changed constant.

A new kind is one file with a subclass of ``Kind``, one line in ``kinds.KINDS``, and one test.
"""

from nightflag.features.history import History, View
from nightflag.features.inference import Inferred, infer
from nightflag.features.kind import Column, Kind, Matrix
from nightflag.features.kinds import KINDS
from nightflag.features.pipeline import Pipeline, fit
from nightflag.features.sequence import SequencePipeline
from nightflag.features.sequence import fit as fit_sequence

__all__ = [
    "KINDS",
    "Column",
    "History",
    "Inferred",
    "Kind",
    "Matrix",
    "Pipeline",
    "SequencePipeline",
    "View",
    "fit",
    "fit_sequence",
    "infer",
]
