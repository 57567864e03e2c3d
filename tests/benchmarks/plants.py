"""Two plants, as a monitor would watch them: pumps with eight sensors, and drinking water."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from windows import history, pipeline_of, scores

from nightflag.calibration import Calibration
from nightflag.features import View

LENGTH, ROLLED = 10, 15


def skab_cases(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """All experiments with each detector."""
    files = sorted((arguments.data / "skab").glob("[!a]*/*.csv"))
    for detector in arguments.detectors:
        yield f"skab alarm {detector} F1", lambda d=detector: skab(d, files)


def skab(detector: str, files: list[Path]) -> Iterator[tuple[str, float, str]]:
    """F1 and false alarms of both thresholds, and the mean AUROC."""
    found = [experiment(detector, file) for file in files]
    for rule in ("alarm", "ruled"):
        flagged = np.concatenate([one[rule] for one in found])
        anomalous = np.concatenate([one["anomalous"] for one in found])
        hits, false = (flagged & anomalous).sum(), (flagged & ~anomalous).sum()
        detail = f"{len(files)} experiments; published: Conv-AE .78 at 13.55 % false alarms"
        f1 = 2 * hits / (flagged.sum() + anomalous.sum())
        yield f"skab {rule} {detector} F1", f1, detail
        yield f"skab {rule} {detector} false-alarms", false / (~anomalous).sum(), detail
    aurocs = [roc_auc_score(one["anomalous"], one["scores"]) for one in found]
    yield f"skab scores {detector} AUROC", mean(aurocs), "mean of the experiments"


def experiment(detector: str, file: Path) -> dict[str, np.ndarray]:
    """What is flagged among the rows after the first 400."""
    frame = pd.read_csv(file, sep=";")
    everyone = history(frame.iloc[:, 1:9].to_numpy(float), View(length=LENGTH))
    pipeline = pipeline_of(everyone.keep(np.arange(300)))
    train = everyone.keep(np.arange(LENGTH - 1, 300))
    found = scores(detector, pipeline, train, everyone, clean=True)
    rolled = pd.Series(found).rolling(ROLLED, min_periods=1).mean().to_numpy()
    threshold = 1.5 * np.quantile(rolled[300:400], 0.999)
    return {
        "anomalous": frame["anomaly"].to_numpy()[400:] > 0,
        "alarm": Calibration(found[300:400]).p_values(found[400:]) <= 0.01,
        "ruled": rolled[400:] > threshold,
        "scores": found[400:],
    }


def water_cases(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The drinking water with each detector."""
    [path] = (arguments.data / "water").glob("*.csv.gz")
    for detector in arguments.detectors:
        yield f"water {detector} AP", lambda d=detector: water(d, path)


def water(detector: str, path: Path) -> Iterator[tuple[str, float, str]]:
    """Average precision and AUROC of the last 40 %."""
    frame = pd.read_csv(path)
    values = frame.drop(columns=["Time", "EVENT"]).to_numpy(float)
    anomalous = frame["EVENT"].to_numpy() > 0
    everyone = history(values, View(length=1, departure=12 * 3_600.0))
    cut = int(0.6 * len(values))
    train = everyone.keep(np.arange(cut)[:: max(1, cut // 20_000)])
    found = scores(
        detector, pipeline_of(train), train, everyone.keep(slice(cut, None)), clean=False
    )
    detail = f"{anomalous[cut:].sum()} of {len(found)} rows; before: Gaussian .575 on the whole"
    yield f"water {detector} AP", average_precision_score(anomalous[cut:], found), detail
    yield f"water {detector} AUROC", roc_auc_score(anomalous[cut:], found), detail
