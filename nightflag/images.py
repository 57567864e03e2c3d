"""Images on their way from the source to training: read once, and left out where they are none."""

import logging

import numpy as np
import pandas as pd

from nightflag import features
from nightflag.monitors import Monitor

logger = logging.getLogger(__name__)


def readable(frame: pd.DataFrame, kinds: dict[str, str], monitor: Monitor) -> pd.DataFrame:
    """The records whose images can be read, brought to working size; all of them where none are.

    In memory that is the working size for each record instead of the whole image.
    """
    images = {name: kind for name, kind in kinds.items() if kind == "image"}
    if not images:
        return frame
    pipeline = features.fit(frame, kinds=images, image=monitor.features.image)
    read, unreadable = pipeline.prepare(frame)
    if len(unreadable):
        logger.info("%d of %d records have no readable image.", len(unreadable), len(frame))
    whole = np.ones(len(frame), dtype=bool)
    whole[unreadable["row"].to_numpy(dtype=np.intp)] = False
    return read[whole].reset_index(drop=True)
