"""Verdicts raise the precision of the next night, on real data and through the whole pipeline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).with_name("verdicts.py")


@pytest.mark.slow
def test_50_verdicts_raise_the_precision_of_the_shuttles_next_night(tmp_path):
    out = tmp_path / "verdicts.json"
    subprocess.run([sys.executable, BENCHMARK, "--sets", "demo", "--out", out], check=True)
    found = {one["name"]: one for one in json.loads(out.read_text())}
    before, after = (found[f"demo seed 0 precision-{when}"] for when in ("before", "after"))
    assert "50 and 50 flags" in before["detail"]
    assert after["value"] >= before["value"] + 10
    assert found["demo seed 0 recall-after"]["value"] > found["demo seed 0 recall-before"]["value"]
