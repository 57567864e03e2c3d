"""NAB's series: VUS-PR of batch and causal scores, and single values moved."""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score
from volume import period, vus_pr
from windows import Contender, history, pipeline_of, scores

from nightflag.features import View
from nightflag.features.period import window_length

PREFIXES = {
    "realKnownCause/ec2_request_latency_system_failure.csv": 1007,
    "realTraffic/occupancy_6005.csv": 594,
    "realKnownCause/nyc_taxi.csv": 2579,
    "realTraffic/TravelTime_451.csv": 500,
}
"""The series with published values, and how many points TSB-AD lets a detector train on."""

FOLDS = 5


def nab_cases(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each series with each detector, prefix known and not, and with points injected."""
    windows = json.loads((arguments.data / "nab" / "windows.json").read_text(encoding="utf-8"))
    there = [one for one in windows if windows[one] and (arguments.data / "nab" / one).exists()]
    chosen = there if arguments.all_series else [one for one in there if one in PREFIXES]
    for series in chosen:
        values, anomalous = labelled(arguments.data / "nab" / series, windows[series])
        prefix = PREFIXES.get(series, int(0.15 * len(values)))
        for contender in arguments.contenders:
            for how in arguments.ways:
                case = f"nab {Path(series).stem} {how}"
                first = f"{case} causal {contender} " + ("AP" if how == "points" else "VUS-PR")
                yield (
                    first,
                    lambda c=case, h=how, d=contender, v=values, a=anomalous, p=prefix: NAB[h](
                        c, d, v, a, p
                    ),
                )


def labelled(path: Path, windows: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, 1) and whether each lies in a labelled window."""
    frame = pd.read_csv(path, parse_dates=["timestamp"])
    frame = frame.iloc[1:] if path.stem.startswith("ec2_request") else frame
    anomalous = np.zeros(len(frame), dtype=bool)
    for start, end in windows:
        anomalous |= frame["timestamp"].between(start, end).to_numpy()
    return frame[["value"]].to_numpy(float), anomalous


def covering(ending: np.ndarray, length: int) -> np.ndarray:
    """Each point's mean score over the full windows that cover it, from those of their ends."""
    full = np.arange(len(ending)) >= length - 1
    sums = np.concatenate([[0.0], np.cumsum(np.where(full, ending, 0.0))])
    counts = np.concatenate([[0], np.cumsum(full)])
    starts = np.arange(len(ending))
    stops = np.minimum(starts + length, len(ending))
    return (sums[stops] - sums[starts]) / np.maximum(counts[stops] - counts[starts], 1)


def judged_twice(
    case: str,
    contender: Contender,
    ending: np.ndarray,
    anomalous: np.ndarray,
    length: int,
    buffer: int,
) -> Iterator[tuple[str, float, str]]:
    """VUS-PR of the causal and of the batch scores."""
    detail = f"{len(ending)} points, window {length}, buffer {buffer}"
    yield f"{case} causal {contender} VUS-PR", vus_pr(anomalous, ending, buffer), detail
    batch = vus_pr(anomalous, covering(ending, length), buffer)
    yield f"{case} batch {contender} VUS-PR", batch, detail


def prefix_known(
    case: str, contender: Contender, values: np.ndarray, anomalous: np.ndarray, prefix: int
) -> Iterator[tuple[str, float, str]]:
    """Trained on the prefix, which is clean."""
    length = window_length([values[:prefix]], 1)
    everyone = history(values, View(length=length))
    pipeline = pipeline_of(everyone.keep(np.arange(prefix)), clean=True)
    train = everyone.keep(np.arange(length - 1, prefix))
    ending = scores(contender, pipeline, train, everyone, clean=True)
    yield from judged_twice(case, contender, ending, anomalous, length, period(values[:, 0]))


def prefix_unknown(
    case: str, contender: Contender, values: np.ndarray, anomalous: np.ndarray, _: int
) -> Iterator[tuple[str, float, str]]:
    """Five contiguous folds, each scored by a model of the other four."""
    length = window_length([values[: len(values) * 4 // 5]], 1)
    everyone = history(values, View(length=length))
    fold = np.arange(len(values)) * FOLDS // len(values)
    ending = np.zeros(len(values))
    for one in range(FOLDS):
        begun = fold[np.maximum(np.arange(len(values)) - length + 1, 0)]
        others = (fold != one) & (begun != one) & (np.arange(len(values)) >= length - 1)
        train = everyone.keep(others)
        ending[fold == one] = scores(
            contender,
            pipeline_of(train, clean=False),
            train,
            everyone.keep(fold == one),
            clean=False,
        )
    yield from judged_twice(case, contender, ending, anomalous, length, period(values[:, 0]))


def points_injected(
    case: str, contender: Contender, values: np.ndarray, anomalous: np.ndarray, prefix: int
) -> Iterator[tuple[str, float, str]]:
    """Single values moved by 3 to 6 deviations, outside of the labelled windows."""
    random = np.random.default_rng(1)
    where = np.flatnonzero(~anomalous & (np.arange(len(values)) >= prefix))
    moved = random.choice(where, max(1, len(where) // 100), replace=False)
    changed = values.copy()
    size = random.uniform(3, 6, len(moved)) * random.choice([-1, 1], len(moved))
    changed[moved, 0] += size * values[:prefix, 0].std()
    length = window_length([values[:prefix]], 1)
    everyone = history(changed, View(length=length))
    pipeline = pipeline_of(everyone.keep(np.arange(prefix)), clean=True)
    train = everyone.keep(np.arange(length - 1, prefix))
    ending = scores(contender, pipeline, train, everyone.keep(where), clean=True)
    detail = f"{len(moved)} of {len(where)} points moved, window {length}"
    yield (
        f"{case} causal {contender} AP",
        average_precision_score(np.isin(where, moved), ending),
        detail,
    )


NAB = {"known": prefix_known, "unknown": prefix_unknown, "points": points_injected}
