"""A CSV file of verdicts: every line is right, or the file is refused with the first wrong one."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nightflag.errors import VerdictRefused
from nightflag.results.keys import BETWEEN
from nightflag.verdicts.giving import WORDS, Verdict

Line = Mapping[str, str | None]


def read(path: Path, key: Sequence[str]) -> list[Verdict]:
    """The verdicts of a CSV file (UTF-8, with a heading), in the order of its lines.

    Columns: ``verdict``; ``key``, or else the source's ``key`` columns; ``note`` and ``given_by``
    where there are any. Other columns do not matter, so an export of the flags with a column more
    will do; lines without a verdict are not judged yet and are left out. Raises
    :class:`VerdictRefused` with the number of the line that is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            return list(_verdicts(path, reader, key))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise VerdictRefused(
            f"{path} cannot be read: {error}",
            expected="a CSV file in UTF-8 with a line of headings",
            mend="correct the path or the file, and give the command again",
        ) from error


def _verdicts(path: Path, reader: "csv.DictReader[str]", key: Sequence[str]) -> Iterator[Verdict]:
    headings = reader.fieldnames or ()
    parts = ("key",) if "key" in headings else tuple(key)
    missing = [name for name in (*parts, "verdict") if name not in headings]
    if missing:
        raise _wrong(path, 1, f"has no column {', '.join(missing)}")
    seen: dict[str, int] = {}
    for line in reader:
        one = _verdict(path, reader.line_num, line, parts)
        if one is None:
            continue
        if one.key in seen:
            what = f"judges {one.key!r} again, after line {seen[one.key]}"
            raise _wrong(path, reader.line_num, what)
        seen[one.key] = reader.line_num
        yield one


def _verdict(path: Path, number: int, line: Line, parts: Sequence[str]) -> Verdict | None:
    if None in line:  # where csv keeps what lies beyond the headings
        raise _wrong(path, number, "has more cells than headings")
    word = (line["verdict"] or "").strip().lower()
    if not word:
        return None
    if word not in WORDS:
        raise _wrong(path, number, f"has the verdict {line['verdict']!r}")
    cells = [line[name] or "" for name in parts]
    if not all(cells):
        raise _wrong(path, number, f"has no {', '.join(parts)}")
    return Verdict(
        BETWEEN.join(cells), word, line.get("note") or None, line.get("given_by") or None
    )


def _wrong(path: Path, number: int, what: str) -> VerdictRefused:
    return VerdictRefused(
        f"Line {number} of {path} {what}.",
        expected=f"a key and a verdict, {' or '.join(WORDS)}, on each line, and each key once",
        mend="correct that line and give the command again; nothing was written",
    )
