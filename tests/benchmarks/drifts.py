"""What the drift of a night can tell: ``make bench-drifts``.

A model's reference is made of 10,000 records of 30 days, and nights of 200, 2,000 and 20,000
records are measured against it. First nights that are stable: records like those of the reference,
from ``mixed`` (eleven columns of many kinds), from ``shuttle`` (the demo's readings, in random
order) and from ``machines`` (eight sensors, stationary, whose readings resemble those before them:
of a departure half is left after a quarter of the night). How many nights trigger, were each
column's raw index of .2 enough, or a p-value of .05, or by the rule of the house? Then nights in
which one thing changed in one column. In how many is that column found, and is any other named? At
last a column that moves a little further every night: on which one is it found?
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import figures
import numpy as np
import pandas as pd
from figures import Figures, figure
from scipy.signal import lfilter

from nightflag import features
from nightflag.drift import Finding, Reference, Tally, measured
from nightflag.drift.distance import chance

SHUTTLE = Path(__file__).parents[2] / "deployments" / "demo" / "data" / "shuttle.csv.gz"
REFERENCE, DAYS = 10_000, 30
SIZES = (200, 2_000, 20_000)
SENSORS, HALF_LIFE = 8, 0.25
CREEP, LONGEST = 0.05, 100
HOW = ("index alone", "p-value alone", "drifted")
SHOPS = [f"shop {number}" for number in range(30)]
SHARES = 1 / np.arange(1, 31) / np.sum(1 / np.arange(1, 31))

Random = np.random.Generator
Night = Callable[[int, Random], pd.DataFrame]
Change = tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]


def mixed(count: int, random: Random) -> pd.DataFrame:
    """Independent records of numbers, levels, and missing values."""
    normal = random.normal(size=(count, 4))
    return pd.DataFrame(
        {
            "level": normal[:, 0],
            "beside": normal[:, 0] + normal[:, 1],
            "far": random.standard_t(2, count),
            "amount": np.exp(normal[:, 2]),
            "pieces": random.poisson(4, count),
            "discount": np.where(random.random(count) < 0.8, 0.0, random.random(count)),
            "fee": np.where(random.random(count) < 0.1, np.nan, normal[:, 3]),
            "member": random.random(count) < 0.3,
            "channel": random.choice(["card", "cash", "phone"], count, p=[0.7, 0.25, 0.05]),
            "shop": random.choice(SHOPS, count, p=SHARES),
            "note": np.where(random.random(count) < 0.6, None, "gift"),
        }
    )


def shuttle() -> Night:
    """The readings of the demo that are normal, drawn with replacement."""
    frame = pd.read_csv(SHUTTLE)
    normal = frame[~frame["is_anomaly"].astype(bool)].select_dtypes("number")
    normal = normal.drop(columns=["reading_id", "is_anomaly"], errors="ignore")
    return lambda count, random: normal.iloc[random.integers(0, len(normal), count)]


def machines(count: int, random: Random) -> pd.DataFrame:
    """One night of sensors: stationary, each reading near the one before."""
    kept = 0.5 ** (1 / (count * HALF_LIFE))
    moves = random.normal(size=(count, SENSORS)) * np.sqrt(1 - kept**2)
    moves[0] = random.normal(size=SENSORS)
    readings = lfilter([1.0], [1.0, -kept], moves, axis=0)
    return pd.DataFrame(readings, columns=[f"sensor {one}" for one in range(SENSORS)])


def shifted(column: str, by: float) -> Change:
    """A column moved by so many deviations, all of which are 1."""
    return column, lambda frame: frame.assign(**{column: frame[column] + by})


def missing(column: str, share: float) -> Change:
    """A column in which so many values are lost."""
    return column, lambda frame: frame.assign(
        **{column: frame[column].mask(frame.index < share * len(frame))}
    )


def scaled(column: str) -> Change:
    """A column in another unit."""
    return column, lambda frame: frame.assign(**{column: frame[column] * 1_000})


def renamed(column: str, share: float) -> Change:
    """A column in which so many records have a new level."""
    return column, lambda frame: frame.assign(
        **{column: frame[column].mask(frame.index < share * len(frame), "crypto")}
    )


CHANGES: dict[str, Change] = {
    "shift of .25 deviations": shifted("level", 0.25),
    "shift of .5 deviations": shifted("level", 0.5),
    "shift of 1 deviation": shifted("level", 1.0),
    "another unit": scaled("amount"),
    "missing in 3 %": missing("level", 0.03),
    "missing in 10 %": missing("level", 0.1),
    "a column of NULLs": missing("level", 1.0),
    "a new category in 3 %": renamed("channel", 0.03),
    "a new category in 10 %": renamed("channel", 0.1),
}
CHANGES_OF_MACHINES: dict[str, Change] = {
    "shift of 1 deviation": shifted("sensor 0", 1.0),
    "shift of 2 deviations": shifted("sensor 0", 2.0),
    "shift of 3 deviations": shifted("sensor 0", 3.0),
    "another unit": scaled("sensor 0"),
    "missing in 10 %": missing("sensor 0", 0.1),
    "a column of NULLs": missing("sensor 0", 1.0),
}


@dataclass(frozen=True)
class Bench:
    """A reference and what its nights are like."""

    night: Night
    reference: Reference
    before: pd.DataFrame

    def look(self, frame: pd.DataFrame, random: Random) -> tuple[Finding, ...]:
        """What is measured of a night."""
        tally = Tally(self.reference)
        scores = random.chisquare(10, len(frame))
        tally.add(random.integers(-(2**63), 2**63 - 1, len(frame)), frame, scores)
        return measured([tally])

    def naive(self, frame: pd.DataFrame) -> tuple[bool, bool]:
        """Whether any column has a raw index of .2, or a p-value of .05."""
        psi, p_values = [], []
        for name, spread in self.reference.columns.items():
            now = spread.count(spread.bins.places(frame[name]))
            left, right = ((one + 0.5) / (one + 0.5).sum() for one in (spread.before, now))
            psi.append(float(np.sum((right - left) * np.log(right / left))))
            p_values.append(chance(spread.before, now))
        return max(psi) >= 0.2, min(p_values) <= 0.05


def bench(night: Night, random: Random) -> Bench:
    """A reference of 30 days."""
    each = REFERENCE // DAYS
    before = pd.concat([night(each, random) for _ in range(DAYS)], ignore_index=True)
    kinds = features.infer(before).kinds
    pipeline = features.fit(before, kinds=kinds)
    scores = random.chisquare(10, len(before) // 4)
    days = np.repeat(np.arange(DAYS), each)
    return Bench(night, Reference.of(pipeline.fitted, before, days, scores), before)


def stable(name: str, night: Night, nights: int) -> Iterator[dict[str, Any]]:
    """How many stable nights trigger; a new reference every 50 nights."""
    for size in SIZES:
        random, found = np.random.default_rng(size), []
        for at in range(nights):
            if at % 50 == 0:
                place = bench(night, random)
            frame = night(size, random)
            drifted = any(one.drifted for one in place.look(frame, random))
            found.append((*place.naive(frame), drifted))
        for how, share in zip(HOW, np.mean(found, 0), strict=True):
            detail = f"{nights} nights, {len(place.reference.columns)} columns"
            yield figure(f"stable {name} {size:,} {how}", 100 * share, "% of nights", detail)


def changed(
    case: str, night: Night, changes: dict[str, Change], nights: int
) -> Iterator[dict[str, Any]]:
    """How many nights with a planted change name its column, and how many another."""
    for size in SIZES:
        random = np.random.default_rng(size)
        place = bench(night, random)
        for name, (column, change) in changes.items():
            found = [place.look(change(night(size, random)), random) for _ in range(nights)]
            named = [{one.feature for one in look if one.drifted} for look in found]
            psi = median(one.psi for look in found for one in look if one.feature == column)
            others = mean(bool(one - {column}) for one in named)
            detail = f"{nights} nights, median PSI {psi:.2g}, another column in {others:.0%}"
            share = 100 * mean(column in one for one in named)
            yield figure(f"{case} {size:,} {name}", share, "% of nights", detail)


def creeping(runs: int) -> Iterator[dict[str, Any]]:
    """The night on which a column that moves by .05 deviations a night is found."""
    for size in SIZES:
        random, first = np.random.default_rng(size), []
        for _ in range(runs):
            place = bench(mixed, random)
            for at in range(1, LONGEST):
                column, change = shifted("level", CREEP * at)
                look = place.look(change(mixed(size, random)), random)
                if any(one.drifted for one in look if one.feature == column):
                    break
            first.append(at)
        detail = f"median of {runs} runs, from {min(first)} to {max(first)}"
        yield figure(f"mixed {size:,} moves by {CREEP} a night", median(first), "nights", detail)


def main() -> None:
    """Print each figure as it comes, and keep them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1_000)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("drifts.json"))
    arguments = parser.parse_args()
    kept: Figures = []
    cases = {"mixed": mixed, "shuttle": shuttle(), "machines": machines}
    for made in (
        *(stable(name, night, arguments.nights) for name, night in cases.items()),
        changed("mixed", mixed, CHANGES, arguments.changed),
        changed("machines", machines, CHANGES_OF_MACHINES, arguments.changed),
        creeping(arguments.changed // 5),
    ):
        for one in made:
            print(
                f"{one['name']:<44}{one['value']:>7.1f} {one['unit']}  {one['detail']}", flush=True
            )
            kept.append(one)
    figures.write(arguments.out, kept)


if __name__ == "__main__":
    main()
