"""How quickly reasons are found: seconds for 10,000 flags, for every kind of detector.

Each row is one call over all flags: contributions, values, usual ranges and words, of images also
the rectangles. Detectors are trained on few records by few steps: that changes no graph.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import figures
import numpy as np
import pandas as pd
import windows
from PIL import Image

from nightflag import detectors, explanation, features, heat_maps, monitors
from nightflag.calibration import Calibration
from nightflag.features import History, View
from nightflag.models import Model

FLAGS, TRAINED_ON = 10_000, 2_000
STEPS, SIDE, FEW_IMAGES = 128, 28, 500
GOAL_SECONDS = 5.0
BY_STEPS = ("autoencoder", "convolutional", "density", "recurrent")
NUMBERS = 28

Records = pd.DataFrame | History


def main() -> None:
    """Print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("reasons.json"))
    parser.add_argument("--only", default="", help="a part of the name of what is measured")
    chosen = parser.parse_args()
    found: figures.Figures = []
    for name, prepared in CASES.items():
        if chosen.only in name:
            found += measured(name, prepared())
            show(found[-1])
            figures.write(chosen.out, found)


def measured(name: str, explain: Callable[[], object]) -> Iterator[dict[str, object]]:
    """The seconds of the quicker of two calls."""
    seconds = min(timed(explain) for _ in range(2))
    met = seconds < GOAL_SECONDS
    detail = f"{FLAGS:,} flags in one call"
    yield figures.figure(name, seconds, "s", detail, goal=f"under {GOAL_SECONDS:g} s", met=met)


def timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def show(one: dict[str, object]) -> None:
    met = "met" if one["met"] else "missed"
    print(f"{one['name']:<40}{one['value']:>8.2f} {one['unit']}  {one['goal']}: {met}", flush=True)


def of_records(detector: str, *, clean: bool = False) -> Callable[[], object]:
    """Reasons of records of 28 numbers, two levels, a truth and a moment."""
    train, flagged = payments(TRAINED_ON, 0), payments(FLAGS, 1)
    pipeline = features.fit(train, kinds=features.infer(train).kinds)
    model = fitted(detector, pipeline, pipeline.transform(train), clean=clean)
    return lambda: explanation.reasons(model, flagged)


def of_windows(detector: str) -> Callable[[], object]:
    """Reasons of windows of 128 steps of four sensors."""
    readings = np.random.default_rng(0).normal(size=(FLAGS + TRAINED_ON, 4)).cumsum(axis=0)
    history = windows.history(readings, View(length=STEPS))
    train, flagged = history.keep(slice(0, TRAINED_ON)), history.keep(slice(TRAINED_ON, None))
    pipeline = windows.pipeline_of(train, clean=False)
    model = fitted(detector, pipeline, pipeline.transform(train), clean=False)
    return lambda: explanation.reasons(model, flagged)


def of_images(detector: str) -> Callable[[], object]:
    """Reasons of images of 28 x 28 pixels, with their heat maps."""
    train, flagged = scans(FEW_IMAGES, 0), scans(FLAGS, 1)
    settings = monitors.Image(height=SIDE, width=SIDE)
    pipeline = features.fit(train, kinds={"scan": "image"}, image=settings)
    model = fitted(detector, pipeline, pipeline.transform(train), clean=False)
    flagged, _ = pipeline.prepare(flagged)
    kind = pipeline.image
    scores = model.detector.score(pipeline.transform(flagged))
    return lambda: heat_maps.explain(model.detector, pipeline, kind, flagged, scores)


def fitted(name: str, pipeline, rows: np.ndarray, *, clean: bool) -> Model:
    """A model trained on these features."""
    train = detectors.TrainingSet(rows, pipeline.names, pipeline.shape, clean=clean)
    settings = {"steps": 50} if name in BY_STEPS else {}
    detector = detectors.fit(name, train, settings=settings, seed=1)
    return Model(pipeline, detector, Calibration(detector.score(rows)))


def payments(count: int, seed: int) -> pd.DataFrame:
    """Numbers that go together, and columns of the other kinds."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(count, 6))
    mixing = np.random.default_rng(99).normal(size=(6, NUMBERS))
    numbers = causes @ mixing + random.normal(size=(count, NUMBERS))
    frame = pd.DataFrame(numbers, columns=[f"x{at:02}" for at in range(NUMBERS)])
    frame["shop"] = random.choice([f"shop {at}" for at in range(30)], count)
    frame["channel"] = random.choice(["card", "cash", "transfer"], count)
    frame["known"] = random.random(count) < 0.9
    seconds = random.integers(0, 60 * 86_400, count)
    frame["paid_at"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(seconds, unit="s")
    return frame


def scans(count: int, seed: int) -> pd.DataFrame:
    """Noisy waves as PNG files."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:SIDE, :SIDE]
    phase = random.uniform(0, 6, (count, 1, 1))
    waves = 120 + 60 * np.sin(0.4 * down + 0.2 * across + phase)
    pixels = np.clip(waves + random.normal(0, 9, waves.shape), 0, 255).astype(np.uint8)
    return pd.DataFrame({"scan": [encoded(one) for one in pixels]})


def encoded(pixels: np.ndarray) -> bytes:
    from io import BytesIO

    kept = BytesIO()
    Image.fromarray(pixels).save(kept, "PNG")
    return kept.getvalue()


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    "autoencoder on records": lambda: of_records("autoencoder"),
    "density on records": lambda: of_records("density"),
    "random_features on records": lambda: of_records("random_features"),
    "auto on unlabelled records": lambda: of_records("auto"),
    "auto on clean records": lambda: of_records("auto", clean=True),
    "autoencoder on windows": lambda: of_windows("autoencoder"),
    "convolutional on windows": lambda: of_windows("convolutional"),
    "recurrent on windows": lambda: of_windows("recurrent"),
    "auto on windows": lambda: of_windows("auto"),
    "log_energy on images": lambda: of_images("log_energy"),
    "auto on images": lambda: of_images("auto"),
}

if __name__ == "__main__":
    main()
