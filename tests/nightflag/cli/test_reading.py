"""Before anything has run, reading commands say so, quickly and without making anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = {"prefect", "tensorflow", "keras", "great_expectations", "pandas", "onnxruntime"}
READING = [["runs"], ["runs", "payments"], ["flags", "payments"], ["models", "payments"]]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_nothing_has_run_yet(nightflag, watch, any_bank: str, words: list[str]) -> None:
    watch()
    said = nightflag(*words)
    assert (said.code, said.out) == (0, "")
    assert "yet" in said.err
    assert json.loads(nightflag(*words, "--json").out) == []


def test_a_results_database_that_is_not_there_is_not_made(
    nightflag, watch, bank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "flags.db"
    monkeypatch.setenv("FLAGS_URL", f"sqlite:///{file}")
    watch(more="results: {database: env:FLAGS_URL}\n")
    for words in READING:
        assert nightflag(*words).code == 0
    assert not file.exists()


def test_an_unreachable_database_says_try_again_later(
    nightflag, watch, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_URL", "postgresql://ann:se3ret@127.0.0.1:1/bank")
    watch()
    said = nightflag("runs")
    assert (said.code, said.out) == (75, "")
    assert "does not answer" in said.err
    assert "se3ret" not in said.err


def test_a_variable_that_is_not_set_is_named(
    nightflag, watch, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BANK_URL", raising=False)
    watch()
    said = nightflag("flags", "payments")
    assert said.code == 2
    assert "Environment variable BANK_URL is not set." in said.err


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_imports_nothing_heavy(watch, bank: str, words: list[str]) -> None:
    watch()
    script = f"""
import sys
from nightflag.cli import main
main({words})
print(*sorted({HEAVY} & set(sys.modules)))
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ended.stdout.strip() == ""
    assert ended.returncode == 0
