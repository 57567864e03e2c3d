from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which a reader begins, with a browser that shows nothing."""
    (tmp_path / "monitors").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.setenv("NIGHTFLAG_HOME", str(tmp_path))
    monkeypatch.delenv("NIGHTFLAG_MONITORS", raising=False)
    return tmp_path
