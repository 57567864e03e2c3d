"""Labelled sets, and the splits into records to train on and records to judge."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from nightflag import features

AT_MOST, AT_LEAST = 10_000, 1_000
KDD_COLUMNS, KDD_NORMAL = 41, "normal"


@dataclass(frozen=True)
class Split:
    """Records (n rows each), what kind each column is, and which test records are anomalies."""

    train: pd.DataFrame
    test: pd.DataFrame
    anomalous: np.ndarray
    kinds: dict[str, str]
    clean: bool

    def matrices(self) -> tuple[features.Pipeline, np.ndarray, np.ndarray]:
        """The feature pipeline a monitor would have, and its features of both parts."""
        pipeline = features.fit(self.train, kinds=self.kinds)
        return pipeline, pipeline.transform(self.train), pipeline.transform(self.test)


def paths(folder: Path, protocol: str, wanted: list[str]) -> list[Path]:
    """The sets in a folder: ``.npz`` files and, for protocol B, NSL-KDD's ``KDDTrain*.txt``."""
    found = [*folder.glob("*.npz"), *(folder.glob("KDDTrain*.txt") if protocol == "B" else [])]
    chosen = sorted(p for p in found if not wanted or any(part in p.stem for part in wanted))
    if not chosen:
        raise SystemExit(f"no set called {wanted or 'KDDTrain*.txt or *.npz'} is in {folder}")
    return chosen


def split(path: Path, protocol: str, seed: int) -> Split:
    """The set split by the protocol and the seed."""
    if path.suffix == ".txt":
        return connections(path, seed)
    with np.load(path) as held:
        x, y = held["X"].astype(np.float64), held["y"].astype(int)
    return PROTOCOLS[protocol](x, y, seed)


def contaminated(x: np.ndarray, y: np.ndarray, seed: int) -> Split:
    """Protocol A: 1,000 to 10,000 rows; of those 70 %, stratified, train with their anomalies."""
    random = np.random.default_rng(seed)
    if not AT_LEAST <= len(y) <= AT_MOST:
        size = AT_MOST if len(y) > AT_MOST else AT_LEAST
        drawn = random.choice(len(y), size, replace=len(y) < size)
        x, y = x[drawn], y[drawn]
    train, test, _, anomalous = train_test_split(x, y, test_size=0.3, stratify=y, random_state=seed)
    return numbers(train, test, anomalous, clean=False)


def one_class(x: np.ndarray, y: np.ndarray, seed: int) -> Split:
    """Protocol B: at most 10,000 rows; half of the normal ones train, all others are judged."""
    random = np.random.default_rng(seed)
    if len(y) > AT_MOST:
        drawn = random.choice(len(y), AT_MOST, replace=False)
        x, y = x[drawn], y[drawn]
    normal = random.permutation(np.flatnonzero(y == 0))
    test = np.concatenate([normal[len(normal) // 2 :], np.flatnonzero(y)])
    return numbers(x[normal[: len(normal) // 2]], x[test], y[test], clean=True)


def connections(path: Path, seed: int) -> Split:
    """NSL-KDD: the normal connections of a random half train, the other half is judged."""
    table = pd.read_csv(path, header=None)
    anomalous = (table[KDD_COLUMNS] != KDD_NORMAL).to_numpy()
    records = table.iloc[:, :KDD_COLUMNS].rename(columns="x{:02}".format)
    first = np.random.default_rng(seed).permutation(len(table)) < len(table) // 2
    train = records[first & ~anomalous]
    words = {c: "categorical" for c in records if not pd.api.types.is_numeric_dtype(records[c])}
    kinds = features.infer(train, overrides=words).kinds
    return Split(train, records[~first], anomalous[~first].astype(int), kinds, clean=True)


def numbers(train: np.ndarray, test: np.ndarray, anomalous: np.ndarray, *, clean: bool) -> Split:
    """A split whose columns are all numbers."""
    names = [f"x{number:04}" for number in range(train.shape[1])]
    tables = [pd.DataFrame(part, columns=names) for part in (train, test)]
    return Split(*tables, anomalous, dict.fromkeys(names, "numeric"), clean)


PROTOCOLS: dict[str, Callable[[np.ndarray, np.ndarray, int], Split]] = {
    "A": contaminated,
    "B": one_class,
}
