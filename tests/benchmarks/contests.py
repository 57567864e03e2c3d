"""What the contest between champion and challenger can tell: ``make bench-contests DATA=folder``.

Labelled sets, one after the other: two thirds of the records train, the newest third is held out.
The champion is trained on the older half of the first. Challengers are trained like it on the newer
half, which is a good one; and after one thing went wrong, each of ``SPOILT``. Which of them take
over, without labels and with them? With ``--keep FOLDER`` what the models make of the records is
kept there, and a changed rule is tried on it without training again.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import figures
import numpy as np
import pandas as pd
import splits

from nightflag import contest, detectors, features, precision, references
from nightflag.contest import Evidence, Known
from nightflag.errors import NightflagError
from nightflag.features import Pipeline
from nightflag.references import Compared

Spoil = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


def same(frame: pd.DataFrame, _: pd.DataFrame, __: np.random.Generator) -> pd.DataFrame:
    """Nothing went wrong."""
    return frame


def swapped(frame: pd.DataFrame, _: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Two columns in each other's place."""
    one, other = random.choice(frame.columns, 2, replace=False)
    return frame.assign(**{one: frame[other], other: frame[one]})


def scaled(frame: pd.DataFrame, _: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """One column in another unit, a thousand times larger."""
    column = random.choice(frame.columns)
    return frame.assign(**{column: 1_000 * frame[column]})


def constant(frame: pd.DataFrame, _: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """One column stuck at a value."""
    column = random.choice(frame.columns)
    return frame.assign(**{column: frame[column].iloc[0]})


def missing(frame: pd.DataFrame, _: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """One column without values."""
    return frame.assign(**{random.choice(frame.columns): np.nan})


def polluted(
    frame: pd.DataFrame, anomalies: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """A tenth anomalies among the records."""
    chosen = anomalies.iloc[random.choice(len(anomalies), len(frame) // 10)]
    return pd.concat([frame.iloc[len(chosen) :], chosen], ignore_index=True)


def starved(frame: pd.DataFrame, _: pd.DataFrame, __: np.random.Generator) -> pd.DataFrame:
    """Thirty records to train on."""
    return frame.iloc[-30:]


def shuffled(frame: pd.DataFrame, _: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Every column for itself in another order."""
    return frame.apply(lambda column: random.permutation(column.to_numpy()))


SPOILT: Mapping[str, Spoil] = {
    "good": same,
    "swapped": swapped,
    "scaled": scaled,
    "constant": constant,
    "missing": missing,
    "polluted": polluted,
    "starved": starved,
    "shuffled": shuffled,
}


@dataclass(frozen=True)
class Trained:
    """What a model makes of the held-out records, and the features it has of all records."""

    rows: np.ndarray
    held_out: np.ndarray
    scores: np.ndarray


class Pair(NamedTuple):
    """The model in use and the one that asks for its place."""

    champion: Trained
    challenger: Trained


def main() -> None:
    """Hold every contest, print each outcome as it comes, and the shares at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--kinds", nargs="*", default=list(SPOILT), choices=list(SPOILT))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where the scores are kept, and found again")
    parser.add_argument("--out", type=Path, default=Path("contests.json"))
    arguments = parser.parse_args()
    outcomes: list[dict[str, Any]] = []
    for path in splits.paths(arguments.data, "A", arguments.sets):
        for seed in range(1, arguments.seeds + 1):
            outcomes += held(path, seed, arguments.kinds, arguments.keep)
    summed = list(shares(outcomes))
    print(*(f"{one['name']:<46}{one['value']:>8.2f}  {one['detail']}" for one in summed), sep="\n")
    figures.write(arguments.out, summed)


def held(path: Path, seed: int, kinds: list[str], keep: Path | None) -> Iterator[dict[str, Any]]:
    """The contests over one set: a line of each as it is printed."""
    random = np.random.default_rng(seed)
    split = splits.split(path, "A", seed)
    order = random.permutation(len(split.train))
    half = len(order) // 2
    older, newer = split.train.iloc[order[:half]], split.train.iloc[order[half:]]
    anomalies = split.test[split.anomalous == 1]
    place = f"{path.stem}-{seed}"
    champion = kept(keep, f"{place}-champion", older, split.test, seed)
    agreed = references.fit(champion.held_out, champion.held_out, seed=seed)
    for name in kinds:
        spoilt = SPOILT[name](newer, anomalies, random)
        try:
            challenger = kept(keep, f"{place}-{name}", spoilt, split.test, seed)
        except NightflagError as error:
            print(f"{path.stem:<28}{name:<10} refused in training: {error.what[:60]}", flush=True)
            yield {"name": name, "refused": True, "lost": 0.0, "without": False, "with": False}
            continue
        print(f"{path.stem:<20}", end="")
        yield contested(name, Pair(champion, challenger), agreed, split.anomalous, seed)


def kept(
    keep: Path | None, name: str, frame: pd.DataFrame, held_out: pd.DataFrame, seed: int
) -> Trained:
    """The model of that name as it was kept, or trained now and kept."""
    if keep is None:
        return trained(frame, held_out, seed)
    if not (path := keep / f"{name}.npz").exists():
        keep.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **vars(trained(frame, held_out, seed)))
    with np.load(path) as found:
        return Trained(found["rows"], found["held_out"], found["scores"])


def trained(frame: pd.DataFrame, held_out: pd.DataFrame, seed: int) -> Trained:
    """A model as a monitor's training makes it."""
    pipeline: Pipeline = features.fit(frame, kinds=dict.fromkeys(frame.columns, "numeric"))
    rows, new = pipeline.transform(frame), pipeline.transform(held_out)
    training_set = detectors.TrainingSet(rows, pipeline.names, pipeline.shape, clean=False)
    detector = detectors.fit("auto", training_set, settings={}, seed=seed)
    return Trained(rows, new, detector.score(new))


def contested(
    name: str, models: Pair, agreed: Compared, truth: np.ndarray, seed: int
) -> dict[str, Any]:
    """Whether the challenger takes over without labels and with them, and what it truly lost."""
    at = agreed.positions
    both = models.champion.scores[at], models.challenger.scores[at]
    nobody = np.zeros(len(at), dtype=bool)
    known = Known(*both, truth[at] == 1, nobody)
    seeing = contest.decide(Evidence(*both, agreed.consensus, known, seed))
    blind = contest.decide(Evidence(*both, agreed.consensus, known.at(nobody), seed))
    before, after = (precision.of(one.scores, truth == 1) for one in models)
    print(f"{name:<10}AP {before:.3f} -> {after:.3f}; {blind.why}", flush=True)
    verdict = {"without": blind.takes_over, "with": seeing.takes_over}
    return {"name": name, "refused": False, "lost": before - after, **verdict}


def shares(outcomes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """How often each kind of challenger took over, and what it had lost."""
    for name in dict.fromkeys(one["name"] for one in outcomes):
        found = [one for one in outcomes if one["name"] == name]
        known = [one for one in found if not one["refused"]]
        lost = mean([one["lost"] for one in known] or [0.0])
        detail = f"{len(found)} contests, {len(found) - len(known)} refused in training"
        for how in ("without", "with"):
            share = mean(one[how] for one in found)
            let_in = mean([one["lost"] for one in found if one[how]] or [0.0])
            say = f"{detail}, average precision lost {lost:+.3f}, by those let in {let_in:+.3f}"
            yield figures.figure(f"{name}: takes over {how} labels", share, "share", say)


if __name__ == "__main__":
    main()
