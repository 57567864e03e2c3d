"""How far false-alarm rates are kept beyond the ranks of the calibration: ``make bench-tails``.

For 200 to 25,000 calibration scores and rates from 1 % down to .001 %, the realised false-alarm
rate as a multiple of the promised one (1: as promised), the mean over many drawn calibrations, by

- ranks: the conformal p-value alone, which flags nothing below 1 / (n + 1);
- tail: what a monitor does, ranks and beyond them the averaged tail;
- fitted: beyond the ranks one generalised Pareto curve instead, fitted to the same excesses by
  probability-weighted moments (Hosking and Wallis, Technometrics 29, 1987).

The scores are drawn from distributions with light to heavy tails, where the realised rate is known
exactly; and, with --data, from normal records of labelled sets (``.npz`` files with X and y) that a
Gaussian and nearest neighbours were not fitted on: n of them calibrate, all others are judged.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import figures
import numpy as np
from scipy import stats
from sklearn.preprocessing import StandardScaler

from nightflag import references
from nightflag.calibration import Calibration

SIZES = (200, 1_000, 5_000, 25_000)
RATES = (1e-2, 1e-3, 1e-4, 1e-5)
FITTED_ON, AT_MOST, LEAST = 4_000, 100_000, 20_000
DETECTORS = ("gaussian", "nearest_neighbours")
DISTRIBUTIONS = {
    "uniform": stats.uniform(),
    "normal": stats.norm(),
    "exponential": stats.expon(),
    "chi-square-1": stats.chi2(1),
    "chi-square-10": stats.chi2(10),
    "log-normal": stats.lognorm(1),
    "weibull-0.5": stats.weibull_min(0.5),
    "student-3": stats.t(3),
    "f-1-3": stats.f(1, 3),
    "pareto-shape-1": stats.pareto(1),
    "pareto-shape-2": stats.pareto(0.5),
}
Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, Callable[[float], float]]]


def main() -> None:
    """Print each row as it comes, then the medians and the worst, and write all as JSON."""
    arguments = parsed()
    print(f"realised / promised\n{'':<58}" + "".join(f"{name:>10}" for name in RULES))
    taken: figures.Figures = []
    for name, draw, largest in sources(arguments.data):
        for size in (size for size in SIZES if size <= largest):
            taken += measured(name, draw, size, arguments.draws)
            figures.write(arguments.out, taken)
    summary = [*summed_up(taken)]
    figures.write(arguments.out, [*taken, *summary])
    for one in summary:
        print(f"{one['name']:<66}{one['value']:>10.2f}  {one['detail']}")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of labelled sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=100, help="calibrations drawn for each row")
    return parser.parse_args()


def sources(data: Path | None) -> Iterator[tuple[str, Draw, int]]:
    """What scores are drawn from, and how many may be drawn to calibrate."""
    for name, distribution in DISTRIBUTIONS.items():
        yield f"drawn {name}", partial(from_distribution, distribution), max(SIZES)
    for path in sorted(data.glob("*.npz")) if data else ():
        for detector in DETECTORS:
            pool = held_out(path, detector)
            if len(pool) >= LEAST:
                yield f"real {path.stem}-{detector}", partial(from_pool, pool), len(pool) // 2


def from_distribution(
    distribution: Any, size: int, random: np.random.Generator
) -> tuple[np.ndarray, Callable[[float], float]]:
    """Calibration scores, and the share of the distribution above a threshold."""
    return distribution.rvs(size, random_state=random), distribution.sf


def from_pool(
    pool: np.ndarray, size: int, random: np.random.Generator
) -> tuple[np.ndarray, Callable[[float], float]]:
    """Calibration scores, and the share of all others above a threshold."""
    order = random.permutation(len(pool))
    rest = pool[order[size:]]
    return pool[order[:size]], lambda threshold: float((rest > threshold).mean())


def held_out(path: Path, detector: str) -> np.ndarray:
    """The scores of normal records that the detector was not fitted on."""
    with np.load(path) as held:
        normal = held["X"][held["y"] == 0].astype(np.float64)
    if len(normal) < FITTED_ON + LEAST:
        return np.zeros(0)
    normal = np.random.default_rng(0).permutation(normal)[: FITTED_ON + AT_MOST]
    scaler = StandardScaler().fit(normal[:FITTED_ON])
    train, judged = scaler.transform(normal[:FITTED_ON]), scaler.transform(normal[FITTED_ON:])
    return references.REFERENCES[detector](train, judged, 1)


def by_ranks(calibration: Calibration, rate: float) -> float:
    """The threshold that ranks give: infinite below 1 / (n + 1)."""
    return calibration.threshold(rate) if rate >= calibration.smallest_rate else np.inf


def by_fitted_curve(calibration: Calibration, rate: float) -> float:
    """The threshold where one fitted curve, of a shape between 0 and .5, comes down to the rate."""
    if rate >= calibration.smallest_rate or calibration.tail is None:
        return calibration.threshold(rate)
    count, threshold = calibration.tail.excesses, calibration.tail.threshold
    excesses = calibration.scores[-count:] - threshold
    weighted = float(np.mean(excesses * (count - 1 - np.arange(count)) / (count - 1)))
    mean = float(excesses.mean())
    shape = min(max(2 - mean / (mean - 2 * weighted), 0), 0.5)
    curve = stats.genpareto(shape, scale=mean * (1 - shape))
    return max(
        threshold + curve.isf(rate * len(calibration.scores) / count), calibration.scores[-1]
    )


RULES: dict[str, Callable[[Calibration, float], float]] = {
    "ranks": by_ranks,
    "tail": Calibration.threshold,
    "fitted": by_fitted_curve,
}


def measured(name: str, draw: Draw, size: int, draws: int) -> Iterator[dict[str, Any]]:
    """For each rate and rule, the mean realised rate over the promised one."""
    random = np.random.default_rng(size)
    drawn = [
        (Calibration(known), share) for known, share in (draw(size, random) for _ in range(draws))
    ]
    for rate in RATES:
        ratios = [
            np.mean([share(rule(known, rate)) for known, share in drawn]) / rate
            for rule in RULES.values()
        ]
        case = f"{name} n={size} rate={rate:g}"
        print(f"{case:<58}" + "".join(f"{ratio:>10.2f}" for ratio in ratios), flush=True)
        for rule, ratio in zip(RULES, ratios, strict=True):
            yield figures.figure(f"{case} {rule}", ratio, "times", f"{draws} calibrations")


def summed_up(taken: figures.Figures) -> Iterator[dict[str, Any]]:
    """By kind of source, size and rate: the median ratio and the largest."""
    groups: dict[str, list[tuple[float, str]]] = {}
    for one in taken:
        kind, source, *rest = one["name"].split()
        groups.setdefault(" ".join([kind, *rest]), []).append((one["value"], source))
    for name, values in groups.items():
        worst, source = max(values)
        detail = f"worst of {len(values)}: {worst:.2f} ({source})"
        yield figures.figure(f"median {name}", np.median([v for v, _ in values]), "times", detail)


if __name__ == "__main__":
    main()
