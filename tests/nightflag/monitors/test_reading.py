"""A monitor file becomes a monitor, or one error that lists every mistake with its line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.errors import MonitorError
from nightflag.monitors import Monitor, find, read, read_all

GOOD = """\
monitor: shuttle
source:
  database: env:DATABASE_URL
  table: readings
  key: [reading_id]
  time: recorded_at
expectations:
  - expect_column_values_to_be_between:
      column: at
      min_value: 2024-01-01
  - {type: expect_table_row_count_to_be_between, min_value: 1, severity: warning}
"""


def refusal(path: Path, content: str | bytes) -> list[str]:
    """Return the lines of the error that the content earns, each without the path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(MonitorError) as error:
        read(path)
    return [line.removeprefix(f"{path}:") for line in error.value.what.splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shuttle.yaml"


def test_a_file_becomes_a_monitor_with_the_lines_of_its_expectations(file: Path) -> None:
    file.write_text(GOOD)
    monitor = read(file)
    between, row_count = monitor.expectations
    assert monitor.name == "shuttle"
    assert between.settings == {"column": "at", "min_value": date(2024, 1, 1)}
    assert row_count.settings == {"min_value": 1, "severity": "warning"}
    assert (between.line, row_count.line) == (8, 11)


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8-sig")
    assert read(file).name == "shuttle"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("table", "tabel", 4, "source.tabel: unknown key; did you mean table?"),
        ("table: readings", "table: no", 4, "arrived no (a truth value); expected text; put it in"),
        ("  time:", "  rate: 1\n  time:", 6, "source.rate: unknown key; expected under alarm"),
        ("  time: recorded_at", "", 2, "source.time: missing"),
        ("env:DATABASE_URL", "postgresql://a:hunter2@h/d", 3, "arrived 'postgresql://a:***@h/d'"),
        ("shuttle", "Shuttle", 1, "monitor: arrived 'Shuttle'; expected text that matches"),
        ("severity: warning", "a: [*b]", 11, "undefined alias"),
        ("min_value: 1", "a: &b [1], c: *b", 11, "expected the value itself"),
        (
            "min_value: 1",
            "a: .inf",
            11,
            "expectations[1].a: arrived .inf; expected a finite number",
        ),
        ("2024-01-01", "2024-13-01", 10, "arrived '2024-13-01'; expected a value that exists"),
        ("2024-01-01", "!!python/name:os.system", 10, "arrived with the tag"),
        ("2024-01-01", '"\\0"', 10, "a character that no database can store"),
        ("2024-01-01", "[" * 30 + "]" * 30, 10, "nested too deeply"),
        ("readings", "readings\n  table: more", 5, "source.table: given twice, first in line 4"),
        ("monitor", "on: 1\nmonitor", 1, "on: expected text as a key; put it in quotes"),
        (
            "monitor",
            "training_rows: clear\nmonitor",
            1,
            "expected 'unlabelled' or 'clean'; did you",
        ),
        ("monitor", "alarm: []\nmonitor", 1, "alarm: arrived a list; expected a mapping"),
        ("monitor", "training: {every: soon}\nmonitor", 1, "training.every: arrived 'soon'"),
        ("[reading_id]", "[reading_id", 6, "not YAML: while parsing a flow sequence"),
        ("monitor", "---\n---\nmonitor", 2, "not YAML: expected a single document"),
        ("monitor", '"a\\n://b:hunter2@c": 1\nmonitor', 1, "'a\\n://b:***@c': unknown key"),
        ("recorded_at", "recorded\x01at", 6, "not YAML: special characters are not allowed"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    file: Path, old: str, new: str, line: int, words: str
) -> None:
    found = [text for text in refusal(file, GOOD.replace(old, new, 1)) if words in text]
    assert [text.split(":")[0] for text in found] == [str(line)]
    assert "hunter2" not in found[0]


def test_all_mistakes_are_listed_at_once_in_the_order_of_the_lines(file: Path) -> None:
    content = GOOD.replace("shuttle", "7").replace("readings", "[]").replace("2024-01", "2024-99")
    assert [line.split(":")[:2] for line in refusal(file, content)] == [
        ["1", " monitor"],
        ["4", " source.table"],
        ["10", " expectations[0].expect_column_values_to_be_between.min_value"],
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "1: arrived nothing; expected a mapping"),
        ("- a\n", "1: arrived a list; expected a mapping"),
        ("# only this\n", "1: arrived nothing"),
        (b"monitor: a\n\xff\xfe\x00", "2: not text; expected YAML, saved as UTF-8"),
        ("[" * 5_000, "1: not YAML: nested too deeply"),
    ],
)
def test_what_is_no_monitor_file_at_all_is_one_error(
    file: Path, content: str | bytes, words: str
) -> None:
    (line,) = refusal(file, content)
    assert line.startswith(words)


def test_a_missing_file_and_directory_are_named(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match=r"gone\.yaml:1: .* No such file"):
        read(tmp_path / "gone.yaml")
    with pytest.raises(MonitorError, match="Is a directory"):
        read(tmp_path)
    with pytest.raises(MonitorError, match=r"There is no directory .*gone"):
        read_all(tmp_path / "gone")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "b.yaml").write_text(GOOD)
    (tmp_path / "a.yaml").write_text(GOOD.replace("shuttle", "claims"))
    return tmp_path


def test_a_directory_holds_monitors_by_name(directory: Path) -> None:
    (directory / "notes.txt").write_text("not a monitor")
    (directory / ".#b.yaml").symlink_to(directory / "an editor's lock")
    assert list(read_all(directory)) == ["claims", "shuttle"]
    assert find(directory, "shuttle") == read_all(directory)["shuttle"]


def test_the_mistakes_of_all_files_are_listed_at_once(directory: Path) -> None:
    (directory / "c.yaml").write_text("monitor: 1\n")
    (directory / "d.yaml").write_text(GOOD)
    with pytest.raises(MonitorError) as error:
        read_all(directory)
    assert f"{directory / 'c.yaml'}:1: monitor:" in error.value.what
    assert f"{directory / 'b.yaml'}:1 has it already" in error.value.what


def test_a_name_that_two_files_claim_is_refused(directory: Path) -> None:
    (directory / "c.yaml").write_text(GOOD)
    with pytest.raises(MonitorError, match=r"c\.yaml:1: monitor: arrived 'shuttle'"):
        find(directory, "shuttle")


def test_a_broken_file_does_not_keep_the_other_monitors_from_being_found(directory: Path) -> None:
    (directory / "c.yaml").write_text("monitor: [")
    assert find(directory, "shuttle").name == "shuttle"
    with pytest.raises(MonitorError, match=r"no name can be made out in .*c\.yaml"):
        find(directory, "other")


def test_an_unknown_name_lists_those_that_exist_and_suggests_the_nearest(directory: Path) -> None:
    with pytest.raises(MonitorError, match="named 'shutle'") as error:
        find(directory, "shutle")
    assert error.value.expected == "one of claims, shuttle"
    assert error.value.mend == "did you mean shuttle?"


words = st.sampled_from(
    [
        *["monitor", "source", "expectations", "type", "settings", "env:A", "!!int", "!!bool"],
        *[
            "0x_",
            "<<",
            "1:2",
            ".nan",
            "2024-13-45",
            '"\\U00110000"',
            "\n",
            "\n  ",
            "\t",
            "\0",
            "\x85",
        ],
        *"-:[]{},&*!?|>'\"#%=.0é",
    ]
)
cuts = st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), st.lists(words, max_size=4))
mutations = cuts.map(lambda cut: GOOD[: cut[0]] + " ".join(cut[2]) + GOOD[cut[0] + cut[1] :])
contents = st.one_of(
    st.binary(), st.one_of(st.lists(words).map(" ".join), mutations).map(str.encode)
)


def outcome(path: Path) -> Monitor | MonitorError:
    try:
        return read(path)
    except MonitorError as error:
        return error


@settings(max_examples=200, deadline=None)
@given(content=contents)
def test_any_content_is_a_monitor_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    result = outcome(path)
    if isinstance(result, Monitor):
        assert len(result.config_hash()) == 16
    else:
        assert all(line.startswith(f"{path}:") for line in result.what.splitlines())
