"""Records: what the source looks like, pulling them, and which of them are due."""

from nightflag.records.following import follow, pull_seen
from nightflag.records.layout import Layout, describe
from nightflag.records.pulling import Batch, pull

__all__ = ["Batch", "Layout", "describe", "follow", "pull", "pull_seen"]
