"""The pages that show how to do something are done: their files written, their commands run."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from nightflag.cli import main
from tests.docs.tables import TABLES, fill

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """The page's blocks in order: commands one by one, files, and statements of SQL."""
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "console":
            yield from (("command", line.removeprefix("$ ")) for line in text.splitlines())
        else:
            yield kind, text


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database and an empty folder, where the page's commands find both."""
    (tmp_path / "monitors").mkdir()
    monkeypatch.setenv("NIGHTFLAG_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTFLAG_DATABASE_URL", sqlite_url)
    monkeypatch.delenv("NIGHTFLAG_MONITORS", raising=False)
    return sqlite_url


def test_there_is_a_table_for_every_page() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(TABLES)


@pytest.mark.parametrize("page", TABLES)
def test_what_a_page_shows_works(page: str, url: str, tmp_path: Path, prefect_server: str) -> None:
    fill(url, page)
    do(PAGES / f"{page}.md", url, tmp_path)


def test_the_tutorial_works(
    url: str, tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    do(ROOT / "docs" / "tutorial.md", url, tmp_path)


def do(page: Path, url: str, home: Path) -> None:
    """Everything the page tells its reader to do."""
    for kind, text in steps(page):
        if kind == "command":
            assert main(shlex.split(text)[1:]) == 0, text
        elif kind == "sql":
            assert changed_or_found(url, text), text
        elif text.startswith("# monitors/"):
            path = text.partition("\n")[0].removeprefix("# ")
            (home / path).write_text(text, encoding="utf-8")


def changed_or_found(url: str, statement: str) -> int:
    """How many rows the statement finds or changes."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement))
        count = len(done.all()) if done.returns_rows else done.rowcount
    engine.dispose()
    return count
