"""How well the detectors rank labelled anomalies: ``make bench-quality``.

Two protocols over a folder of ``.npz`` sets (X, y), each set split by each seed:

- A, contaminated: sets over 10,000 rows subsampled to 10,000, under 1,000 bootstrapped to 1,000;
  70 % train, stratified, with their anomalies among them (``training_rows: unlabelled``).
- B, one-class: at most 10,000 rows; a random half of the normal rows train (``clean``), the other
  half and all anomalies test.

References of scikit-learn on z-scores stand beside, from the same splits. Figures already in the
file are not taken again.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from nightflag import detectors, features, references

AT_MOST, AT_LEAST = 10_000, 1_000
TRAINING_ROWS = {"A": "unlabelled", "B": "clean"}
GOALS = {"A": {"AUROC": 83.0, "AUPRC": 48.5}, "B": {"AUROC": 90.5, "AUPRC": 72.0}}
BESIDE = ("isolation_forest", "nearest_neighbours", "gaussian")


@dataclass(frozen=True)
class Split:
    """Matrices (n, width) and, of the test rows, whether each is an anomaly."""

    train: np.ndarray
    test: np.ndarray
    anomalous: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """The test rows' scores, the seconds of training, and rows scored a second."""

    scores: np.ndarray
    training_seconds: float
    rows_per_second: float


def main() -> None:
    """Measure, print each row as it comes, and write all figures as JSON."""
    arguments = parsed()
    figures: list[dict[str, Any]] = (
        json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else []
    )
    names = [*BESIDE, *arguments.detectors]
    print(
        f"protocol {arguments.protocol}, AUROC / AUPRC in %\n{'':<24}" + header(names), flush=True
    )
    for path, seed in cases(arguments):
        case = f"{arguments.protocol} {path.stem} seed {seed}"
        print(f"{case[2:]:<24}", end="", flush=True)
        for name in names:
            if not any(figure["name"].startswith(f"{case} {name} ") for figure in figures):
                figures += measured(case, name, path, arguments.protocol, seed)
                write(arguments.out, figures)
            found = {f["name"].split()[-1]: f["value"] for f in figures if taken(f, case, name)}
            print(f"{found['AUROC']:>9.1f} /{found['AUPRC']:5.1f}  ", end="", flush=True)
        print()
    write(arguments.out, [*rows_of(figures), *means(rows_of(figures), arguments.protocol, names)])


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets")
    parser.add_argument("--protocol", choices=TRAINING_ROWS, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sets", nargs="+", default=[], help="part of a file's name")
    parser.add_argument(
        "--detectors", nargs="+", default=["auto", "autoencoder"], choices=detectors.DETECTORS
    )
    return parser.parse_args()


def cases(arguments: argparse.Namespace) -> Iterator[tuple[Path, int]]:
    """Every set with every seed, the first seed first."""
    paths = sorted(arguments.data.glob("*.npz"))
    chosen = [p for p in paths if not arguments.sets or any(s in p.stem for s in arguments.sets)]
    if not chosen:
        raise SystemExit(f"no .npz set of {arguments.sets or 'any name'} in {arguments.data}")
    yield from ((path, seed) for seed in arguments.seeds for path in chosen)


def measured(case: str, name: str, path: Path, protocol: str, seed: int) -> list[dict[str, Any]]:
    """The four figures of one detector or reference on one split."""
    split = SPLITS[protocol](*load(path), seed)
    how = reference_outcome if name in references.REFERENCES else detector_outcome
    outcome = how(name, split, TRAINING_ROWS[protocol], seed)
    detail = f"{len(split.train)} rows to train on, {split.train.shape[1]} columns"
    values = {
        "AUROC": (100 * roc_auc_score(split.anomalous, outcome.scores), "%"),
        "AUPRC": (100 * average_precision_score(split.anomalous, outcome.scores), "%"),
        "training": (outcome.training_seconds, "s"),
        "scoring": (outcome.rows_per_second, "rows/s"),
    }
    return [
        figure(f"{case} {name} {key}", value, unit, None, detail)
        for key, (value, unit) in values.items()
    ]


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """X (n, width) as float64 and y (n,) as 0 or 1."""
    with np.load(path) as held:
        return held["X"].astype(np.float64), held["y"].astype(int)


def contaminated(x: np.ndarray, y: np.ndarray, seed: int) -> Split:
    """Protocol A."""
    random = np.random.default_rng(seed)
    if not AT_LEAST <= len(y) <= AT_MOST:
        size = AT_MOST if len(y) > AT_MOST else AT_LEAST
        drawn = random.choice(len(y), size, replace=len(y) < size)
        x, y = x[drawn], y[drawn]
    train, test, _, anomalous = train_test_split(x, y, test_size=0.3, stratify=y, random_state=seed)
    return Split(train, test, anomalous)


def one_class(x: np.ndarray, y: np.ndarray, seed: int) -> Split:
    """Protocol B."""
    random = np.random.default_rng(seed)
    if len(y) > AT_MOST:
        drawn = random.choice(len(y), AT_MOST, replace=False)
        x, y = x[drawn], y[drawn]
    normal = random.permutation(np.flatnonzero(y == 0))
    test = np.concatenate([normal[len(normal) // 2 :], np.flatnonzero(y)])
    return Split(x[normal[: len(normal) // 2]], x[test], y[test])


SPLITS: dict[str, Callable[[np.ndarray, np.ndarray, int], Split]] = {
    "A": contaminated,
    "B": one_class,
}


def detector_outcome(name: str, split: Split, training_rows: Any, seed: int) -> Outcome:
    """A detector of nightflag, over the features a monitor would have."""
    frames = [frame(part) for part in (split.train, split.test)]
    pipeline = features.fit(frames[0], kinds=dict.fromkeys(frames[0].columns, "numeric"))
    train, test = (pipeline.transform(part) for part in frames)
    start = perf_counter()
    clean = training_rows == "clean"
    training_set = detectors.TrainingSet(train, pipeline.names, pipeline.shape, clean=clean)
    detector = detectors.fit(name, training_set, settings={}, seed=seed)
    return timed(start, test, detector.score)


def reference_outcome(name: str, split: Split, _: str, seed: int) -> Outcome:
    """A reference on z-scores; fitted while it scores, so the seconds are those of both."""
    scaler = StandardScaler().fit(split.train)
    train, test = scaler.transform(split.train), scaler.transform(split.test)
    start = perf_counter()
    scores = references.REFERENCES[name](train, test, seed)
    seconds = perf_counter() - start
    return Outcome(scores, seconds, len(test) / seconds)


def timed(start: float, test: np.ndarray, score: Callable[[Any], np.ndarray]) -> Outcome:
    """The scores of ``test``, and how long training, begun at ``start``, and scoring took."""
    trained = perf_counter()
    scores = score(test)
    return Outcome(scores, trained - start, len(test) / (perf_counter() - trained))


def frame(matrix: np.ndarray) -> pd.DataFrame:
    """The matrix as a table of numeric columns."""
    return pd.DataFrame(matrix, columns=[f"x{number:04}" for number in range(matrix.shape[1])])


def means(
    figures: list[dict[str, Any]], protocol: str, names: list[str]
) -> Iterator[dict[str, Any]]:
    """The means over all sets and seeds in the file, printed beside the goals."""
    print(f"{'mean':<24}" + header(names))
    for key, unit in (("AUROC", "%"), ("AUPRC", "%"), ("training", "s"), ("scoring", "rows/s")):
        goal = GOALS[protocol].get(key)
        print(f"{key:<24}", end="")
        for name in names:
            values = [f["value"] for f in figures if taken(f, protocol, name, key)]
            beside = goal if name in detectors.DETECTORS else None
            yield figure(
                f"mean {protocol} {name} {key}", mean(values), unit, beside, f"{len(values)} splits"
            )
            print(f"{mean(values):>16,.1f}  ", end="")
        print(f"  goal: above {goal}" if goal else "")


def header(names: list[str]) -> str:
    """The names over their columns."""
    return "".join(f"{name[:16]:>16}  " for name in names)


def taken(entry: dict[str, Any], case: str, name: str, key: str = "") -> bool:
    """Whether the figure is of this case and detector."""
    words = entry["name"].split()
    return entry["name"].startswith(f"{case} ") and words[-2] == name and words[-1].startswith(key)


def rows_of(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All figures but the means."""
    return [entry for entry in figures if not entry["name"].startswith("mean ")]


def figure(name: str, value: float, unit: str, goal: float | None, detail: str) -> dict[str, Any]:
    """A figure beside its goal, if it has one."""
    return {
        "name": name,
        "value": round(float(value), 3),
        "unit": unit,
        "goal": f"above {goal}" if goal else None,
        "met": value > goal if goal else None,
        "detail": detail,
    }


def write(path: Path, figures: list[dict[str, Any]]) -> None:
    """The file, whole or not at all."""
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    main()
