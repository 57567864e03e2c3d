"""A snapshot: the records a model was made of, kept as Parquet among its files.

Any reader of Parquet shows them. Each row is one of the source, as it was read, and says in
``nightflag part`` whether the model was trained on it or calibrated with it; of sequences also
those that records were only seen with are kept, with NULL there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nightflag.errors import ModelFileError
from nightflag.features import History, View
from nightflag.features.picture import Picture
from nightflag.models.model import Records

PREFIX = "snapshot-"
COLUMNS = f"{PREFIX}columns.arrow"
PART, ENTITY, MOMENT = "nightflag part", "nightflag entity", "nightflag moment"
USABLE, FIRST, KNOWN = "nightflag usable", "nightflag first", "nightflag known"
OLDER, NEWEST = "trained on", "held out"
VIEW = b"view"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The records a model was trained on, those held out, and the source's columns of then.

    Both parts are of one frame: one after the other in it, or a history's.
    """

    older: Records
    newest: Records
    columns: pa.Schema

    @property
    def parts(self) -> tuple[Records, Records]:
        """The records to train on, and those to calibrate with."""
        return self.older, self.newest

    def to_files(self, bytes_at_once: int = 2**27) -> dict[str, bytes]:
        """Everything to keep, as file contents by name; a file holds about so much of records."""
        table, view = _table(self.older, self.newest)
        at_once = max(1, table.num_rows * bytes_at_once // max(table.nbytes, 1))
        starts = range(0, table.num_rows, at_once)
        columns = self.columns.with_metadata({VIEW: json.dumps(view).encode()})
        parts = {
            f"{PREFIX}{number:04}.parquet": _parquet(table.slice(start, at_once))
            for number, start in enumerate(starts)
        }
        return {COLUMNS: columns.serialize().to_pybytes(), **parts}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Snapshot":
        """The snapshot that ``to_files`` wrote; :class:`ModelFileError` for anything else."""
        try:
            columns = pa.ipc.read_schema(pa.BufferReader(files[COLUMNS]))
            view = json.loads(columns.metadata[VIEW])
            names = sorted(name for name in files if name.endswith(".parquet"))
            table = pa.concat_tables(pq.read_table(BytesIO(files[name])) for name in names)
        except (KeyError, ValueError) as error:
            raise ModelFileError(
                f"The records the model was made of cannot be read: {error}",
                expected=f"{COLUMNS} and the Parquet files beside it, as training wrote them",
                mend=f"delete the model's {PREFIX}* files: it is made again from the source then",
            ) from None
        older, newest = _history(table, View(**view)) if view else _frames(table)
        return cls(older, newest, columns.remove_metadata())


def is_part(name: str) -> bool:
    """Whether a model's file of this name belongs to a snapshot."""
    return name.startswith(PREFIX)


def _table(older: Records, newest: Records) -> tuple[pa.Table, dict[str, Any] | None]:
    """All rows with what became of each, and the view of a history."""
    if isinstance(older, History) and isinstance(newest, History):
        told = _told(older, newest)
        return _with(older.frame, told), older.view.model_dump()
    if isinstance(older, pd.DataFrame) and isinstance(newest, pd.DataFrame):
        parts = [OLDER] * len(older) + [NEWEST] * len(newest)
        return _with(pd.concat([older, newest]), {PART: pa.array(parts)}), None
    raise TypeError(f"{type(older).__name__} and {type(newest).__name__} do not go together.")


def _told(older: History, newest: History) -> dict[str, pa.Array]:
    """What a history says of each row of its frame."""
    parts = np.full(len(older.frame), None, dtype=object)
    first, known = np.zeros((2, len(parts)), np.int64)
    for part, name in ((older, OLDER), (newest, NEWEST)):
        parts[part.own], first[part.own], known[part.own] = name, part.first, part.known
    return {
        PART: pa.array(parts, pa.string()),
        ENTITY: pa.array(older.entities, pa.string()).take(pa.array(older.series)),
        MOMENT: pa.array(older.moments),
        USABLE: pa.array(older.usable),
        FIRST: pa.array(first),
        KNOWN: pa.array(known),
    }


def _with(frame: pd.DataFrame, told: Mapping[str, pa.Array]) -> pa.Table:
    table = pa.Table.from_pandas(frame.assign(**dict(_drawn(frame))), preserve_index=False)
    for name, values in told.items():
        table = table.append_column(name, values)
    return table


def _drawn(frame: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """The columns of pictures, as mappings."""
    for name in frame.columns:
        if len(frame) and isinstance(frame[name].iloc[0], Picture):
            yield name, frame[name].map(asdict)


def _parquet(table: pa.Table) -> bytes:
    written = BytesIO()
    pq.write_table(table, written, compression="zstd")
    return written.getvalue()


def _frames(table: pa.Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    older = table.column(PART).to_pylist().count(OLDER)
    frame = _read(table)
    return frame.iloc[:older], frame.iloc[older:]


def _history(table: pa.Table, view: View) -> tuple[History, History]:
    told = {name: table.column(name).to_numpy() for name in (ENTITY, MOMENT, USABLE, FIRST, KNOWN)}
    changed = np.append(True, told[ENTITY][1:] != told[ENTITY][:-1])
    part = np.asarray(table.column(PART).to_numpy(), dtype=object)
    own = np.flatnonzero(part == OLDER)
    older = History(
        view,
        _read(table),
        tuple(told[ENTITY][changed].tolist()),
        np.cumsum(changed) - 1,
        told[MOMENT],
        told[USABLE],
        own,
        told[FIRST][own],
        told[KNOWN][own],
    )
    own = np.flatnonzero(part == NEWEST)
    return older, older.with_records(own, told[FIRST][own], told[KNOWN][own])


def _read(table: pa.Table) -> pd.DataFrame:
    """The frame, without what is told of its rows."""
    told = {PART, ENTITY, MOMENT, USABLE, FIRST, KNOWN}
    kept = table.drop_columns([name for name in table.column_names if name in told])
    frame: pd.DataFrame = kept.to_pandas(split_blocks=True)
    pictures = [one.name for one in kept.schema if pa.types.is_struct(one.type)]
    return frame.assign(**{name: frame[name].map(_picture) for name in pictures})


def _picture(told: Mapping[str, Any]) -> Picture:
    height, width, channels = told["shape"]
    before, beside = told["size"]
    return Picture(
        (int(height), int(width), int(channels)), told["pixels"], (int(before), int(beside))
    )
