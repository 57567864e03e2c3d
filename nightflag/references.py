"""References: well-known detectors beside every network, on the same records.

Without labels nothing says which detector is right. How far the network and four old methods agree
on the held-out records is recorded with the model, so that one that goes its own way is seen.
scikit-learn takes a second to import, and a night that trains nothing does without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AT_MOST = 10_000
MOST_COLUMNS = 1_024
NEAREST = 5
VARIANCE_KEPT = 0.9

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]


def isolation_forest(train: Rows, rows: Rows, seed: int) -> Scores:
    """How early random cuts set each row apart (Liu, Ting and Zhou, 2008), shape (n,)."""
    from sklearn.ensemble import IsolationForest

    return np.asarray(-IsolationForest(random_state=seed).fit(train).score_samples(rows))


def nearest_neighbours(train: Rows, rows: Rows, _seed: int) -> Scores:
    """The mean distance to the five nearest training rows (Angiulli and Pizzuti, 2002), (n,)."""
    from sklearn.neighbors import NearestNeighbors

    fitted = NearestNeighbors(n_neighbors=min(NEAREST, len(train))).fit(train)
    return np.asarray(fitted.kneighbors(rows)[0].mean(axis=1), dtype=np.float64)


def gaussian(train: Rows, rows: Rows, _seed: int) -> Scores:
    """The squared Mahalanobis distance, Ledoit-Wolf covariance (2004), shape (n,)."""
    from sklearn.covariance import LedoitWolf

    return np.asarray(LedoitWolf().fit(train).mahalanobis(rows), dtype=np.float64)


def principal_components(train: Rows, rows: Rows, _seed: int) -> Scores:
    """The squared distance to the components of 90 % of the variance (Shyu et al., 2003), (n,)."""
    from sklearn.decomposition import PCA

    fitted = PCA(VARIANCE_KEPT, svd_solver="full").fit(train)
    rebuilt = fitted.inverse_transform(fitted.transform(rows))
    return np.asarray(((rows - rebuilt) ** 2).sum(axis=1), dtype=np.float64)


REFERENCES: Mapping[str, Callable[[Rows, Rows, int], Scores]] = {
    "isolation_forest": isolation_forest,
    "nearest_neighbours": nearest_neighbours,
    "gaussian": gaussian,
    "principal_components": principal_components,
}


@dataclass(frozen=True)
class Compared:
    """The ranks (m,) that each reference gives the held-out records at ``positions`` (m,)."""

    positions: NDArray[np.intp]
    ranks: Mapping[str, Scores]

    @property
    def consensus(self) -> Scores:
        """The mean rank of all references, (m,)."""
        return np.asarray(np.mean(list(self.ranks.values()), axis=0))

    def correlations(self, scores: Scores) -> dict[str, dict[str, float | None]]:
        """A detector's and each reference's Spearman correlations on these records.

        ``scores`` (n,) are the detector's, of all held-out records. ``with_detector`` is the
        correlation with those, ``with_consensus`` the one with the mean rank of all others. Where
        ranks do not vary there is none: None.
        """
        ranks = {"detector": rank(scores[self.positions]), **self.ranks}
        return {
            name: {
                "with_detector": _rounded(correlation(own, ranks["detector"])),
                "with_consensus": _rounded(correlation(own, _consensus(ranks, without=name))),
            }
            for name, own in ranks.items()
        }


def fit(train: Rows, held_out: Rows, *, seed: int) -> Compared:
    """What the references make of the ``held_out`` rows (n, width).

    They are fitted on 10,000 rows of ``train`` and 1,024 evenly spaced columns at most, and rank
    as many of the held-out ones.
    """
    columns = np.linspace(0, train.shape[1] - 1, min(train.shape[1], MOST_COLUMNS)).astype(int)
    train, held_out = train[:, columns], held_out[:, columns]
    train, kept = _at_most(train, seed), _positions(len(held_out), seed)
    ranks = {
        name: rank(reference(train, held_out[kept], seed)) for name, reference in REFERENCES.items()
    }
    return Compared(kept, ranks)


def _at_most(rows: Rows, seed: int) -> Rows:
    return np.asarray(rows[_positions(len(rows), seed)])


def _positions(count: int, seed: int) -> NDArray[np.intp]:
    if count <= AT_MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, AT_MOST, replace=False))


def rank(scores: Scores) -> Scores:
    """Ranks from 0, ties sharing their mean."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts + 1) / 2)[place])


def _consensus(ranks: Mapping[str, Scores], *, without: str) -> Scores:
    others = [own for name, own in ranks.items() if name != without]
    return rank(np.mean(others, axis=0))


def correlation(one: Scores, other: Scores) -> float | None:
    """Pearson's correlation of values (n,) with others; None where either does not vary."""
    if len(one) < 2 or not np.ptp(one) or not np.ptp(other):
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
