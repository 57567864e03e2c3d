"""How images are to be read, as a monitor says it."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from nightflag.errors import MonitorError
from nightflag.features import KINDS
from nightflag.monitors import Image, Kind, read

MONITOR = """\
monitor: xrays
source: {database: env:DATABASE_URL, table: xrays, key: id, time: at}
features:
  kinds: {scan: image}
  image:
"""


def test_every_kind_of_feature_can_be_named_in_a_monitor() -> None:
    assert set(get_args(Kind)) == set(KINDS)


def test_a_file_says_how_images_are_read(tmp_path: Path) -> None:
    file = tmp_path / "xrays.yaml"
    file.write_text(MONITOR + "    {height: 32, width: 48, colour: true, raw_shape: [60, 80, 3]}\n")
    features = read(file).features
    assert features.kinds == {"scan": "image"}
    assert features.image == Image(height=32, width=48, colour=True, raw_shape=(60, 80, 3))


def test_a_misspelt_setting_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "xrays.yaml"
    file.write_text(MONITOR + "    hieght: 32\n")
    with pytest.raises(MonitorError, match=r"(?s):6: .*hieght.*height"):
        read(file)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"height": 32}, "both height and width"),
        ({"width": 32}, "both height and width"),
        ({"height": 129, "width": 32}, "less than or equal to 128"),
        ({"height": 7, "width": 32}, "greater than or equal to 8"),
        ({"height": 128, "width": 128, "colour": True}, "at most 16,384 values"),
        ({"raw_shape": (28,)}, "at least 2 items"),
        ({"raw_shape": (28, 28, 2)}, r"\[height, width, 3\] for colour"),
        ({"raw_shape": (0, 28)}, r"\[height, width\]"),
        ({"most_pixels": 10**9}, "less than or equal to 80000000"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Image(**settings)
