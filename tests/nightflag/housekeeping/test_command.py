"""The command line says what would go, lets it go, and tells what is missing afterwards."""

import json
from pathlib import Path
from typing import Any

import pytest

from nightflag.cli import main
from tests.nightflag.housekeeping.test_files import ON_SQLITE

pytestmark = ON_SQLITE
MONITOR = """\
monitor: shop
source: {database: env:SHOP_URL, table: sales, key: id, time: at}
"""


@pytest.fixture
def said(
    shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Calls a command over the shop with this policy; its exit code and what it printed."""
    monkeypatch.setenv("NIGHTFLAG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHOP_URL", str(shop.workplace.source.url))
    monkeypatch.setenv("COLUMNS", "300")
    folder = tmp_path / "home" / "monitors"
    folder.mkdir(parents=True)

    def call(*words: str, keep: str = "{scores: 2 days}") -> tuple[int, str, str]:
        (folder / "shop.yaml").write_text(f"{MONITOR}keep: {keep}\n")
        code = main(list(words))
        return code, *capsys.readouterr()

    return call


def test_what_goes_is_listed_first_and_then_gone(said: Any) -> None:
    code, out, err = said("clean", "shop", "--dry-run")
    assert code == 0
    assert "2024-05-05 00:00 UTC" in out
    assert "more than 2 days before the newest night" in out
    assert "20 rows and 0 bytes of files would be deleted." in err
    planned = json.loads(said("clean", "shop", "--dry-run", "--json")[1])
    assert planned[0] == {
        "kind": "scores",
        "name": "2024-05-02 00:00 UTC",
        "records": 5,
        "size": 0,
        "why": "more than 2 days before the newest night",
    }
    assert json.loads(said("clean", "shop", "--json")[1]) == planned
    assert "There is nothing to delete." in said("clean", "shop")[2]


def test_a_monitor_that_keeps_everything_says_so(said: Any) -> None:
    code, out, err = said("clean", "shop", keep="{}")
    assert (code, out) == (0, "")
    assert "shop keeps everything else: its file says nothing under `keep`." in err


def test_commands_say_what_is_missing(said: Any) -> None:
    said("clean", "shop")
    left_out = "Nights up to 2024-05-05 00:00 UTC are left out: their scores were cleaned away."
    assert left_out in said("what-if", "shop")[2]
    assert left_out in said("evaluate", "shop")[2]
    assert left_out in said("reflag", "shop", "--rate", "0.2")[2]
    assert "were cleaned away, but for those" in said("flags", "shop", "--as-of", "2024-05-03")[2]
    code, _, err = said("report", "shop", "--as-of", "2024-05-03")
    assert code == 1
    assert "no page can be made of them" in err
    code, _, err = said("check", "shop", "--as-of", "2024-05-02T12:00")
    assert code == 2
    assert "was cleaned away" in f"{_}{err}"


@pytest.mark.parametrize(
    ("keep", "complaint"),
    [
        ("{scores: 12 hours}", "kept no shorter than source: look_back"),
        ("{runs: 3 days}", "runs to be kept no shorter than scores"),
        ("{scores: 9 days, runs: 3 days}", "runs to be kept no shorter than scores"),
        ("{models: 0}", "greater than or equal to 1"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(said: Any, keep: str, complaint: str) -> None:
    code, _, err = said("clean", "shop", keep=keep)
    assert code == 2
    assert complaint in " ".join(err.split())
