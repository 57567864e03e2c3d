"""The page of a night is found, made where it is missing, and opened."""

import webbrowser
from pathlib import Path

import pytest


def test_nothing_is_published_yet(nightflag, watch, bank: str) -> None:
    watch()
    said = nightflag("report", "payments")
    assert (said.code, said.out) == (1, "")
    assert "payments has published nothing, so there is no report." in said.err
    assert "nightflag run payments" in said.err


def test_a_missing_page_is_written_then_found_and_opened(
    nightflag, watch, night, bank: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch()
    night("2026-01-25")
    said = nightflag("report", "payments")
    page = Path(said.out.strip())
    assert page == home / "reports" / "payments" / "2026-01-25T0000Z.html"
    assert "payments" in page.read_text()
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(opened.append(url)))
    page.write_text("mine")
    said = nightflag("report", "payments", "--open")
    assert (said.code, page.read_text(), opened) == (0, "mine", [page.as_uri()])
    assert "No web browser was found" in said.err
    nightflag("report", "payments", "--anew", "--as-of", "2026-01-25")
    assert page.read_text() != "mine"
    assert "for 2026-01-26 00:00 UTC" in nightflag("report", "payments", "--as-of=2026-01-26").err
