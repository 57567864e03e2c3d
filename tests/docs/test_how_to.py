"""The pages that show how to do something are done: their files written, their commands run."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, do, steps
from tests.docs.tables import TABLES, fill

PAGES = ROOT / "docs" / "how-to"


@pytest.fixture
def url(sqlite_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database where the page's commands find it."""
    monkeypatch.setenv("NIGHTFLAG_DATABASE_URL", sqlite_url)
    return sqlite_url


def test_there_is_a_table_for_every_page() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} <= set(TABLES)


@pytest.mark.parametrize("page", sorted(path.stem for path in PAGES.glob("*.md")))
def test_what_a_page_shows_works(page: str, url: str, home: Path, prefect_server: str) -> None:
    fill(url, page)
    do(steps(PAGES / f"{page}.md"), url, home)


def test_the_tutorial_works(
    url: str, home: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    do(steps(ROOT / "docs" / "tutorial.md"), url, home)
