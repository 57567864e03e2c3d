"""The registry: which models there are, which one is champion, and the hash that vouches for it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row

from nightflag.databases import Database
from nightflag.errors import ModelFileError, TrainingRefused
from nightflag.failpoints import reached
from nightflag.locks import Lock, keep
from nightflag.models import files
from nightflag.models.model import Model
from nightflag.models.snapshot import Snapshot, is_part
from nightflag.queries import run
from nightflag.storage import Place, listed

Status = Literal["champion", "challenger", "retired", "refused"]


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
    """A row of ``nightflag_models``; ``decision`` says why it has its status.

    Its files were deleted at ``cleaned_at``, if they were.
    """

    monitor: str
    version: int
    status: Status
    training: Training
    manifest_sha256: str
    about: dict[str, Any]
    decision: str | None = None
    cleaned_at: datetime | None = None

    @property
    def is_champion(self) -> bool:
        """Whether this is the model in use."""
        return self.status == "champion"


def register(
    results: Database,
    monitor: str,
    model: Model,
    training: Training,
    *,
    folder: Place,
    lock: Lock | None = None,
    status: Status = "champion",
    decision: str = "the first model",
    snapshot: Snapshot | None = None,
) -> Entry:
    """The new model: its files in place first, then its row, in one transaction.

    The ``snapshot`` of the records it was made of is kept among its files.
    A champion takes the place of the present one. A crash in between leaves a folder that no row
    names; the next training replaces it. Raises :class:`TrainingRefused` where the ``lock`` on the
    monitor's training went to somebody else, who may be writing the same version; None is for
    those who are alone in their database.
    """
    about = {"monitor": monitor, **dict(model.detector.about)}
    contents = {**model.to_files(), **(snapshot.to_files() if snapshot else {})}
    with results.writing() as connection:
        if lock is not None and not keep(connection, lock, datetime.now(UTC)):
            raise _replaced(lock)
        version = int(run(connection, "next_version", monitor=monitor).scalar_one())
        digest = files.write(directory(folder, monitor, version), contents, about)
        reached("model written")
        if status == "champion":
            run(connection, "retire_champion", monitor=monitor)
        run(
            connection,
            "register_model",
            monitor=monitor,
            version=version,
            status=status,
            decision=decision,
            manifest_sha256=digest,
            about=json.dumps(about),
            **asdict(training),
        )
        if status == "champion":
            _write_down(connection, monitor, version, training.as_of, decision, training.trained_at)
    reached("model registered")
    return Entry(monitor, version, status, training, digest, about, decision)


def _replaced(lock: Lock) -> TrainingRefused:
    return TrainingRefused(
        f"This run lost its lock on the {lock.name} before it had its model.",
        expected="the lock to be held until the model is registered",
        mend="another run took over: see `nightflag models`, and retrain if that one did not",
    )


def promote(
    results: Database, monitor: str, version: int, *, as_of: datetime, why: str, now: datetime
) -> Entry:
    """The model of that version, made champion for the logical dates from ``as_of`` on.

    Its calibration is part of it. Raises :class:`ModelFileError` for a version that is not there.
    """
    with results.writing() as connection:
        if run(connection, "model", monitor=monitor, version=version).one_or_none() is None:
            raise _unknown(monitor, version)
        run(connection, "retire_champion", monitor=monitor)
        run(connection, "crown", monitor=monitor, version=version, decision=why)
        _write_down(connection, monitor, version, as_of, why, now)
        row = run(connection, "model", monitor=monitor, version=version).one()
    return of_row(row)


def _write_down(
    connection: Connection, monitor: str, version: int, as_of: datetime, why: str, now: datetime
) -> None:
    promotion = {"version": version, "as_of": as_of, "why": why, "promoted_at": now}
    run(connection, "record_promotion", monitor=monitor, **promotion)
    reached("promoted")


def champion(results: Database, monitor: str) -> Entry | None:
    """The model in use, if the monitor has one."""
    with results.reading() as connection:
        row = run(connection, "champion", monitor=monitor).one_or_none()
    return None if row is None else of_row(row)


def champion_at(results: Database, monitor: str, as_of: datetime) -> Entry | None:
    """The model that was in use at that logical date; before the first one, the first."""
    with results.reading() as connection:
        row = run(connection, "champion_at", monitor=monitor, as_of=as_of).one_or_none()
    return None if row is None else of_row(row)


def champion_before(results: Database, monitor: str) -> int | None:
    """The version that was in use before the present champion, if one was."""
    with results.reading() as connection:
        row = run(connection, "champion_before", monitor=monitor).one_or_none()
    return None if row is None else int(row.version)


def of_version(results: Database, monitor: str, version: int) -> Entry:
    """The model of that version; :class:`ModelFileError` where there is none."""
    with results.reading() as connection:
        row = run(connection, "model", monitor=monitor, version=version).one_or_none()
    if row is None:
        raise _unknown(monitor, version)
    return of_row(row)


def _unknown(monitor: str, version: int) -> ModelFileError:
    return ModelFileError(
        f"{monitor} has no model {version}.",
        expected="the version of one of its models",
        mend=f"`nightflag models {monitor}` lists them",
    )


def latest(results: Database, monitor: str, *, limit: int) -> list[Entry]:
    """The newest models, newest first."""
    with results.reading() as connection:
        rows = run(connection, "models_of_monitor", monitor=monitor, limit=limit).all()
    return [of_row(row) for row in rows]


def load(entry: Entry, *, folder: Place) -> Model:
    """The model of this row, checked byte for byte; :class:`ModelFileError` if it is another."""
    return Model.from_files(_contents(entry, folder, lambda name: not is_part(name)))


def snapshot_of(entry: Entry, *, folder: Place) -> Snapshot | None:
    """The records that the model of this row was made of, checked like it, where they are kept."""
    where = directory(folder, entry.monitor, entry.version)
    if not any(is_part(path.name) for path in listed(where)):
        return None
    return Snapshot.from_files(_contents(entry, folder, is_part))


def _contents(entry: Entry, folder: Place, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    if entry.cleaned_at is not None:
        raise _cleaned(entry, entry.cleaned_at)
    where = directory(folder, entry.monitor, entry.version)
    return files.read(where, manifest_sha256=entry.manifest_sha256, wanted=wanted)[1]


def _cleaned(entry: Entry, cleaned_at: datetime) -> ModelFileError:
    return ModelFileError(
        f"The files of model {entry.version} of {entry.monitor} were deleted at "
        f"{cleaned_at:%Y-%m-%d %H:%M} UTC, as `keep: {{models: ...}}` says.",
        expected="a model that is still kept",
        mend=f"name another one; `nightflag models {entry.monitor}` lists them",
    )


def directory(folder: Place, monitor: str, version: int) -> Place:
    """Where the files of this version lie."""
    return folder / monitor / str(version)


def of_row(row: Row[Any]) -> Entry:
    """The model in a row of ``nightflag_models``."""
    values = row._mapping
    training = Training(**{name: values[name] for name in Training.__dataclass_fields__})
    return Entry(
        row.monitor,
        row.version,
        row.status,
        training,
        row.manifest_sha256,
        json.loads(row.about),
        row.decision,
        values.get("cleaned_at"),
    )
