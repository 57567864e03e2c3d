"""The picture of the README, drawn from the database that ``make demo`` left: ``make picture``."""

import sqlite3
from contextlib import closing
from pathlib import Path

import matplotlib as mpl
import pandas as pd

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

ROOT = Path(__file__).parents[2]
QUERY = """select recorded_at, value, m.is_anomaly as labelled, s.is_anomaly as flagged, p_value
from machine_temperature m join machine_temperature_scores s using (sensor, recorded_at)
order by recorded_at"""


def main() -> None:
    """Write docs/pictures/machine_temperature.png."""
    with closing(sqlite3.connect(ROOT / ".demo" / "demo.db")) as connection:
        records = pd.read_sql(QUERY, connection, parse_dates=["recorded_at"])
    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(10, 5), sharex=True, height_ratios=(2, 1), layout="constrained"
    )
    _temperature(above, records)
    _p_values(below, records)
    target = ROOT / "docs" / "pictures" / "machine_temperature.png"
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=110)
    print(f"wrote {target}")


def _temperature(axes: Axes, records: pd.DataFrame) -> None:
    flags = records[records.flagged == 1]
    window = records[records.labelled == 1].recorded_at
    axes.plot(records.recorded_at, records.value, color="#4a6fa5", linewidth=1, label="temperature")
    axes.scatter(flags.recorded_at, flags.value, color="#c0392b", s=9, zorder=3, label="flagged")
    axes.axvspan(window.min(), window.max(), color="#e8b04a", alpha=0.25, label="labelled failure")
    axes.set_ylabel("temperature")
    axes.legend(loc="lower left", frameon=False)
    axes.set_title("Eight nights over a machine's temperature, as published", loc="left")


def _p_values(axes: Axes, records: pd.DataFrame) -> None:
    axes.semilogy(records.recorded_at, records.p_value, ".", color="#4a6fa5", markersize=3)
    axes.axhline(0.05, color="#c0392b", linewidth=1)
    axes.text(records.recorded_at.iloc[-1], 0.055, "alarm rate 0.05", color="#c0392b", ha="right")
    axes.set_ylabel("p_value")


if __name__ == "__main__":
    main()
