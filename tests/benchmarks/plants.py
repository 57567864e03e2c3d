"""Two plants, as a monitor would watch them: pumps with eight sensors, and drinking water."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from windows import Contender, history, pipeline_of, scores

from nightflag import blocks
from nightflag.calibration import Calibration
from nightflag.features import History, View

LENGTH, ROLLED = 10, 15
OUTCOMES = ("hits", "false", "missed", "passed")
PUBLISHED = "published: Conv-AE .78 at 13.55 % false alarms; flagging everything gives .70"


def skab_cases(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each experiment with each detector."""
    for contender in arguments.contenders:
        for file in sorted((arguments.data / "skab").glob("[!a]*/*.csv")):
            case = f"skab {file.parent.name}-{file.stem}"
            yield (
                f"{case} scores {contender} AUROC",
                lambda c=case, d=contender, f=file: experiment(c, d, f),
            )


def experiment(case: str, contender: Contender, file: Path) -> Iterator[tuple[str, float, str]]:
    """The AUROC behind the first 400 rows, and what two thresholds make of its rows."""
    frame = pd.read_csv(file, sep=";")
    everyone = history(frame.iloc[:, 1:9].to_numpy(float), View(length=LENGTH))
    pipeline = pipeline_of(everyone.keep(np.arange(300)), clean=True)
    train = everyone.keep(np.arange(LENGTH - 1, 300))
    found = scores(contender, pipeline, train, everyone, clean=True)
    anomalous = frame["anomaly"].to_numpy()[400:] > 0
    detail = f"{len(anomalous)} rows, {anomalous.sum()} anomalous"
    yield f"{case} scores {contender} AUROC", roc_auc_score(anomalous, found[400:]), detail
    for rule, flagged in (
        ("alarm", alarmed(found, 0.01)),
        ("strict", alarmed(found, 0.001)),
        ("ruled", ruled(found)),
        *in_turn(contender, everyone),
    ):
        for name, count in zip(OUTCOMES, outcomes(flagged, anomalous), strict=True):
            yield f"{case} {rule} {contender} {name}", count, detail


def alarmed(found: np.ndarray, rate: float) -> np.ndarray:
    """What a monitor flags, calibrated on 100 rows."""
    return Calibration(found[300:400]).p_values(found[400:]) <= rate


def in_turn(contender: Contender, everyone: History) -> Iterator[tuple[str, np.ndarray]]:
    """What a monitor with ``cross_calibration`` flags at both rates: all 400 rows train."""
    known = everyone.keep(np.arange(LENGTH - 1, 400))
    calibration = [
        scored_by(contender, others, block)
        for others, block in blocks.in_turn(known, 300 - LENGTH + 1, 3)
    ]
    older, newest = (everyone.keep(np.arange(*ends)) for ends in ((LENGTH - 1, 300), (300, 400)))
    calibration.append(scored_by(contender, older, newest))
    found = scored_by(contender, known, everyone.keep(slice(400, None)))
    p_values = Calibration(np.concatenate(calibration)).p_values(found)
    yield from (("turned", p_values <= 0.01), ("turned-strict", p_values <= 0.001))


def scored_by(contender: Contender, train: History, judged: History) -> np.ndarray:
    """The scores of a detector of the training records, features and all."""
    return scores(contender, pipeline_of(train, clean=True), train, judged, clean=True)


def ruled(found: np.ndarray) -> np.ndarray:
    """Where the mean of 15 rows is above 1.5 times its 99.9 % quantile in calibration."""
    rolled = pd.Series(found).rolling(ROLLED, min_periods=1).mean().to_numpy()
    return rolled[400:] > 1.5 * np.quantile(rolled[300:400], 0.999)


def outcomes(flagged: np.ndarray, anomalous: np.ndarray) -> tuple[int, ...]:
    """Hits, false alarms, misses and passed rows."""
    pairs = (flagged & anomalous, flagged & ~anomalous, ~flagged & anomalous, ~flagged & ~anomalous)
    return tuple(int(one.sum()) for one in pairs)


def skab_means(figures: list[tuple[str, float]]) -> Iterator[tuple[str, float, str]]:
    """F1 and the share of false alarms over all experiments and seeds, and the mean AUROC."""
    groups: dict[tuple[str, str], dict[str, list[float]]] = {}
    for name, value in figures:
        _, _, rule, detector, key = name.split()
        groups.setdefault((rule, detector), {}).setdefault(key, []).append(value)
    for (rule, detector), found in sorted(groups.items()):
        beside = f"{len(next(iter(found.values())))} runs; {PUBLISHED}"
        if rule == "scores":
            yield f"skab scores {detector} AUROC", mean(found["AUROC"]), beside
            continue
        hits, false, missed, passed = (sum(found[name]) for name in OUTCOMES)
        yield f"skab {rule} {detector} F1", 2 * hits / (2 * hits + false + missed), beside
        yield f"skab {rule} {detector} false-alarms", false / (false + passed), beside


def water_cases(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The drinking water with each detector."""
    [path] = (arguments.data / "water").glob("*.csv.gz")
    for contender in arguments.contenders:
        yield f"water {contender} AP", lambda d=contender: water(d, path)


def water(contender: Contender, path: Path) -> Iterator[tuple[str, float, str]]:
    """Average precision and AUROC of the last 40 %."""
    frame = pd.read_csv(path)
    values = frame.drop(columns=["Time", "EVENT"]).to_numpy(float)
    anomalous = frame["EVENT"].to_numpy() > 0
    everyone = history(values, View(length=1, departure=12 * 3_600.0))
    cut = int(0.6 * len(values))
    train = everyone.keep(np.arange(cut)[:: max(1, cut // 20_000)])
    found = scores(
        contender,
        pipeline_of(train, clean=False),
        train,
        everyone.keep(slice(cut, None)),
        clean=False,
    )
    detail = f"{anomalous[cut:].sum()} of {len(found)} rows; before: Gaussian .575 on the whole"
    yield f"water {contender} AP", average_precision_score(anomalous[cut:], found), detail
    yield f"water {contender} AUROC", roc_auc_score(anomalous[cut:], found), detail
