"""Intervals that cover the true value 19 times in 20, and stay inside [0, 1] at its ends too."""

from collections.abc import Callable
from math import sqrt

Z = 1.959964
"""Of the standard normal distribution, 97.5 % lie below."""

STEPS = 60


def wilson(share: float, count: float) -> tuple[float, float]:
    """The interval of a share that was seen among ``count`` (Wilson, 1927)."""
    middle = share + Z**2 / (2 * count)
    spread = Z * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    whole = 1 + Z**2 / count
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def newcombe(auroc: float, anomalies: int, normals: int) -> tuple[float, float]:
    """The interval of an area under the ROC curve.

    Newcombe, Confidence intervals for an effect size measure based on the Mann-Whitney statistic,
    part 2, Statistics in Medicine 25 (2006), method 5: the areas that lie no further from the
    measured one than their own standard error allows. DeLong's has no width where the area is 1.
    """
    half = (anomalies + normals) / 2 - 1

    def too_far(area: float) -> bool:
        tails = 1 + half * (1 - area) / (2 - area) + half * area / (1 + area)
        variance = area * (1 - area) * tails / (anomalies * normals)
        return (area - auroc) ** 2 > Z**2 * variance

    return _edge(auroc, 0.0, too_far), _edge(auroc, 1.0, too_far)


def _edge(inside: float, outside: float, too_far: Callable[[float], bool]) -> float:
    """Where ``too_far`` begins between the two; halved until no float lies between."""
    if inside == outside:
        return outside
    inside += (outside - inside) * 2.0**-40
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        if too_far(middle):
            outside = middle
        else:
            inside = middle
    return inside
