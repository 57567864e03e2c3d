"""The weights of a fitted network, read without Keras."""

import zipfile
from io import BytesIO

import h5py
import numpy as np
from numpy.typing import NDArray

from nightflag.detectors.detector import Detector

WEIGHTS = "model.weights.h5"

Weights = dict[str, NDArray[np.float64]]


def weights(detector: Detector) -> Weights:
    """Every array of numbers that training left in the network, by its place there.

    The same training gives the same ones bit for bit, in whatever process. The files around them do
    not stay the same: they hold a date, and the exported graph its parts in any order.
    """
    with zipfile.ZipFile(BytesIO(detector.network)) as network:
        content = network.read(WEIGHTS)
    found: Weights = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item[()], dtype=np.float64)

    with h5py.File(BytesIO(content)) as file:
        file.visititems(keep)
    return found
