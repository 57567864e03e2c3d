"""Heat maps: where in a flagged image its score comes from, in words and as a picture."""

from nightflag.heat_maps.drawing import draw
from nightflag.heat_maps.reasons import Explained, explain
from nightflag.heat_maps.regions import Region, find

__all__ = ["Explained", "Region", "draw", "explain", "find"]
