"""A watched table of scans, 16 x 16 pixels each: eight days of them, and what goes wrong."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from PIL import Image

from tests.integration.clarity import source
from tests.reliability.payments import A_DAY, DAYS, FIRST_DAY, FIRST_NIGHT, empty_watch
from tests.reliability.watch import Watch

SPOILED, MISSING, BROKEN = 285, 290, 295
TOP, LEFT, DEFECT = 3, 7, 8

SCANS = sa.Table(
    "scans",
    sa.MetaData(),
    sa.Column("scan_id", sa.BigInteger),
    sa.Column("taken_at", sa.DateTime),
    sa.Column("ward", sa.Text),
    sa.Column("scan", sa.LargeBinary),
)


def pixels(seed: int) -> np.ndarray:
    """A smooth wave of random phase with a little noise, 16 x 16 bytes."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:16, :16]
    waves = np.sin(0.4 * down + 0.3 * across + random.uniform(0, 2 * np.pi))
    return np.clip(127 + 60 * waves + random.normal(0, 4, (16, 16)), 0, 255).astype(np.uint8)


def spoiled(seed: int) -> np.ndarray:
    """The same with a scratched patch, rows 3-10, columns 7-14."""
    scan = pixels(seed)
    inside = slice(TOP, TOP + DEFECT), slice(LEFT, LEFT + DEFECT)
    scratches = np.random.default_rng(seed).normal(0, 50, (DEFECT, DEFECT))
    scan[inside] = np.clip(scan[inside] + scratches, 0, 255)
    return scan


def png(scan: np.ndarray) -> bytes:
    """The scan as a file."""
    kept = BytesIO()
    Image.fromarray(scan).save(kept, "PNG")
    return kept.getvalue()


def scans(first: int, number: int) -> list[dict[str, Any]]:
    """Scans evenly spread over the days, counted from the first."""
    return [
        {
            "scan_id": at,
            "taken_at": (FIRST_DAY + timedelta(days=at / A_DAY)).replace(tzinfo=None),
            "ward": "north",
            "scan": png(pixels(at)),
        }
        for at in range(first, first + number)
    ]


def replace(watch: Watch, contents: Mapping[int, bytes | None]) -> None:
    """Other bytes for some scans."""
    for number, content in contents.items():
        change = SCANS.update().where(SCANS.c.scan_id == number).values(scan=content)
        watch.execute(change)


def watch_of_scans(folder: Path, server_url: str | None) -> Watch:
    """Eight days of scans after their first night.

    On the last day one is spoiled, one is missing and one broken; so is one of the history.
    """
    watch = empty_watch(folder, server_url)
    watch.describe(
        **source(table="scans", key="scan_id", time="taken_at"),
        expectations=[{"expect_column_values_to_not_be_null": {"column": "ward"}}],
        detector={"name": "auto"},
    )
    watch.execute(sa.schema.CreateTable(SCANS))
    watch.execute(SCANS.insert(), scans(0, DAYS * A_DAY))
    whole = png(pixels(BROKEN))
    replace(
        watch,
        {SPOILED: png(spoiled(SPOILED)), MISSING: None, BROKEN: whole[: len(whole) // 2], 7: b"?"},
    )
    outcome = watch.night(FIRST_NIGHT)
    assert outcome.status == "published", outcome
    return watch
