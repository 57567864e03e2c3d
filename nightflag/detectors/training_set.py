"""What a detector learns from: rows of features, and what is known of them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Standardised features ``x`` (n, width), none missing, whose columns are named ``features``.

    ``shape`` is that of one record, of which ``x`` holds the values row by row: (width,) for plain
    records, (columns, steps) for sequences, latest step last, (height, width, channels) for images.
    ``clean`` says that no anomaly is among the rows.
    """

    x: Rows
    features: tuple[str, ...]
    shape: tuple[int, ...]
    clean: bool

    def __len__(self) -> int:
        return len(self.x)

    @property
    def width(self) -> int:
        """How many features a record has."""
        return math.prod(self.shape)
