"""Which training rows to leave out where anomalies may be among them.

The rows are ranked by a broad random-feature density (Rahimi and Recht, 2007), too smooth to have
learned any single row: a network's own scores would spare just those anomalies that it memorised.
"""

import numpy as np
from numpy.typing import NDArray

COSINES = 512
BREADTH = 0.5
RIDGE = 0.1
ROWS_AT_ONCE = 8_192


def best_fitting(rows: NDArray[np.float32], dropped: int, seed: int) -> NDArray[np.intp]:
    """The positions, ascending, of all rows (n, width) but the ``dropped`` worst-fitting."""
    worst_last = np.argsort(_misfit(rows, seed), kind="stable")
    return np.sort(worst_last[: len(rows) - dropped])


def _misfit(rows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """How unlike the rest each row is: phi' (C + ridge)^-1 phi, C = mean phi phi', shape (n,)."""
    random = np.random.default_rng(seed)
    spread = BREADTH / np.sqrt(rows.shape[1])
    directions = random.normal(0, spread, size=(rows.shape[1], COSINES)).astype(np.float32)
    phases = random.uniform(0, 2 * np.pi, COSINES).astype(np.float32)
    blocks = range(0, len(rows), ROWS_AT_ONCE)

    def cosines(start: int) -> NDArray[np.float32]:
        return np.asarray(np.cos(rows[start : start + ROWS_AT_ONCE] @ directions + phases))

    second_moment = sum(cosines(i).T @ cosines(i) for i in blocks) / len(rows)
    ridge = RIDGE * np.trace(second_moment) * np.eye(COSINES)
    factor = np.linalg.inv(np.linalg.cholesky(second_moment + ridge)).astype(np.float32)
    return np.concatenate([((cosines(i) @ factor.T) ** 2).sum(axis=1) for i in blocks])
