"""A file of verdicts is right in every line, or is refused with the first line that is not."""

import pytest

from nightflag.errors import VerdictRefused
from nightflag.verdicts import Verdict
from nightflag.verdicts.file import read


@pytest.fixture
def file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "verdicts.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write


def test_keys_verdicts_and_notes_are_read(file):
    path = file('key,verdict,note\n7,anomaly,\n8, Normal ,"the till, tested"\n')
    assert read(path, ("id",)) == [
        Verdict("7", "anomaly"),
        Verdict("8", "normal", "the till, tested"),
    ]


def test_the_sources_key_columns_serve_as_well(file):
    path = file("shop,day,amount,verdict\nbaker,2026-01-01,9,normal\n", encoding="utf-8-sig")
    assert read(path, ("shop", "day")) == [Verdict("baker | 2026-01-01", "normal")]


def test_what_is_not_judged_yet_is_left_out(file):
    assert read(file("key,verdict\n7,\n8,anomaly\n"), ("id",)) == [Verdict("8", "anomaly")]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("key,verdict\n7,anomaly\n8,fraud\n", r"Line 3 .* has the verdict 'fraud'"),
        ("key,verdict\n,anomaly\n", "Line 2 .* has no key"),
        ("key,verdict\n7,anomaly\n8,normal\n7,normal\n", "Line 4 .* judges '7' again, after li"),
        ("key,note\n7,odd\n", "Line 1 .* has no column verdict"),
        ("number,verdict\n7,normal\n", "Line 1 .* has no column id"),
        ("key,verdict\n7,normal,why,so\n", "Line 2 .* has more cells than headings"),
        ('key,verdict\n7,"normal\n', "cannot be read"),
        ("", "Line 1 .* has no column id, verdict"),
    ],
)
def test_a_wrong_line_is_named(file, text, what):
    with pytest.raises(VerdictRefused, match=what) as raised:
        read(file(text), ("id",))
    assert raised.value.mend


def test_a_file_that_is_not_there_or_no_text_is_refused(file, tmp_path):
    with pytest.raises(VerdictRefused, match=r"none\.csv cannot be read"):
        read(tmp_path / "none.csv", ("id",))
    with pytest.raises(VerdictRefused, match="cannot be read"):
        read(file("key,verdict\nM\xfcller,normal\n", encoding="latin-1"), ("id",))
