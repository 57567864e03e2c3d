"""How far a score falls when one column is put right: our first reason, any, the gradient's.

Each set is split as by ``quality.py``; the judged records with the highest 5 % of the scores, 200
at most, are taken as flags. In each, one feature is replaced by what the detector expected there,
and the share of the score that is gone is the fall. The gradient's column is that of the largest
|d score / d x * x|, x being 0 for the mean. Intervals: 95 %, bootstrap over the flags, or over the
sets for the means.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import contenders
import figures
import numpy as np
import splits

from nightflag.detectors import Detector
from nightflag.detectors.network import keras, tf

FLAGGED, MOST_FLAGS, RESAMPLED = 0.05, 200, 2_000
WAYS = ("first reason", "any column", "gradient")
DETECTORS = ("auto", "autoencoder", "density", "random_features")


def main() -> None:
    """Print and write the falls, set by set, and their means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of .npz sets")
    parser.add_argument("--sets", nargs="*", default=[], help="parts of their names")
    parser.add_argument("--detectors", nargs="*", default=list(DETECTORS))
    parser.add_argument("--protocol", choices="AB", default="A")
    parser.add_argument("--out", type=Path, default=Path("faithfulness.json"))
    chosen = parser.parse_args()
    found: figures.Figures = []
    paths = splits.paths(chosen.data, chosen.protocol, chosen.sets)
    print(f"{'':<44}" + "".join(f"{way:>24}" for way in WAYS))
    for name in chosen.detectors:
        means = []
        for path in paths:
            falls = falls_of(name, splits.split(path, chosen.protocol, 1))
            means.append(falls.mean(axis=0))
            found += shown(f"{name} on {path.stem}", falls, f"{len(falls)} flags")
            figures.write(chosen.out, found)
        found += shown(f"mean {name}", np.array(means), f"{len(means)} sets")
        figures.write(chosen.out, found)


def falls_of(name: str, split: splits.Split) -> np.ndarray:
    """The falls (flags, ways) of this detector's scores on the split."""
    detector, pipeline = contenders.fitted(name, split, 1)
    x = pipeline.transform(split.test)
    scores = detector.score(x)
    count = max(1, min(MOST_FLAGS, int(FLAGGED * len(scores))))
    return falls(detector, x[np.argsort(-scores, kind="stable")[:count]])


def falls(detector: Detector, flagged: np.ndarray) -> np.ndarray:
    """What share of each score (n, ways) is gone when the column of each way is put right."""
    random = np.random.default_rng(0)
    columns = (
        detector.explain(flagged).argmax(axis=1),
        random.integers(0, flagged.shape[1], len(flagged)),
        np.abs(gradient(detector, flagged) * flagged).argmax(axis=1),
    )
    return np.column_stack([fall(detector, flagged, column) for column in columns])


def fall(detector: Detector, x: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The share of the score (n,) that is gone when one feature of each row is as expected."""
    mended, rows = x.copy(), np.arange(len(x))
    mended[rows, column] = detector.expected(x)[rows, column]
    before = detector.score(x)
    return 1 - detector.score(mended) / before


def gradient(detector: Detector, x: np.ndarray) -> np.ndarray:
    """d score / d x (n, width), by the network that the detector was exported from."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(detector.network)
        model = keras.models.load_model(path)
    rows = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        total = tf.reduce_sum(model(rows)["score"])
    return tape.gradient(total, rows).numpy()


def shown(label: str, held: np.ndarray, detail: str) -> Iterator[dict[str, object]]:
    """The mean falls in per cent with their intervals, printed in a line."""
    cells = []
    for way, values in zip(WAYS, 100 * held.T, strict=True):
        low, high = interval(values)
        cells.append(f"{values.mean():9.1f} ({low:5.1f} to {high:5.1f})")
        within = f"95 % interval {low:.1f} to {high:.1f}, {detail}"
        yield figures.figure(f"{label}: {way}", values.mean(), "%", within)
    print(f"{label:<44}" + "".join(f"{cell:>24}" for cell in cells), flush=True)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Between what the mean of resampled values lies in 95 % of draws."""
    random = np.random.default_rng(0)
    means = values[random.integers(0, len(values), (RESAMPLED, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    main()
