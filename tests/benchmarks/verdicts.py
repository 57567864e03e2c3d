"""What 50 verdicts do to the next night: ``make bench-verdicts``.

The shuttle's readings of the demo in their order, and ``.npz`` files (X, y) of a folder, at most
20,000 rows in the order of each seed: the first 40 % train with their anomalies among them
(``training_rows: unlabelled``), the next 30 % are a first night, the last 30 % a second one, all
through the real pipeline on SQLite. A night flags its 50 strongest records (``at_most``, out of
those with p-values up to 0.1). The labels say what each flag of the first night is, and the second
night is run from the same state with and without these verdicts. Sets of fewer than 3,000 rows, or
5 anomalies in a night, are left out. Intervals are percentiles of 10,000 bootstrap samples of sets.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import figures
import numpy as np
import pandas as pd
from figures import Figures, figure
from sqlalchemy import text

from nightflag import nights, scoring, training
from nightflag.monitors import Monitor
from nightflag.verdicts import Verdict, give
from nightflag.workplace import Workplace, opened

DEMO = Path(__file__).parents[2] / "deployments" / "demo" / "data" / "shuttle.csv.gz"
AT_MOST, AT_LEAST, FEWEST = 20_000, 3_000, 5
FIRST = datetime(2026, 1, 10, tzinfo=UTC)
A_DAY = timedelta(days=1)
MONITOR = {
    "monitor": "judged",
    "source": {
        "database": "env:RECORDS",
        "table": "records",
        "key": "id",
        "time": "at",
        "label": "odd",
        "look_back": 0,
    },
    "features": {"exclude": ["at"]},
    "training": {"every": "90 days", "verdicts": 1_000_000},  # one model for both nights
}
NIGHT = """select s.p_value, coalesce(s.alarm_p_value, s.p_value) as alarm, s.is_anomaly as flagged,
s.score, r.odd from judged_scores s join records r on r.id = s.id where s.run_id = :run_id"""


@dataclass(frozen=True)
class Outcome:
    """What the flags of a night were: how many, how many true, and of how many anomalies."""

    flags: int
    caught: int
    anomalies: int

    @property
    def precision(self) -> float:
        """The share of true flags, in per cent."""
        return 100 * self.caught / self.flags if self.flags else 0.0

    @property
    def recall(self) -> float:
        """The share of anomalies that were flagged, in per cent."""
        return 100 * self.caught / self.anomalies


def main() -> None:
    """Measure, print a line for each case as it comes, and write all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of .npz files, beside the demo's set")
    parser.add_argument("--out", type=Path, default=Path("verdicts.json"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--sets", nargs="+", default=[], help="part of a file's name")
    parser.add_argument("--verdicts", type=int, default=50)
    arguments = parser.parse_args()
    print(f"{'':<22}{'budget: precision':>20}{'recall':>16}{'rate: flags':>16}{'precision':>16}")
    taken: Figures = []
    for name, seed, frame in cases(arguments.data, arguments.sets, arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            found = measured(frame, Path(folder), arguments.verdicts)
        taken += told(f"{name} seed {seed}", *found)
        print(line(f"{name} seed {seed}", *found), flush=True)
    summary = list(means(taken))
    figures.write(arguments.out, [*taken, *summary])
    for entry in summary:
        print(f"{entry['name']:<34}{entry['value']:>8.1f} {entry['unit']:<8}{entry['detail']}")


def cases(
    folder: Path | None, wanted: Sequence[str], seeds: Sequence[int]
) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Name, seed and records of each case, with the column ``odd``; the demo's has but one."""
    shuttle = pd.read_csv(DEMO).drop(columns="reading_id").rename(columns={"is_anomaly": "odd"})
    if not wanted or any(part in "demo" for part in wanted):
        yield "demo", 0, shuttle
    paths = sorted(folder.glob("*.npz")) if folder else []
    for path in (one for one in paths if not wanted or any(part in one.stem for part in wanted)):
        with np.load(path) as held:
            names = [f"x{number:04}" for number in range(held["X"].shape[1])]
            whole = pd.DataFrame(held["X"].astype(float), columns=names).assign(odd=held["y"])
        for seed in seeds:
            order = np.random.default_rng(seed).permutation(len(whole))[:AT_MOST]
            frame = whole.iloc[order].reset_index(drop=True)
            enough = len(whole) >= AT_LEAST
            if enough and min(frame["odd"][part].sum() for part in parts(len(frame))[1:]) >= FEWEST:
                yield path.stem.partition("_")[2], seed, frame


def parts(count: int) -> tuple[slice, slice, slice]:
    """Which records train, and which the two nights score."""
    first, second = int(0.4 * count), int(0.7 * count)
    return slice(0, first), slice(first, second), slice(second, count)


def measured(
    frame: pd.DataFrame, folder: Path, verdicts: int
) -> tuple[Outcome, Outcome, Outcome, Outcome]:
    """The second night without and with verdicts: within the budget, and at its alarm rate."""
    before, after = folder / "before.db", folder / "after.db"
    with at_work(before, verdicts) as workplace:
        load(workplace, frame)
        night(workplace, FIRST)
    shutil.copy(before, after)
    with at_work(after, verdicts) as workplace:
        judge(workplace)
    found = []
    for file in (before, after):
        with at_work(file, verdicts) as workplace:
            found.append(night(workplace, FIRST + A_DAY))
    rate = np.sort(found[0]["p_value"])[verdicts - 1]
    at_rate = [of(one, one[["p_value", "alarm"]].max(axis=1) <= rate) for one in found]
    within = [of(one, one["flagged"] == 1) for one in found]
    return within[0], within[1], at_rate[0], at_rate[1]


@contextmanager
def at_work(file: Path, at_most: int) -> Iterator[Workplace]:
    """The workplace over that SQLite file; models lie beside it."""
    alarm = {"rate": 0.1, "at_most": at_most}
    monitor = Monitor.model_validate({**MONITOR, "alarm": alarm})
    url = f"sqlite:///{file}"
    file.touch()
    with opened(
        monitor, source_url=url, results_url=url, models=file.parent, reports=file.parent
    ) as workplace:
        yield workplace


def load(workplace: Workplace, frame: pd.DataFrame) -> None:
    """Write the records: those to train on over ten days, those of each night over its own."""
    count = len(frame)
    times = np.empty(count, dtype="datetime64[us]")
    first = np.datetime64(FIRST.replace(tzinfo=None))
    for part, day, days in zip(parts(count), (-11, -1, 0), (10, 1, 1), strict=True):
        share = np.arange(part.stop - part.start) / (part.stop - part.start)
        begin = first + np.timedelta64(day, "D")
        times[part] = begin + (share * days * 86_400_000_000).astype("timedelta64[us]")
    dated = frame.assign(at=times.astype(str), id=range(count))
    with workplace.source.writing() as connection:
        dated.to_sql("records", connection, index=False)


def night(workplace: Workplace, as_of: datetime) -> pd.DataFrame:
    """What the night published, its model trained first where there is none."""
    with nights.only_run(workplace) as lock:
        opened_ = nights.open_night(workplace, as_of)
        reason = nights.reason_to_train(workplace, opened_, "when due")
        if reason:
            training.train(workplace, as_of=as_of, before=opened_.window.start, reason=reason)
        entry, model = nights.load_champion(workplace)
        scored = [scoring.score(workplace, opened_, model)]
        run = nights.publish(workplace, opened_, entry, scored, warnings=(), lock=lock)
    with workplace.results.reading() as connection:
        return pd.read_sql(text(NIGHT), connection, params={"run_id": run.run_id})


def judge(workplace: Workplace) -> None:
    """Give the verdict of the labels on each flag."""
    query = "select f.id, r.odd from judged_flags f join records r on r.id = f.id"
    with workplace.results.reading() as connection:
        rows = connection.execute(text(query)).all()
    words = [Verdict(str(key), "anomaly" if odd else "normal") for key, odd in rows]
    give(workplace.results, "judged", words, now=workplace.now())


def of(scores: pd.DataFrame, flagged: "pd.Series[bool]") -> Outcome:
    """What the records are that were flagged."""
    odd = scores["odd"] == 1
    return Outcome(int(flagged.sum()), int((flagged & odd).sum()), int(odd.sum()))


def line(case: str, before: Outcome, after: Outcome, rate: Outcome, later: Outcome) -> str:
    """A case as a line of the table."""
    return (
        f"{case:<22}{before.precision:>10.0f} -> {after.precision:>5.0f}"
        f"{before.recall:>7.1f} -> {after.recall:>5.1f}"
        f"{rate.flags:>7} -> {later.flags:>5}{rate.precision:>7.0f} -> {later.precision:>5.0f}"
    )


def told(case: str, before: Outcome, after: Outcome, rate: Outcome, later: Outcome) -> Figures:
    """The figures of a case."""
    detail = f"{before.anomalies} anomalies, {before.flags} and {after.flags} flags"
    at_rate = f"{rate.flags} and {later.flags} flags at the same alarm rate"
    kept = 100 * later.caught / rate.caught if rate.caught else None
    return [
        figure(f"{case} {key}", value, "%", about)
        for key, value, about in (
            ("precision-before", before.precision, detail),
            ("precision-after", after.precision, detail),
            ("recall-before", before.recall, detail),
            ("recall-after", after.recall, detail),
            ("precision-before-at-rate", rate.precision, at_rate),
            ("precision-after-at-rate", later.precision, at_rate),
            ("true-flags-kept-at-rate", kept, at_rate),
        )
        if value is not None
    ]


def means(taken: Figures) -> Iterator[dict[str, object]]:
    """The means over sets, and what was gained, each with its interval."""
    table = pd.DataFrame(
        [(*one["name"].split(" seed "), one["value"]) for one in taken],
        columns=["set", "rest", "value"],
    )
    table[["seed", "key"]] = table["rest"].str.split(" ", expand=True)
    sets = table.pivot_table(index="set", columns="key", values="value", aggfunc="mean")
    for key in sets:
        known = sets[key].dropna().to_numpy()
        yield figure(f"mean {key}", known.mean(), "%", interval(known))
    for key in ("precision", "recall"):
        gained = (sets[f"{key}-after"] - sets[f"{key}-before"]).to_numpy()
        goal = {"goal": "above 0", "met": bool(gained.mean() > 0)}
        yield figure(f"mean gain in {key}", gained.mean(), "points", interval(gained), **goal)


def interval(values: np.ndarray) -> str:
    """Where the mean over sets lies, 19 times in 20."""
    drawn = np.random.default_rng(0).choice(values, (10_000, len(values)))
    low, high = np.quantile(drawn.mean(axis=1), (0.025, 0.975))
    return f"{low:.1f} to {high:.1f} over {len(values)} sets"


if __name__ == "__main__":
    sys.exit(main())
