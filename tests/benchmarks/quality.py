"""How well the detectors rank labelled anomalies: ``make bench-quality``.

A folder of sets, each split by each seed:

- ``.npz`` files (X, y) by protocol A, contaminated: sets over 10,000 rows subsampled to 10,000,
  under 1,000 bootstrapped to 1,000; 70 % train, stratified, with their anomalies among them
  (``training_rows: unlabelled``);
- or by B, one-class: at most 10,000 rows; a random half of the normal rows train (``clean``), the
  other half and all anomalies test;
- NSL-KDD's ``KDDTrain*.txt`` by B: the normal connections of one half train, the other half tests.

References of scikit-learn on z-scores stand beside, from the same splits. B also takes the realised
rate of false alarms. Figures already in the file are not taken again.
Measure ``--peers`` in a second run with the same file: PyTorch and TensorFlow end each other's
process.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contenders
import figures
import splits
from figures import figure
from sklearn.metrics import average_precision_score, roc_auc_score

from nightflag import detectors

GOALS = {"A": {"AUROC": 83.0, "AUPRC": 48.5}, "B": {"AUROC": 90.5, "AUPRC": 72.0}}
GOALS_OF_CONNECTIONS = {"AUROC": 97.0}
BESIDE = ("isolation_forest", "nearest_neighbours", "gaussian", "principal_components")
COLUMN = 16


def main() -> None:
    """Measure, print each row as it comes, then means and speeds, and write all figures as JSON."""
    arguments = parsed()
    protocol, out = arguments.protocol, arguments.out
    names = [*arguments.detectors, *BESIDE, *(contenders.PEERS if arguments.peers else ())]
    paths = splits.paths(arguments.data, protocol, arguments.sets)
    taken = figures.read(out)
    print(f"protocol {protocol}, AUROC / AUPRC in %\n{'':<24}{header(names)}", flush=True)
    for path, seed in ((path, seed) for seed in arguments.seeds for path in paths):
        case = f"{protocol} {path.stem} seed {seed}"
        print(f"{case[2:]:<24}", end="", flush=True)
        for name in names:
            if not figures.of(taken, case, name):
                taken += measured(case, name, splits.split(path, protocol, seed), seed)
                figures.write(out, taken)
            print(cell(figures.of(taken, case, name)), end="", flush=True)
        print()
    goals = GOALS[protocol] if paths[0].suffix == ".npz" else GOALS_OF_CONNECTIONS
    summary = [*figures.means(taken, protocol, names, goals), *figures.rates(taken, "auto")]
    figures.write(out, [*taken, *summary])
    show(summary)
    show_speeds(taken, protocol, [path.stem for path in paths], names)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets")
    parser.add_argument("--protocol", choices=splits.PROTOCOLS, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sets", nargs="+", default=[], help="part of a file's name")
    parser.add_argument("--peers", action="store_true", help="PyOD too (dependency group peers)")
    parser.add_argument(
        "--detectors",
        nargs="+",
        default=["auto", "autoencoder"],
        choices=[
            name for name, kind in detectors.DETECTORS.items() if "plain records" in kind.takes
        ],
    )
    return parser.parse_args()


def measured(case: str, name: str, split: splits.Split, seed: int) -> Iterator[dict[str, Any]]:
    """The figures of one contender on one split."""
    found = contenders.outcome(name, split, seed)
    detail = f"{len(split.train)} rows to train on, {split.train.shape[1]} columns"
    values = {
        "AUROC": (100 * roc_auc_score(split.anomalous, found.scores), "%"),
        "AUPRC": (100 * average_precision_score(split.anomalous, found.scores), "%"),
        "training": (found.training_seconds, "s"),
        "scoring": (found.rows_per_second, "rows/s"),
    }
    for key, (value, unit) in values.items():
        yield figure(f"{case} {name} {key}", value, unit, detail)
    if split.clean and name == "auto":
        for rate, (flagged, judged) in contenders.false_alarms(name, split, seed).items():
            label = f"{case} {name} alarms@{rate:g}"
            yield figure(label, flagged, "flags", f"of {judged} normal records")


def header(names: list[str]) -> str:
    """The names over their columns."""
    return "".join(f"{name[:COLUMN]:>{COLUMN}}  " for name in names)


def cell(found: dict[str, float]) -> str:
    """Both qualities of a contender on one split."""
    return f"{found['AUROC']:>9.1f} /{found['AUPRC']:5.1f}  "


def show(summary: figures.Figures) -> None:
    """The means, one a line, beside their goals."""
    for entry in summary:
        goal = f"{entry['goal']}: {'met' if entry['met'] else 'missed'}" if entry["goal"] else ""
        print(f"{entry['name']:<44}{entry['value']:>12,.2f} {entry['unit']:<7}{goal}")


def show_speeds(taken: figures.Figures, protocol: str, sets: list[str], names: list[str]) -> None:
    """Each set with its contenders' seconds of training and rows scored a second."""
    print(f"\nseconds to train / rows scored a second\n{'':<24}{header(names)}")
    for known in sets:
        print(f"{known:<24}", end="")
        for name in names:
            seconds, rows = figures.speed(taken, protocol, known, name)
            print(f"{seconds:>7.1f} /{rows:>7,.0f}  ", end="")
        print()


if __name__ == "__main__":
    main()
