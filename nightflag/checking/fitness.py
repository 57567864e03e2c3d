"""Whether a detector takes what a monitor gives it, as far as that can be told unread."""

from collections.abc import Iterator

from nightflag import detectors
from nightflag.checking.finding import Finding
from nightflag.monitors import Image, Monitor


def detector(monitor: Monitor) -> Iterator[Finding]:
    """Its settings, and that it takes records such as the monitor speaks of."""
    name = monitor.detector.name
    detectors.check_settings(name, monitor.detector.settings)
    records = _records(monitor)
    detectors.refuse_other_records(name, records)
    text = f"{name}, its settings are fine, and it takes {' or '.join(records)}"
    yield Finding("ok", "detector", text)


def _records(monitor: Monitor) -> tuple[str, ...]:
    """The shapes of record that may come; without a word of images a column may still hold some."""
    chosen, sequence = monitor.features, monitor.sequence
    if sequence is not None:
        return ("plain records",) if sequence.length == 1 else ("sequences",)
    if "image" in chosen.kinds.values() or chosen.image != Image():
        return ("images",)
    taken = detectors.DETECTORS[monitor.detector.name].takes
    return tuple(one for one in ("plain records", "images") if one in taken) or ("plain records",)
