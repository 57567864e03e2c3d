"""The records a model was made of come back from their files as they went in."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nightflag.errors import ModelFileError
from nightflag.features import History, View
from nightflag.features.picture import Picture
from nightflag.models import Snapshot
from nightflag.provenance import digest

ROWS = {
    "number": pa.array([1, None, 3, 4], pa.int64()),
    "amount": pa.array([0.1, float("nan"), None, -1e300], pa.float64()),
    "paid": pa.array([True, None, False, True], pa.bool_()),
    "day": pa.array([0, None, 1, 20_000], pa.date32()),
    "moment": pa.array([0, 1, None, 2**52], pa.timestamp("us")),
    "instant": pa.array([0, 1, None, -1], pa.timestamp("us", "UTC")),
    "content": pa.array([b"", b"\x00\xff", None, b"x"], pa.binary()),
    "words": pa.array(["", "z\u00fc\U0001f600", None, "x"], pa.string()),
    "nothing": pa.array([None] * 4, pa.bool_()),
}
TABLE = pa.table(ROWS)
FRAME = TABLE.to_pandas()


def returned(kept: Snapshot) -> Snapshot:
    return Snapshot.from_files(kept.to_files())


def same(one: History, other: History) -> bool:
    """Whether two histories are alike in all but what their frame holds."""
    names = ("series", "moments", "usable", "own", "first", "known")
    arrays = [(getattr(one, name), getattr(other, name)) for name in names]
    alike = all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in arrays)
    return alike and (one.view, one.entities) == (other.view, other.entities)


def test_records_of_every_type_come_back_in_their_parts() -> None:
    found = returned(Snapshot(FRAME.iloc[:3], FRAME.iloc[3:], TABLE.schema))
    pd.testing.assert_frame_equal(found.older, FRAME.iloc[:3])
    pd.testing.assert_frame_equal(found.newest, FRAME.iloc[3:])
    assert found.columns == TABLE.schema
    assert digest(found.parts, ROWS) == digest((FRAME.iloc[:3], FRAME.iloc[3:]), ROWS)


def test_records_come_back_from_as_many_files_as_it_takes() -> None:
    files = Snapshot(FRAME.iloc[:3], FRAME.iloc[3:], TABLE.schema).to_files(TABLE.nbytes // 3)
    assert len(files) > 2
    pd.testing.assert_frame_equal(Snapshot.from_files(files).older, FRAME.iloc[:3])


def test_a_history_comes_back_with_what_each_record_is_seen_with() -> None:
    view = View(entity=("shop", "till"), length=3, gap=60.0, departure=1.5, learning=7)
    moments = np.array([5, 5, 6, -1], "datetime64[us]")
    series, usable = np.array([0, 0, 0, 1]), np.array([True, False, True, True])
    own, first, known = np.array([1, 3]), np.array([0, 3]), np.array([1, 0])
    entities = ("north\x1f1", "\0")
    older = History(view, FRAME, entities, series, moments, usable, own, first, known)
    newest = older.with_records(*(np.array([at]) for at in (2, 1, 2)))
    found = returned(Snapshot(older, newest, TABLE.schema))
    assert isinstance(found.older, History)
    assert isinstance(found.newest, History)
    assert same(found.older, older)
    assert same(found.newest, newest)
    pd.testing.assert_frame_equal(found.older.frame, FRAME)


def test_pictures_come_back_as_they_were_read() -> None:
    pictures = [Picture((2, 1, 3), bytes(range(start, start + 6)), (40, 20)) for start in (0, 9)]
    frame = pd.DataFrame({"scan": pictures, "ward": ["north", "south"]})
    found = returned(Snapshot(frame.iloc[:1], frame.iloc[1:], TABLE.schema))
    assert [one["scan"].iloc[0] for one in found.parts] == pictures


def test_files_that_are_no_snapshot_are_refused() -> None:
    files = Snapshot(FRAME.iloc[:3], FRAME.iloc[3:], TABLE.schema).to_files()
    for name in files:
        with pytest.raises(ModelFileError, match="cannot be read") as refusal:
            Snapshot.from_files({**files, name: b"nothing of the kind"})
        assert "snapshot-*" in refusal.value.mend
