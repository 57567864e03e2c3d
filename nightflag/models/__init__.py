"""Models: a feature pipeline, its detector and its calibration, kept and vouched for together."""

from nightflag.models.model import Model
from nightflag.models.registry import (
    Entry,
    champion,
    champion_at,
    champion_before,
    latest,
    load,
    of_version,
    promote,
    register,
    snapshot_of,
)
from nightflag.models.snapshot import Snapshot

__all__ = [
    "Entry",
    "Model",
    "Snapshot",
    "champion",
    "champion_at",
    "champion_before",
    "latest",
    "load",
    "of_version",
    "promote",
    "register",
    "snapshot_of",
]
