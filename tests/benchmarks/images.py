"""How well images are judged: ``python tests/benchmarks/images.py --data DIR --out FILE.json``.

Over a folder of ``.npz`` sets in the layout of MedMNIST: train_images, train_labels, val_images and
val_labels, label 0 for normal. Detectors and references train on the normal images of train and are
tested on val, with each seed. Beside the ranking:

- false alarms: fitted on 60 % of the normal training images, calibrated on 20 %, flagged on 20 %;
  and the share of val's normal images flagged by the same model;
- heat maps: how often the hottest pixel lies in a defect of 8 x 8 pixels planted into val's normal
  images.

Figures already in the file are not taken again.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from nightflag import detectors, references
from nightflag.calibration import Calibration

DEFECT = 8
RATES = (0.01, 0.05)
GOAL = 0.97
SCORES = ("contrast", *references.REFERENCES, "autoencoder_error", "autoencoder")
OURS = ("log_energy", "auto_unlabelled", "auto")

Images = np.ndarray


def main() -> None:
    """Measure, print each row as it comes, and write all figures as JSON."""
    arguments = parsed()
    figures: list[dict[str, Any]] = (
        json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else []
    )
    figures = [one for one in figures if not one["name"].startswith("mean ")]
    for path, seed, name in cases(arguments):
        case = f"{path.stem} seed {seed} {name}"
        if not any(one["name"].startswith(f"{case} ") for one in figures):
            figures += measured(case, name, path, seed)
            write(arguments.out, figures)
        print(case, *told(figures, case), sep="  ", flush=True)
    write(arguments.out, [*figures, *means(figures)])


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--names", nargs="+", default=[*SCORES, *OURS], choices=[*SCORES, *OURS])
    return parser.parse_args()


def cases(arguments: argparse.Namespace) -> Iterator[tuple[Path, int, str]]:
    """Every set, seed and name."""
    paths = sorted(arguments.data.glob("*.npz"))
    if not paths:
        raise SystemExit(f"no .npz set in {arguments.data}")
    for path in paths:
        yield from ((path, seed, name) for seed in arguments.seeds for name in arguments.names)


def load(path: Path) -> tuple[Images, Images, np.ndarray]:
    """Normal training images and test images (n, height, width, channels) from 0 to 1, labels."""
    with np.load(path) as held:
        labels = {part: held[f"{part}_labels"].reshape(-1) != 0 for part in ("train", "val")}
        images = {part: held[f"{part}_images"].astype(np.float32) / 255 for part in labels}
    shaped = {part: one if one.ndim == 4 else one[..., None] for part, one in images.items()}
    return shaped["train"][~labels["train"]], shaped["val"], labels["val"]


def measured(case: str, name: str, path: Path, seed: int) -> list[dict[str, Any]]:
    """The figures of one detector or reference on one set."""
    train, test, anomalous = load(path)
    start = perf_counter()
    score = scorer(name, train, seed)
    fitted = perf_counter()
    scores = score(test)
    scored = perf_counter()
    detail = f"{len(train)} images of {train.shape[1:]} to train on, {len(test)} to test"
    found = [
        figure(f"{case} AUROC", roc_auc_score(anomalous, scores), "", detail),
        figure(f"{case} AP", average_precision_score(anomalous, scores), "", detail),
        figure(f"{case} training", fitted - start, "s", detail),
        figure(f"{case} scoring", len(test) / (scored - fitted), "images/s", detail),
    ]
    if name in OURS:
        found += false_alarms(case, name, train, test[~anomalous], seed)
        found += hits(case, name, train, test[~anomalous], seed)
    return found


def scorer(name: str, train: Images, seed: int) -> Callable[[Images], np.ndarray]:
    """What gives each image (n, height, width, channels) its score."""
    if name == "contrast":
        return lambda images: -flat(images).std(axis=1)
    if name in references.REFERENCES:
        return lambda images: references.REFERENCES[name](flat(train), flat(images), seed)
    detector = fitted_detector(name, train, seed)
    if name == "autoencoder_error":
        return lambda images: ((flat(images) - detector.expected(flat(images))) ** 2).mean(axis=1)
    return lambda images: detector.score(flat(images))


def fitted_detector(name: str, train: Images, seed: int) -> detectors.Detector:
    """A detector with its defaults; the dense autoencoder sees pixels as plain features."""
    rows, clean = flat(train), name != "auto_unlabelled"
    kind, shape = name.split("_unl")[0], train.shape[1:]
    if kind.startswith("autoencoder"):
        kind, shape = "autoencoder", (rows.shape[1],)
    names = tuple(f"pixel {at}" for at in range(rows.shape[1]))
    training_set = detectors.TrainingSet(rows, names, shape, clean=clean)
    return detectors.fit(kind, training_set, settings={}, seed=seed)


def flat(images: Images) -> np.ndarray:
    """The images as rows of features."""
    return np.ascontiguousarray(images.reshape(len(images), -1))


def false_alarms(
    case: str, name: str, train: Images, shifted: Images, seed: int
) -> Iterator[dict[str, Any]]:
    """The shares of normal images flagged, of the same origin and of val."""
    order = np.random.default_rng(seed).permutation(len(train))
    older, held_out, fresh = np.split(train[order], [int(0.6 * len(train)), int(0.8 * len(train))])
    detector = fitted_detector(name, older, seed)
    calibration = Calibration(detector.score(flat(held_out)))
    for where, images in (("fresh", fresh), ("val", shifted)):
        p_values = calibration.p_values(detector.score(flat(images)))
        for rate in RATES:
            detail = f"{len(images)} normal images, calibrated on {len(held_out)}"
            share = float((p_values <= rate).mean())
            yield figure(f"{case} false_alarms_{where}_at_{rate}", share, "", detail)


def hits(case: str, name: str, train: Images, whole: Images, seed: int) -> Iterator[dict[str, Any]]:
    """The share of planted defects inside which the hottest pixel lies."""
    detector = fitted_detector(name, train, seed)
    for kind, spoil in DEFECTS.items():
        random = np.random.default_rng(seed)
        images, height, width = whole.copy(), *whole.shape[1:3]
        tops = random.integers(0, height - DEFECT + 1, len(images))
        lefts = random.integers(0, width - DEFECT + 1, len(images))
        for image, top, left in zip(images, tops, lefts, strict=True):
            patch = image[top : top + DEFECT, left : left + DEFECT]
            patch[:] = np.clip(spoil(patch, random), 0, 1)
        heat = detector.explain(flat(images)).reshape(images.shape).sum(axis=3)
        peak = heat.reshape(len(images), -1).argmax(axis=1)
        down, across = peak // width - tops, peak % width - lefts
        inside = (down >= 0) & (down < DEFECT) & (across >= 0) & (across < DEFECT)
        chance = DEFECT**2 / (height * width)
        yield figure(f"{case} hit_{kind}", float(inside.mean()), "", f"by chance {chance:.3f}")


DEFECTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "noise": lambda patch, random: patch + random.normal(0, 0.15, patch.shape),
    "brighter": lambda patch, _: patch + 0.3,
    "darker": lambda patch, _: patch - 0.3,
    "blank": lambda patch, _: np.full_like(patch, patch.mean()),
}


def means(figures: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The means over sets and seeds, printed, those of the default beside its goal."""
    kinds = dict.fromkeys(tuple(one["name"].split()[-2:]) for one in figures)
    for name, key in kinds:
        same = [one for one in figures if one["name"].split()[-2:] == [name, key]]
        goal = GOAL if (name, key) == ("auto", "AUROC") else None
        value = mean(one["value"] for one in same)
        found = figure(f"mean {name} {key}", value, same[0]["unit"], f"{len(same)} runs", goal)
        print(f"{found['name']:<44}{value:>12,.4f} {found['unit']}", flush=True)
        yield found


def told(figures: list[dict[str, Any]], case: str) -> Iterator[str]:
    """The figures of a case in short."""
    for one in figures:
        if one["name"].startswith(f"{case} "):
            yield f"{one['name'].split()[-1]} {one['value']:.4g}"


def figure(
    name: str, value: float, unit: str, detail: str, goal: float | None = None
) -> dict[str, Any]:
    """A figure beside its goal, if it has one."""
    return {
        "name": name,
        "value": round(float(value), 4),
        "unit": unit,
        "goal": f"above {goal}" if goal else None,
        "met": bool(value > goal) if goal else None,
        "detail": detail,
    }


def write(path: Path, figures: list[dict[str, Any]]) -> None:
    """The file, whole or not at all."""
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    main()
