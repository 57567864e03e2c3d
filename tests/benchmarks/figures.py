"""Figures: taken once, kept in a file, summed up as means."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

Figures = list[dict[str, Any]]
ENOUGH = 20
"""False alarms to expect before their number says anything."""


def figure(
    name: str, value: float, unit: str, detail: str, *, goal: str = "", met: bool | None = None
) -> dict[str, Any]:
    """A figure beside its goal, if it has one."""
    value = round(float(value), 3)
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "goal": goal or None,
        "met": met,
        "detail": detail,
    }


def line(found: dict[str, Any]) -> str:
    """One figure as a line of the table."""
    verdict = {True: "met", False: "NOT MET", None: ""}[found["met"]]
    beside = f"goal {found['goal']}" if found["goal"] else found["detail"]
    value = f"{found['value']:>10.2f} {found['unit']:<7}"
    return f"{found['name']:<52}{value}{beside:<20} {verdict}".rstrip()


def read(path: Path) -> Figures:
    """The figures that an earlier run took, without their means."""
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [entry for entry in held if not entry["name"].startswith("mean ")]


def write(path: Path, figures: Figures) -> None:
    """The file, whole or not at all."""
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def show(found: Iterable[dict[str, Any]], path: Path) -> None:
    """Print each figure as it comes, and keep in the file those that have come."""
    taken: Figures = []
    for one in found:
        taken.append(one)
        print(line(one), flush=True)
        write(path, taken)


def of(figures: Figures, case: str, name: str) -> dict[str, float]:
    """What is known of a contender on one split, by the figure's last word."""
    start = f"{case} {name} "
    return {f["name"].split()[-1]: f["value"] for f in figures if f["name"].startswith(start)}


def means(
    figures: Figures, protocol: str, names: list[str], goals: dict[str, float]
) -> Iterator[dict[str, Any]]:
    """The means over all splits in the file; the goals are those of ``auto``."""
    for name in names:
        for key, unit in (("AUROC", "%"), ("AUPRC", "%"), ("training", "s"), ("scoring", "rows/s")):
            values = [f["value"] for f in figures if matches(f, protocol, name, key)]
            if not values:
                continue
            label, found = f"mean {protocol} {name} {key}", f"{len(values)} splits"
            if name == "auto" and key in goals:
                goal, met = f"above {goals[key]}", mean(values) > goals[key]
                yield figure(label, mean(values), unit, found, goal=goal, met=met)
            else:
                yield figure(label, mean(values), unit, found)


def speed(figures: Figures, protocol: str, known: str, name: str) -> tuple[float, float]:
    """A contender's mean seconds of training on a set, and rows scored a second."""
    own = [f for f in figures if f["name"].split()[1] == known]
    seconds, rows = (
        mean(f["value"] for f in own if matches(f, protocol, name, key))
        for key in ("training", "scoring")
    )
    return seconds, rows


def rates(figures: Figures, name: str) -> Iterator[dict[str, Any]]:
    """The share of false alarms over all normal records judged, beside the share promised.

    A goal only where so many were judged that chance alone hardly misses it.
    """
    for key, promised in (("alarms@0.01", 0.01), ("alarms@0.001", 0.001)):
        found = [f for f in figures if matches(f, "B", name, key)]
        flagged = sum(f["value"] for f in found)
        judged = sum(int(f["detail"].split()[1]) for f in found)
        if not judged:
            continue
        rate, label = flagged / judged, f"mean B {name} {key}"
        detail = f"{flagged:.0f} of {judged} normal records of {len(found)} splits"
        if promised * judged < ENOUGH:
            yield figure(label, 100 * rate, "%", detail)
            continue
        goal, met = (
            f"within a factor 1.5 of {100 * promised:g} %",
            1 / 1.5 <= rate / promised <= 1.5,
        )
        yield figure(label, 100 * rate, "%", detail, goal=goal, met=met)


def matches(entry: dict[str, Any], protocol: str, name: str, key: str) -> bool:
    """Whether the figure is of this protocol, contender and kind."""
    words = entry["name"].split()
    return words[0] == protocol and words[-2:] == [name, key]
