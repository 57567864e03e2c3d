"""Random-feature heads: how unlike the training rows a row is, from cosines of random projections.

phi(x) = sqrt(2 / D) cos(x W + b) approximates a Gaussian kernel (Rahimi and Recht, 2007), and
phi' (C + ridge I)^-1 phi, C = mean phi phi', is its Gaussian process' predictive variance: high
where no training row is near. No gradient step is taken: one pass over the rows, one eigenproblem.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 8_192
FAINT = 1e-2
WIDE_RIDGE = 1e-3

Rows = NDArray[np.float32]


class Recipe(NamedTuple):
    """What a head looks at: a broad or a narrow kernel, softened by little or by much.

    ``breadth`` is the inverse width of the kernel, ``ridge`` a share of the trace of C. Each cosine
    looks at ``mixing`` features chosen at random, or at all of them: few keep a rare value of one
    feature visible among many (additive kernels: Duvenaud, Nickisch and Rasmussen, 2011).
    """

    breadth: float
    ridge: float
    cosines: int = 512
    mixing: int | None = None


class Head(NamedTuple):
    """Weights: score = (phi @ kernel)^2 @ weights + rest |phi|^2, phi as ``cosines`` gives them.

    Shapes (width, D), (D,), (D, m) and (m,); m <= D is the number of directions of phi that tell
    rows apart from noise at this ridge.
    """

    directions: Rows
    phases: Rows
    kernel: Rows
    weights: Rows
    rest: float

    def cosines(self, rows: Rows) -> Rows:
        """The cosines phi of each row (n, width), shape (n, D)."""
        scale = np.float32(np.sqrt(2 / len(self.phases)))
        return np.asarray(scale * np.cos(rows @ self.directions + self.phases))

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """How unlike the training rows each of ``rows`` (n, width) is, shape (n,)."""
        blocks = range(0, len(rows), ROWS_AT_ONCE)
        return np.concatenate([self._block(rows[i : i + ROWS_AT_ONCE]) for i in blocks])

    def held_out(self, rows: Rows) -> NDArray[np.float64]:
        """The scores (n,) that its training ``rows`` had got, had each been left out of training.

        Exact for all but the ridge (Sherman and Morrison, 1950): s (1 - 1 / n) / (1 - s / n).
        """
        score, rest = self.score(rows), 1 - 1 / len(rows)
        return np.asarray(score * rest / np.maximum(1 - score / len(rows), 1e-3))

    def _block(self, rows: Rows) -> NDArray[np.float64]:
        phi = self.cosines(rows).astype(np.float64)
        known = (phi @ self.kernel) ** 2 @ self.weights
        return np.asarray(known + self.rest * (phi**2).sum(axis=1))


def fit(rows: Rows, recipe: Recipe, seed: int) -> Head:
    """The head of these training rows (n, width), float32 within the clip; seeded."""
    random = np.random.default_rng(seed)
    directions = _directions(rows.shape[1], recipe, random)
    phases = random.uniform(0, 2 * np.pi, recipe.cosines).astype(np.float32)
    blank = Head(directions, phases, directions, phases, 0.0)
    values, vectors = np.linalg.eigh(_second_moment(blank, rows))
    ridge = recipe.ridge * float(values.sum())
    rest = 1 / ridge if recipe.ridge >= WIDE_RIDGE else 0.0
    kept = values > FAINT * ridge if rest else np.full(len(values), True)
    weights = 1 / (np.maximum(values[kept], 0) + ridge) - rest
    kernel = vectors[:, kept]
    return blank._replace(
        kernel=kernel.astype(np.float32), weights=weights.astype(np.float32), rest=rest
    )


def _directions(width: int, recipe: Recipe, random: np.random.Generator) -> Rows:
    """Random directions (width, D), each over ``mixing`` features, all used about equally often."""
    mixed = min(recipe.mixing or width, width)
    ranks = np.argsort(random.random((width, recipe.cosines)), axis=0)
    chosen = ranks < mixed
    spread = recipe.breadth / np.sqrt(mixed)
    return (chosen * random.normal(0, spread, size=chosen.shape)).astype(np.float32)


def _second_moment(head: Head, rows: Rows) -> NDArray[np.float64]:
    total = np.zeros((len(head.phases), len(head.phases)))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        phi = head.cosines(rows[start : start + ROWS_AT_ONCE])
        total += phi.T @ phi
    return total / len(rows)
