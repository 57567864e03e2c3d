"""Models: a feature pipeline, its detector and its calibration, kept and vouched for together."""

from nightflag.models.model import Model
from nightflag.models.registry import Entry, champion, latest, load, register

__all__ = ["Entry", "Model", "champion", "latest", "load", "register"]
