"""Images to read: as PNG, JPEG or bare bytes."""

from io import BytesIO

import numpy as np
import pandas as pd
from PIL import Image


def picture(height=28, width=28, seed=0, *, channels=1):
    """A smooth random picture of bytes, (height, width) or (height, width, 3)."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    phases = random.uniform(0, 2 * np.pi, (channels, 2))
    waves = [np.sin(0.3 * down + one) + np.sin(0.2 * across + other) for one, other in phases]
    pixels = np.rint(127 + 55 * np.stack(waves, axis=-1)).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def encoded(pixels, kind="PNG", **settings):
    kept = BytesIO()
    Image.fromarray(pixels).save(kept, kind, **settings)
    return kept.getvalue()


def column(*contents):
    return pd.Series(list(contents), name="scan", dtype=object)
