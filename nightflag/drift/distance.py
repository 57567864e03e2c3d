"""How far two samples are apart, counted in the same bins, and how likely chance makes them so."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, chdtrc

ENOUGH_EXPECTED = 5
LEAST_SHARE = 0.005

Counts: TypeAlias = NDArray[np.int64]


class Change(NamedTuple):
    """The stability index, and how much the shares of missing and of unseen values differ.

    Unseen are values beyond those that training held.
    """

    psi: float
    missing: float
    unseen: float


def change(before: Counts, now: Counts) -> Change:
    """How much the counts (bins,), the last two of unseen and missing values, differ in shares."""
    unseen, missing = np.abs(shares(now)[-2:] - shares(before)[-2:]).tolist()
    return Change(stability_index(before, now), missing, unseen)


def chances(before: Counts, now: Counts) -> Change:
    """The p-values of the same three differences, where all records are independent."""
    unseen, missing = (chance_of_share(before, now, place) for place in (-2, -1))
    return Change(chance(before, now), missing, unseen)


def shares(counts: Counts) -> NDArray[np.float64]:
    """The counts as shares; 0 of nothing."""
    return np.asarray(counts / max(int(counts.sum()), 1))


def stability_index(before: Counts, now: Counts) -> float:
    """The population-stability index of counts (bins,), less what chance alone gives it.

    For samples of n and m records from one distribution the index is about
    (bins - 1) * (1 / n + 1 / m) (Yurdakul and Naranjo, Statistical properties of the population
    stability index, Journal of Risk Model Validation 14, 2020). A share below half a per cent
    counts as that much, so that the index of an empty bin is the same for samples of any size.
    """
    left, right = (np.maximum(shares(one), LEAST_SHARE) for one in (before, now))
    index = float(np.sum((right - left) * np.log(right / left)))
    bins = int(np.sum((left > LEAST_SHARE) | (right > LEAST_SHARE)))
    return max(0.0, index - (bins - 1) * float(1 / before.sum() + 1 / now.sum()))


def chance(before: Counts, now: Counts) -> float:
    """The p-value of Pearson's chi-square test of homogeneity; 1 where there is nothing to compare.

    Neighbouring bins are taken together until five records are expected in each, on either side.
    """
    observed = _together(np.stack([before, now]))
    if observed.shape[1] < 2:
        return 1.0
    expected = observed.sum(1, keepdims=True) * observed.sum(0) / observed.sum()
    return float(chdtrc(observed.shape[1] - 1, ((observed - expected) ** 2 / expected).sum()))


def chance_of_share(before: Counts, now: Counts, place: int) -> float:
    """The two-sided p-value of the share that one place has, exact also where it is rare.

    Given how many records there are in it (or outside, where these are fewer), those of the night
    are binomial (Przyborowski and Wilenski, Biometrika 31, 1940).
    """
    inside = np.array([before[place], now[place]])
    sizes = np.array([before.sum(), now.sum()])
    rarer = min(inside, sizes - inside, key=np.sum)
    total, share = int(rarer.sum()), sizes[1] / sizes.sum()
    at_least = bdtrc(rarer[1] - 1, total, share) if rarer[1] else 1.0
    return float(min(1.0, 2 * min(at_least, bdtr(rarer[1], total, share))))


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p-values (n,), each adjusted for all of them (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def _together(observed: Counts) -> Counts:
    """The counts (2, bins) with neighbours added up until enough are expected in each bin."""
    least = observed.sum(1).min() / max(int(observed.sum()), 1)
    groups, open_group = [], np.zeros(2, np.int64)
    for column in observed.T:
        open_group = open_group + column
        if open_group.sum() * least >= ENOUGH_EXPECTED:
            groups.append(open_group)
            open_group = np.zeros(2, np.int64)
    if groups:
        groups[-1] = groups[-1] + open_group
    return np.array(groups).reshape(-1, 2).T
