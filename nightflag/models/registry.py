"""The registry: which models there are, which one is champion, and the hash that vouches for it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from nightflag.databases import Database
from nightflag.failpoints import reached
from nightflag.models import files
from nightflag.models.model import Model
from nightflag.queries import run


@dataclass(frozen=True)
class Training:
    """On what, when and why a model was trained; a part of its registry row."""

    as_of: datetime
    reason: str
    detector: str
    training_start: datetime | None
    training_end: datetime
    training_records: int
    calibration_records: int
    config_hash: str
    trained_at: datetime


@dataclass(frozen=True)
class Entry:
    """A row of ``nightflag_models``."""

    monitor: str
    version: int
    status: str
    training: Training
    manifest_sha256: str
    about: dict[str, Any]


def register(
    results: Database, monitor: str, model: Model, training: Training, *, folder: Path
) -> Entry:
    """The new champion: its files in place first, then its row, in one transaction.

    A crash in between leaves a folder that no row names; the next training replaces it.
    """
    about = {"monitor": monitor, **dict(model.detector.about)}
    with results.writing() as connection:
        version = int(run(connection, "next_version", monitor=monitor).scalar_one())
        digest = files.write(directory(folder, monitor, version), model.to_files(), about)
        reached("model written")
        run(connection, "retire_champion", monitor=monitor)
        run(
            connection,
            "register_champion",
            monitor=monitor,
            version=version,
            manifest_sha256=digest,
            about=json.dumps(about),
            **asdict(training),
        )
    reached("model registered")
    return Entry(monitor, version, "champion", training, digest, about)


def champion(results: Database, monitor: str) -> Entry | None:
    """The model in use, if the monitor has one."""
    with results.reading() as connection:
        row = run(connection, "champion", monitor=monitor).one_or_none()
    return None if row is None else _entry(row)


def latest(results: Database, monitor: str, *, limit: int) -> list[Entry]:
    """The newest models, newest first."""
    with results.reading() as connection:
        rows = run(connection, "models_of_monitor", monitor=monitor, limit=limit).all()
    return [_entry(row) for row in rows]


def load(entry: Entry, *, folder: Path) -> Model:
    """The model of this row, checked byte for byte; :class:`ModelFileError` if it is another."""
    where = directory(folder, entry.monitor, entry.version)
    _, contents = files.read(where, manifest_sha256=entry.manifest_sha256)
    return Model.from_files(contents)


def directory(folder: Path, monitor: str, version: int) -> Path:
    """Where the files of this version lie."""
    return folder / monitor / str(version)


def _entry(row: Row[Any]) -> Entry:
    values = row._mapping
    training = Training(**{name: values[name] for name in Training.__dataclass_fields__})
    about = json.loads(row.about)
    return Entry(row.monitor, row.version, row.status, training, row.manifest_sha256, about)
