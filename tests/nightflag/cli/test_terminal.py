"""What is printed fits the terminal, and is plain text where there is none."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nightflag import failpoints, pace
from nightflag.cli.output import print_table
from nightflag.cli.progress import each_night, figures, progress, steps

ROOT = Path(__file__).parents[3]
ROWS = [
    {"key": number, "score": 1.5, "reasons": f"amount {number} where 10 to 20 was expected; " * 4}
    for number in (1, 2)
]
COLUMNS = {"key": "key", "score": "score", "reasons": "reasons"}


@pytest.mark.parametrize("width", [50, 80])
def test_a_long_last_column_stands_below_its_row(capsys, monkeypatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(ROWS, COLUMNS)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert "reasons" not in lines[1]
    (first,) = [number for number, line in enumerate(lines) if line.split() == ["1", "1.5"]]
    assert lines[first + 1].startswith("    amount 1 where 10 to 20 was expected")


def test_a_last_column_that_fits_stays_beside(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    print_table(ROWS, COLUMNS)
    _, heading, _, first, *_ = capsys.readouterr().out.splitlines()
    assert "reasons" in heading
    assert first.split()[:3] == ["1", "1.5", "amount"]


def test_a_pipe_has_no_control_characters_and_no_steps(capsys, monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    with steps("payments"):
        failpoints.reached("opened")
    print_table(ROWS, COLUMNS)
    said = capsys.readouterr()
    assert said.err == "", "nothing, for it took less than half a minute"
    assert all(letter == "\n" or letter.isprintable() for letter in said.out)
    assert failpoints.listeners == []
    assert pace.listeners == []


def read(records: int, *, of: int) -> None:
    """Let whoever watches hear of records that came."""
    for listener in pace.listeners:
        listener(records, of)


def test_a_log_has_a_line_now_and_then(capsys) -> None:
    with steps("payments", pause=0):
        failpoints.reached("loaded")
        read(500, of=2_000)
        read(2_000, of=2_000)
        failpoints.reached("before commit")
        failpoints.reached("published")
    starting, scoring, half, whole, last = capsys.readouterr().err.splitlines()
    assert (starting, scoring) == ("payments: starting", "payments: scoring")
    assert re.fullmatch(r"payments: scoring, 500 of 2,000 records, [\d,]+/s, about 0:.* left", half)
    assert re.fullmatch(r"payments: scoring, 2,000 of 2,000 records, [\d,]+/s", whole)
    assert last == "payments: evaluating and reporting"


def test_who_is_quiet_says_nothing_and_has_nothing_counted(capsys) -> None:
    with steps("payments", quiet=True, pause=0):
        assert (failpoints.listeners, pace.listeners) == ([], [])
    with progress(quiet=True, pause=0) as told:
        told("loading", 5, 10)
    assert capsys.readouterr().err == ""


def test_the_rest_is_told_in_time() -> None:
    assert figures(0, 400, None) == ""
    assert figures(1_000, None, None) == "1,000 records"
    assert figures(100, 400, 10.0) == "100 of 400 records, 10/s, about 0:00:30 left"
    assert figures(400, 400, 10.0) == "400 of 400 records, 10/s"


def test_nights_are_awaited_one_by_one_and_all_come() -> None:
    awaited: list[int] = []
    nights = (awaited.append(number) or number for number in range(3))
    seen = [(night, list(awaited)) for night in each_night(nights, 3)]
    assert seen == [(0, [0]), (1, [0, 1]), (2, [0, 1, 2])]
    assert list(each_night(iter([1]), 3)) == [1]


def on_a_terminal(**environment: str) -> str:
    """What a run's steps write to a real pseudo-terminal."""
    script = """
from nightflag import failpoints, pace
from nightflag.cli.progress import steps
with steps("payments"):
    failpoints.reached("loaded")
    pace.listeners[0](500, 2_000)
"""
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stderr=theirs,
        env={**plain, "TERM": "xterm", **environment},
        check=True,
    )
    os.write(theirs, b"end")
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    return said.removesuffix("end")


def test_a_terminal_shows_the_step_in_colour_where_colour_is_wanted() -> None:
    coloured = on_a_terminal()
    assert "payments: scoring" in coloured
    assert "500 of 2,000 records" in coloured
    assert "\x1b[3" in coloured
    assert "\x1b[3" not in on_a_terminal(NO_COLOR="1")
    assert on_a_terminal(TERM="dumb") == ""


def test_bash_completes_commands(nightflag) -> None:
    script = nightflag("completion", "bash").out
    asked = 'COMP_WORDS=(nightflag ru); COMP_CWORD=1; _nightflag; echo "${COMPREPLY[@]}"'
    ended = subprocess.run(
        ["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["run", "runs"]
