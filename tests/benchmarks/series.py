"""How well sequences are judged: ``make bench-series``.

DIR holds nab/, skab/ and water/ (any of them may be missing). Each set is measured through the
pipeline and the detectors that a monitor uses; what is in the file already is not measured again.

- nab: series with labelled windows, VUS-PR (see ``volume``). ``known``: trained on the prefix, as
  ``clean``; ``unknown``: five contiguous folds, each scored by a model of the others, as
  ``unlabelled``. ``batch``: a point's score is the mean over all windows that cover it; ``causal``:
  the score of the window that ends with it, which is all that a nightly job knows. ``points``: the
  average precision, causal, of 1 % single values moved by 3 to 6 deviations behind the prefix.
- skab: 8 sensors, length 10, trained on the first 300 rows of an experiment and calibrated on the
  next 100. ``alarm``: p-value at most 1 %; ``strict``: at most .1 %, extrapolated; ``ruled``: the
  mean score of 15 rows is above 1.5 times its 99.9 % quantile among the calibration rows;
  ``turned`` and ``turned-strict``: as ``alarm`` and ``strict``, by a monitor whose blocks of 100
  rows calibrate in turn, and all 400 rows train. F1 and false alarms over all experiments.
- water: the first 60 % train, unlabelled, the rest is judged; departure of 12 hours, length 1.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

from nab import NAB, PREFIXES, nab_cases
from plants import skab_cases, skab_means, water_cases
from windows import Contender

from nightflag import references

BESIDE = ("gaussian", "principal_components")
"""References of scikit-learn on the same windows; the second one is close to Sub-PCA."""

PUBLISHED = "published means of the four: POLY .356, KShapeAD .276, AutoEncoder .265, MOMENT .262"
GOALS = {
    "nab four known batch auto VUS-PR": 0.60,
    "nab four unknown batch auto VUS-PR": 0.50,
    "skab ruled auto F1": 0.80,
    "water auto AP": 0.60,
}
Figures = dict[str, Any]


def main() -> None:
    """Measure what is missing, print each figure as it comes, then the means."""
    arguments = parsed()
    kept = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else []
    figures = {one["name"]: one for one in kept if not one["name"].startswith("mean ")}
    todo = ((name, measure) for name, measure in cases(arguments) if name not in figures)
    for _, measure in islice(todo, arguments.at_most):
        for key, value, detail in measure():
            figures[key] = figure(key, value, detail)
            print(f"{key:<72}{value:8.3f}  {detail}", flush=True)
        write(arguments.out, list(figures.values()))
    closing = [*means(figures)]
    for one in closing:
        print(f"{one['name']:<72}{one['value']:8.3f}  {one['detail']}  goal {one['goal']}")
    write(arguments.out, [*figures.values(), *closing])


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of nab, skab, water")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["nab", "skab", "water"])
    parser.add_argument("--detectors", nargs="+", default=["auto", "autoencoder", *BESIDE])
    parser.add_argument("--ways", nargs="+", default=[*NAB], choices=NAB, help="nab: of training")
    parser.add_argument("--all-series", action="store_true", help="nab: not only the four")
    parser.add_argument("--at-most", type=int, help="measure no more than so many missing cases")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments = parser.parse_args()
    arguments.contenders = [*contenders(arguments.detectors, arguments.seeds)]
    return arguments


def contenders(names: list[str], seeds: list[int]) -> Iterator[Contender]:
    """Each detector with each seed, the references with one: these do not depend on it."""
    for seed in seeds:
        for name in names:
            if seed == seeds[0] or name not in references.REFERENCES:
                yield Contender(name, seed)


def cases(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The first figure of each case, and what measures all of its figures."""
    makers = {"nab": nab_cases, "skab": skab_cases, "water": water_cases}
    for name in arguments.sets:
        if (arguments.data / name).exists():
            yield from makers[name](arguments)


def means(figures: dict[str, Figures]) -> Iterator[Figures]:
    """The means over seeds and sets; of nab over the four series with published values apart."""
    stems = {Path(series).stem for series in PREFIXES}
    found = [(re.sub(" seed [0-9]+", "", name), one["value"]) for name, one in figures.items()]
    skab = [pair for pair in found if pair[0].startswith("skab ")]
    groups: dict[str, list[float]] = {}
    for name, value in found:
        kind, series, *rest = name.split()
        if kind == "nab":
            name = " ".join(["nab", "four" if series in stems else "others", *rest])
        if kind != "skab":
            groups.setdefault(name, []).append(value)
    for name, value, detail in skab_means(skab):
        yield figure(f"mean {name}", value, detail)
    for name, values in sorted(groups.items()):
        beside = f"; {PUBLISHED}" if name.startswith("nab four") else ""
        yield figure(f"mean {name}", mean(values), f"{len(values)} runs{beside}")


def figure(name: str, value: float, detail: str) -> Figures:
    """A figure beside its goal, if it has one."""
    goal = GOALS.get(name.removeprefix("mean "))
    return {
        "name": name,
        "value": round(float(value), 4),
        "unit": "",
        "goal": f"above {goal}" if goal else None,
        "met": float(value) > goal if goal else None,
        "detail": detail,
    }


def write(path: Path, figures: list[Figures]) -> None:
    """The file, whole or not at all."""
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    main()
