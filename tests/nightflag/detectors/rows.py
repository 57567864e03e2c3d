"""Rows to train on, with features named by their number."""

from nightflag.detectors import TrainingSet


def training_set(x, *, clean, shape=None):
    names = tuple(f"feature {i}" for i in range(x.shape[1]))
    return TrainingSet(x, names, shape or (x.shape[1],), clean=clean)
