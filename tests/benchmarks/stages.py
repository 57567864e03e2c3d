"""A plot of where the time of each night goes, from what ``make bench`` wrote."""

import argparse
from pathlib import Path

import figures
import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot

FULL, EMPTY = ("numeric", "mixed", "SQLite"), ("nothing new",)
COLOURS = pyplot.colormaps["tab10"].colors


def main() -> None:
    """Draw the nights with records above, each with its floor, and the one with nothing new."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    taken = {one["name"]: one["value"] for one in figures.read(arguments.file)}
    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(9, 5.5), height_ratios=(3, 1), layout="constrained"
    )
    _bars(above, FULL, taken)
    _bars(below, EMPTY, taken)
    below.set_xlabel("seconds; a dashed line is what reading and writing alone take")
    figure.savefig(arguments.out)


def _bars(axes: pyplot.Axes, nights: tuple[str, ...], taken: dict[str, float]) -> None:
    """One bar a night, its stages one after the other; a colour stands for a stage."""
    shown = [name for name in nights if any(one.startswith(f"  {name}: ") for one in taken)]
    for at, name in enumerate(shown):
        start, before = 0.0, f"  {name}: "
        stages = [one for one in taken if one.startswith(before)]
        for colour, stage in zip(COLOURS, stages, strict=False):
            words = None if at else stage.removeprefix(before)
            axes.barh(at, taken[stage], left=start, height=0.6, color=colour, label=words)
            start += taken[stage]
        if floor := taken.get(f"{name}: floor"):
            axes.plot([floor, floor], [at - 0.4, at + 0.4], color="black", linestyle="--")
    axes.set_yticks(range(len(shown)), shown)
    axes.invert_yaxis()
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)


if __name__ == "__main__":
    main()
