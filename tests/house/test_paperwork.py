"""What the documents, the Makefile and the lock say is true."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
NOT_THE_HOUSE = {".git", ".venv", ".hypothesis", "build", "dist", "__pycache__"}
ADDRESS = re.compile(
    r"pypi[.]org|pythonhosted[.]org|index-url[= ]+\S*:|/(?:home|Users)/\w|/root[/]"
)
TARGET = re.compile(r"^([a-z-]+):(?!=)", re.MULTILINE)
MENTION = re.compile(r"(?:^|`|\$ )make ([a-z][a-z-]*)", re.MULTILINE)
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)


def house_files() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name not in NOT_THE_HOUSE and not name.endswith("_cache")
        ]
        yield from (Path(folder, name) for name in files)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def make_targets() -> set[str]:
    return set(TARGET.findall(text_of(ROOT / "Makefile")))


def documents() -> list[Path]:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    return [page for page in pages if page.exists()]


def test_no_file_holds_an_index_address_or_a_home_folder() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in house_files()
        if (match := ADDRESS.search(text_of(path)))
    }
    assert found == {}


def test_every_make_word_in_the_documents_exists() -> None:
    mentioned = {
        (page.name, word) for page in documents() for word in MENTION.findall(text_of(page))
    }
    assert mentioned, "no document mentions make: is the pattern still right?"
    assert {(page, word) for page, word in mentioned if word not in make_targets()} == set()


def test_make_help_lists_every_word() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make here")
    listed = subprocess.run([make, "-C", ROOT, "help"], capture_output=True, text=True, check=True)
    assert set(re.findall(r"^make ([a-z-]+)", listed.stdout, re.MULTILINE)) == make_targets()


def test_the_commit_hooks_call_make_words_and_nothing_remote() -> None:
    repositories = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))["repos"]
    assert {repository["repo"] for repository in repositories} == {"local"}
    entries = [hook["entry"].split() for hook in repositories[0]["hooks"]]
    assert all(word == "make" and target in make_targets() for word, target in entries)


def test_ci_runs_make_check() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert text_of(script).splitlines()[-1] == "make check"


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    groups = project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *groups["dev"], *groups["lock"]]
    locked = text_of(ROOT / "requirements" / "dev.txt")
    versions = {canonicalize_name(name): version for name, version in PINNED.findall(locked)}
    requirements = [Requirement(line) for line in asked if isinstance(line, str)]
    behind = [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0")
        )
    ]
    assert behind == []


def test_the_installer_is_the_locked_one() -> None:
    installer = text_of(ROOT / "requirements" / "uv.txt")
    locked = text_of(ROOT / "requirements" / "dev.txt")
    assert PINNED.findall(installer)[0] in PINNED.findall(locked)


def test_every_picture_is_small_and_shown_somewhere() -> None:
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert [one.name for one in pictures if one.stat().st_size > 150_000] == []
    shown = " ".join(map(text_of, documents()))
    assert [one.name for one in pictures if f"pictures/{one.name})" not in shown] == []
