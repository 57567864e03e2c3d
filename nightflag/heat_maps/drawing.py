"""A flagged image beside itself with its heat map, as one PNG for people to look at."""

from collections.abc import Iterable
from functools import cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nightflag.heat_maps.regions import Region

LONGER_SIDE = 256
GAP = 8
COLOURS = 96
STRONGEST = 0.7
HOT, WARM = (194, 30, 12), (255, 196, 60)


def draw(image: Image.Image, heat: NDArray[np.float64], regions: Iterable[Region]) -> bytes:
    """A PNG: left the image as it is, right with its heat (height, width) and regions marked.

    The heat may be of another size than the image; regions are in pixels of the heat. The same
    image, heat and regions give the same bytes.
    """
    plain = _readable_size(image)
    warm = _frames(_overlaid(plain, heat), regions, heat.shape)
    both = Image.new("RGB", (2 * plain.width + GAP, plain.height), "white")
    both.paste(plain, (0, 0))
    both.paste(warm, (plain.width + GAP, 0))
    return _as_png(both)


def _readable_size(image: Image.Image) -> Image.Image:
    """The image with its longer side at 256 pixels; small ones keep their pixels visible."""
    scale = LONGER_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    sharp = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BILINEAR
    return image.convert("RGB").resize((width, height), sharp)


def _overlaid(plain: Image.Image, heat: NDArray[np.float64]) -> Image.Image:
    share = np.rint(np.clip(heat / (heat.max() or 1.0), 0, 1) * 255).astype(np.uint8)
    warmth = Image.fromarray(share).resize(plain.size, Image.Resampling.BILINEAR)
    colour = Image.merge(
        "RGB", [warmth.point(_ramp(*ends)) for ends in zip(WARM, HOT, strict=True)]
    )
    return Image.composite(colour, plain, warmth.point(_ramp(0, round(255 * STRONGEST))))


@cache
def _ramp(low: int, high: int) -> list[int]:
    """A table that takes 0 to ``low`` and 255 to ``high``."""
    return [round(low + (high - low) * at / 255) for at in range(256)]


def _frames(image: Image.Image, regions: Iterable[Region], found: tuple[int, ...]) -> Image.Image:
    pencil = ImageDraw.Draw(image)
    for region in regions:
        at = region.scaled((found[0], found[1]), (image.height, image.width))
        box = (at.left, at.top, at.right - 1, at.bottom - 1)
        pencil.rectangle(box, outline="white", width=2)
    return image


def _as_png(image: Image.Image) -> bytes:
    """With few colours: a night may keep thousands of these."""
    kept = BytesIO()
    few = image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(kept, "PNG", compress_level=3)
    return kept.getvalue()
