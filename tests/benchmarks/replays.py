"""What the policy makes of a planted incident and a planted drift: ``make bench-replay``.

The demo's two data sets, 31 nights of each, replayed night by night. For three nights something is
broken, and some nights later a drift begins that stays. Each set is replayed twice: the incident is
never reported, or it is left out from two nights after its end on. No labels are used: they take no
part in the policy, and the plants are known.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import figures
import load
import numpy as np
import pandas as pd

from nightflag import exclusions
from nightflag.exclusions import Exclusion
from nightflag.monitors import overridden, read
from nightflag.replaying import Night, apart, replay
from nightflag.workplace import Workplace, opened

DEMO = Path(__file__).parents[2] / "deployments" / "demo"
DAY = timedelta(days=1)
NIGHTS, FIRST_BAD, BAD_NIGHTS, REPORTED, FIRST_DRIFTED = 31, 8, 3, 12, 20
NOTICED = 2.0
"""A night is loud that flags so many times the promised share."""

Plant = Callable[[pd.DataFrame, np.ndarray, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class Case:
    """A data set, and what is done to it; ``drifted`` (n,) counts the nights since it began."""

    monitor: str
    table: str
    first: datetime
    rate: float
    settings: Sequence[str]
    broken: Plant
    drifting: Plant
    words: str


def noisy(frame: pd.DataFrame, nights: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """A thermometer with a loose contact: 15 degrees of noise."""
    values = frame["value"] + random.normal(0, 15, len(frame))
    return frame.assign(value=values.clip(1, 109))


def cooling(frame: pd.DataFrame, nights: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """A thermometer that loses a degree and a half each night, up to fifteen."""
    return frame.assign(value=frame["value"] - 1.5 * np.minimum(nights, 10))


def shuffled(frame: pd.DataFrame, nights: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Three sensors that deliver the values of other readings."""
    mixed = {name: random.permutation(frame[name].to_numpy()) for name in ("a7", "a8", "a9")}
    return frame.assign(**mixed)


def wearing(frame: pd.DataFrame, nights: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """A sensor that reads four units more each night, up to forty."""
    return frame.assign(a7=frame["a7"] + 4 * np.minimum(nights, 10))


CASES = [
    Case(
        "shuttle",
        "shuttle_readings",
        datetime(2026, 1, 11, tzinfo=UTC),
        0.05,
        ["source.label=null", "features.exclude=[recorded_at, is_anomaly]", "expectations=[]"],
        shuffled,
        wearing,
        "three sensors with the values of other readings; one sensor reads 4 more each night",
    ),
    Case(
        "machine_temperature",
        "machine_temperature",
        datetime(2013, 12, 27, tzinfo=UTC),
        0.05,
        ["source.label=null", "features.exclude=[recorded_at, is_anomaly]"],
        noisy,
        cooling,
        "15 degrees of noise; the sensor loses 1.5 degrees a night",
    ),
]


def main() -> None:
    """Replay every case twice, print each night as it comes, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="*", default=[case.monitor for case in CASES])
    parser.add_argument("--every", default="5 days", help="the cadence of retraining")
    parser.add_argument("--window", default="10 days", help="how far back training reaches")
    parser.add_argument("--set", nargs="*", default=[], help="other settings of the monitor")
    parser.add_argument("--out", type=Path, default=Path("replays.json"))
    arguments = parser.parse_args()
    settings = [f"training.every={arguments.every}", f"training.window={arguments.window}"]
    settings += arguments.set
    taken: figures.Figures = []
    for case in (one for one in CASES if one.monitor in arguments.cases):
        for reported in (False, True):
            title = f"{case.monitor}, incident {'reported' if reported else 'never reported'}"
            print(f"\n{title}: {case.words}", flush=True)
            seen = [_shown(case, night) for night in _replayed(case, settings, reported=reported)]
            found = list(_figures(title, case, seen))
            print(
                *(f"  {one['name']:<60}{one['value']:>8}  {one['detail']}" for one in found),
                sep="\n",
            )
            taken += found
            figures.write(arguments.out, taken)


def _replayed(case: Case, settings: Sequence[str], *, reported: bool) -> Iterator[Night]:
    with _planted(case, settings) as real:
        if reported:
            real.prepare()
            start = case.first + (FIRST_BAD - 1) * DAY
            incident = Exclusion(start, start + BAD_NIGHTS * DAY, "planted")
            said = case.first + REPORTED * DAY
            exclusions.add(real.results, case.monitor, incident, said)
        dates = [case.first + number * DAY for number in range(NIGHTS)]
        with apart(real) as workplace:
            yield from replay(workplace, dates, said_in=real.results)


@contextmanager
def _planted(case: Case, settings: Sequence[str]) -> Iterator[Workplace]:
    """The monitor of the demo over its data set, broken and drifting as the case says."""
    monitor = overridden(
        read(DEMO / "monitors" / f"{case.monitor}.yaml"),
        [*case.settings, *settings, f"alarm.rate={case.rate}"],
    )
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/source.db"
        load.load(url)
        home = Path(folder)
        with opened(
            monitor, source_url=url, results_url=url, models=home, reports=home
        ) as workplace:
            _plant(case, workplace)
            yield workplace


def _plant(case: Case, workplace: Workplace) -> None:
    with workplace.source.writing() as connection:
        table = load.TABLES.tables[case.table]
        rows = connection.execute(table.select()).mappings().all()
        frame = pd.DataFrame([dict(row) for row in rows])
        if case.monitor == "shuttle":
            frame = _spread(frame, case.first)
        number = (frame["recorded_at"] - pd.Timestamp(case.first).tz_localize(None)) // DAY + 1
        nights, random = number.to_numpy(), np.random.default_rng(0)
        broken = (nights >= FIRST_BAD) & (nights < FIRST_BAD + BAD_NIGHTS)
        drifted = np.maximum(0, nights - FIRST_DRIFTED + 1)
        frame = case.drifting(frame, drifted, random)
        frame[broken] = case.broken(frame[broken], nights[broken], random)
        connection.execute(table.delete())
        connection.execute(table.insert(), frame.to_dict("records"))


def _spread(frame: pd.DataFrame, first: datetime) -> pd.DataFrame:
    """The readings evenly over ten days of history and the replayed nights."""
    start = pd.Timestamp(first).tz_localize(None) - 10 * DAY
    step = (NIGHTS + 9) * DAY / len(frame)
    return frame.assign(recorded_at=start + step * pd.RangeIndex(len(frame)))


def _shown(case: Case, night: Night) -> Night:
    number = (night.run.as_of - case.first) // DAY
    line = f"  night {number:>2}  {night.run.as_of:%Y-%m-%d}  {_share(night):7.2%}"
    line += f"  model {night.run.model_version}"
    if (trained := night.trained) is not None:
        line += f"  trained {trained.version}, {trained.training.reason}: {_became(night)}, "
        line += str(trained.decision)
    print(line if night.run.is_published else f"{line} {night.run.error}", flush=True)
    return night


def _share(night: Night) -> float:
    return (night.run.records_flagged or 0) / max(night.run.records_scored or 0, 1)


def _became(night: Night) -> str:
    status = night.trained.status if night.trained else ""
    return "refused" if status == "refused" else "took over"


def _figures(title: str, case: Case, seen: Sequence[Night]) -> Iterator[dict[str, Any]]:
    """What the nights came to; a night is known by the number of the day it scores."""
    shares = [_share(night) for night in seen]
    stretches = {
        "before": shares[:FIRST_BAD],
        "incident": shares[FIRST_BAD : FIRST_BAD + BAD_NIGHTS],
        "between": shares[FIRST_BAD + BAD_NIGHTS : FIRST_DRIFTED],
        "drift": shares[FIRST_DRIFTED:],
    }
    for name, part in stretches.items():
        detail = f"mean of {len(part)} nights; promised {case.rate:.0%}"
        yield figures.figure(f"{title}: flagged, {name}", 100 * mean(part), "%", detail)
    for name, first in (("incident", FIRST_BAD), ("drift", FIRST_DRIFTED)):
        late = next((n for n, night in enumerate(seen[first:]) if _noticed(case, night)), -1)
        detail = "nights until one is loud, or retrains because of a drift; -1: none is"
        yield figures.figure(f"{title}: delay, {name}", late, "nights", detail)
    quiet = [*stretches["before"], *stretches["between"]]
    loud = sum(share > NOTICED * case.rate for share in quiet)
    detail = (
        f"of {len(quiet)} nights with nothing planted, over {NOTICED:g} times the promised share"
    )
    yield figures.figure(f"{title}: loud nights", loud, "", detail)
    yield from _retrainings(title, seen)


def _retrainings(title: str, seen: Sequence[Night]) -> Iterator[dict[str, Any]]:
    trained = [(number, night) for number, night in enumerate(seen) if night.trained][1:]
    quiet = [one for one in trained if one[0] <= FIRST_BAD]
    false = [one for one in trained if one[0] < FIRST_DRIFTED and "drifted" in _reason(one[1])]
    refused = [one for one in trained if _became(one[1]) == "refused"]
    detail = f"of {len(trained)}; because of a drift before there was one"
    yield figures.figure(f"{title}: false retrainings", len(false), "", detail)
    wrong = [number for number, night in quiet if _became(night) == "refused"]
    detail = f"of {len(quiet)} challengers before the incident"
    yield figures.figure(f"{title}: good challengers refused", len(wrong), "", detail)
    detail = f"in the nights {', '.join(str(number) for number, _ in refused) or 'none'}"
    yield figures.figure(f"{title}: challengers refused", len(refused), "", detail)


def _reason(night: Night) -> str:
    return night.trained.training.reason if night.trained else ""


def _noticed(case: Case, night: Night) -> bool:
    return _share(night) > NOTICED * case.rate or "drifted" in _reason(night)


if __name__ == "__main__":
    main()
