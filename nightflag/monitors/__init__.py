"""Monitors: what is watched, described in YAML files and parsed into frozen models."""

from nightflag.monitors.alarm import Alarm
from nightflag.monitors.durations import Duration
from nightflag.monitors.execution import Execution
from nightflag.monitors.image import Image
from nightflag.monitors.keep import Keep
from nightflag.monitors.model import Expectation, Features, Kind, Monitor, Schedule
from nightflag.monitors.overriding import overridden
from nightflag.monitors.reading import find, read, read_all
from nightflag.monitors.references import redact, resolve
from nightflag.monitors.schema import json_schema
from nightflag.monitors.sequence import Sequence
from nightflag.monitors.source import Results, Source
from nightflag.monitors.training import Detector, Training

__all__ = [
    "Alarm",
    "Detector",
    "Duration",
    "Execution",
    "Expectation",
    "Features",
    "Image",
    "Keep",
    "Kind",
    "Monitor",
    "Results",
    "Schedule",
    "Sequence",
    "Source",
    "Training",
    "find",
    "json_schema",
    "overridden",
    "read",
    "read_all",
    "redact",
    "resolve",
]
