"""Every command is helpful, documented, and exits with the code its page promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nightflag.cli import COMMANDS, app

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SECTIONS = dict(
    re.findall(r"^## nightflag (\S+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)
DOCUMENTED = re.compile(r"`(--[a-z-]+|[A-Z]+)`(?=[^|\n]*\|)")
INLINE = re.compile(r"`nightflag ([a-z][a-z-]*)([^`\n]*)`")
COMMAND_NAMES = sorted(set(COMMANDS) & set(app))


def options(command: str) -> set[str]:
    """What the command takes: its options as they are typed, its arguments in capitals."""
    arguments = app[command].assemble_argument_collection()
    return {name.lstrip("*") for one in arguments for name in one.names}


def test_the_page_describes_every_command_and_no_other() -> None:
    assert set(SECTIONS) == set(COMMAND_NAMES)


@pytest.mark.parametrize("command", COMMAND_NAMES)
def test_the_page_describes_every_option_and_no_other(command: str) -> None:
    assert set(DOCUMENTED.findall(SECTIONS[command])) == options(command)


def test_commands_named_in_running_text_exist_with_their_options() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "deployments" / "README.md"]
    named = {found for page in pages for found in INLINE.findall(page.read_text(encoding="utf-8"))}
    assert {command for command, _ in named} <= set(COMMAND_NAMES)
    unknown = {
        (command, option)
        for command, words in named
        for option in re.findall(r"--[a-z-]+", words)
        if option != "--help" and option not in options(command)
    }
    assert unknown == set()


@pytest.mark.parametrize("command", COMMAND_NAMES)
def test_every_command_and_option_has_a_help_text(command: str) -> None:
    assert COMMANDS[command].endswith(".")
    arguments = app[command].assemble_argument_collection()
    assert [one.name for one in arguments if not one.parameter.help] == []


def test_help_lists_every_command(nightflag) -> None:
    said = nightflag("--help")
    assert said.code == 0
    assert all(f"│ {command} " in said.out for command in COMMAND_NAMES)


@pytest.mark.parametrize(
    "words",
    [
        ["runz"],
        ["run"],
        ["flags", "payments", "--limit", "many"],
        ["flags", "payments", "--as-of", "yesterday"],
        ["load"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_exits_with_2(nightflag, words: list[str]) -> None:
    said = nightflag(*words)
    assert (said.code, said.out) == (2, "")
    assert "╭─ Error" in said.err


def test_an_error_is_a_box_on_stderr_that_says_how_to_mend_it(nightflag, home: Path) -> None:
    said = nightflag("runs", "payments")
    assert (said.code, said.out) == (2, "")
    assert "There is no monitor named 'payments'" in said.err
    assert "To mend: add" in said.err
    assert "Traceback" not in said.err


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    script = "import sys; from nightflag.cli import main; sys.exit(main(['schema']))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=-1, stderr=-1) as ended:
        assert ended.stdout is not None
        assert ended.stderr is not None
        ended.stdout.close()
        assert ended.stderr.read() == b""
    assert ended.returncode == 0


def test_a_bug_is_one_line_with_the_place_of_its_traceback() -> None:
    script = """
import sys
from nightflag import cli
cli.app.command(lambda: 1 / 0, name="divide")
sys.exit(cli.main(["divide"]))
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    details = Path(line.rpartition(" ")[2])
    assert "ZeroDivisionError: division by zero" in line
    assert "Traceback" in details.read_text()
    details.unlink()
