"""Metrics: a monitor's newest night as a text file that Prometheus's node exporter collects."""

from pathlib import Path
from typing import TYPE_CHECKING

from nightflag import runs
from nightflag.errors import ReportError
from nightflag.runs import Run
from nightflag.workplace import Workplace

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

PREFIX = "nightflag_"
FIGURES = {
    "records_read": "Records that the newest night read",
    "records_scored": "Records that the newest night scored",
    "records_quarantined": "Records that the newest night put into quarantine",
    "records_flagged": "Records that the newest night flagged",
    "realised_alarm_rate": "Share of the scored records unusual enough for an alarm",
    "promised_alarm_rate": "Share of false alarms that is accepted",
    "duration_seconds": "How long the newest night took",
    "logical_date_timestamp_seconds": "Logical date of the newest night",
    "last_success_timestamp_seconds": "When the newest night was published",
}
"""What each figure means."""


def write(workplace: Workplace, night: Run) -> None:
    """Leave the figures of a published night in the folder of metrics; without a folder, nothing.

    The monitor has one file, replaced in one step. A night that is not its newest one leaves that
    as it is. Raises :class:`ReportError` where the disk refuses.
    """
    newest = workplace.metrics and runs.newest_published(workplace.results, night.monitor)
    if workplace.metrics is None or night.as_of != newest:
        return
    from prometheus_client import write_to_textfile

    path = workplace.metrics / f"{PREFIX}{night.monitor}.prom"
    try:
        write_to_textfile(str(path), _registry(night))
    except OSError as error:
        raise _unwritten(path, error) from error


def figures(night: Run) -> dict[str, float | None]:
    """Each figure of ``FIGURES`` with its value, None where the night has none."""
    finished = night.finished_at
    return {
        "records_read": night.records_read,
        "records_scored": night.records_scored,
        "records_quarantined": night.records_quarantined,
        "records_flagged": night.records_flagged,
        "realised_alarm_rate": night.realised_rate,
        "promised_alarm_rate": night.alarm_rate,
        "duration_seconds": night.seconds,
        "logical_date_timestamp_seconds": night.as_of.timestamp(),
        "last_success_timestamp_seconds": finished.timestamp() if finished else None,
    }


def _registry(night: Run) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry, Gauge

    registry = CollectorRegistry()
    for name, value in figures(night).items():
        if value is not None:
            gauge = Gauge(f"{PREFIX}{name}", FIGURES[name], ["monitor"], registry=registry)
            gauge.labels(night.monitor).set(value)
    return registry


def _unwritten(path: Path, error: OSError) -> ReportError:
    return ReportError(
        f"The metrics could not be written to {path}: {error.strerror or error}.",
        expected="a folder that is there and can be written to",
        mend="correct NIGHTFLAG_METRICS_FOLDER or its permissions; the flags are published anyway",
    )
