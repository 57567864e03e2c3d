"""Evaluation: how good flags are, by the labels of the source or by what people say of flags.

For each published night, and for all nights of a model together, every measure stands in
``nightflag_quality`` with an interval that covers the true value 19 times in 20. Labels and
verdicts are only looked at here and, for verdicts, where :mod:`nightflag.verdicts` says so: neither
ever becomes a feature.
"""

from nightflag.evaluation.evaluating import evaluate, evaluate_nights
from nightflag.evaluation.measures import Measure, measures
from nightflag.evaluation.truth import Truth, labels, verdicts

__all__ = ["Measure", "Truth", "evaluate", "evaluate_nights", "labels", "measures", "verdicts"]
