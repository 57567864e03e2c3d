"""Measures of how good flags are, each with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass

from nightflag.evaluation.intervals import newcombe, wilson
from nightflag.evaluation.truth import Truth

METRICS = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "precision_at_budget",
    "average_precision",
    "auroc",
)


@dataclass(frozen=True)
class Measure:
    """A measure between 0 and 1, and an interval that covers the true one 19 times in 20."""

    metric: str
    value: float
    low: float
    high: float


def measures(truth: Truth) -> tuple[Measure, ...]:
    """Each of the ``METRICS`` that can be known: precision takes a flag, recall an anomaly.

    Accuracy, precision, recall and the precision of the highest scores within the budget are
    shares, with Wilson's interval. F1 is 2 J / (1 + J), where J is the share of flagged anomalies
    among all that is flagged or anomalous, and so is its interval. Average precision is the mean
    precision at each anomaly's rank, with the interval of a share among the anomalies (Boyd, Eng
    and Page, Area under the precision-recall curve, 2013); AUROC has Newcombe's.
    """
    return (*_shares(truth), *_f1(truth), *_rankings(truth))


def _shares(truth: Truth) -> Iterator[Measure]:
    wrong = truth.flags + truth.anomalies - 2 * truth.caught
    for metric, good, count in (
        ("accuracy", truth.records - wrong, truth.records),
        ("precision", truth.caught, truth.flags),
        ("recall", truth.caught, truth.anomalies),
        ("precision_at_budget", truth.caught_in_budget, truth.in_budget),
    ):
        if count:
            yield Measure(metric, good / count, *wilson(good / count, count))


def _f1(truth: Truth) -> Iterator[Measure]:
    either = truth.flags + truth.anomalies - truth.caught
    if either:
        overlap = truth.caught / either
        value, low, high = (2 * one / (1 + one) for one in (overlap, *wilson(overlap, either)))
        yield Measure("f1", value, low, high)


def _rankings(truth: Truth) -> Iterator[Measure]:
    normals = truth.records - truth.anomalies
    if not truth.anomalies or not normals:
        return
    from sklearn.metrics import average_precision_score, roc_auc_score

    precision = float(average_precision_score(truth.anomalous, truth.score))
    yield Measure("average_precision", precision, *wilson(precision, truth.anomalies))
    auroc = float(roc_auc_score(truth.anomalous, truth.score))
    yield Measure("auroc", auroc, *newcombe(auroc, truth.anomalies, normals))
