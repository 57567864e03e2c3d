"""Storage: where models are kept, a folder of this machine or a place behind an fsspec URL.

A place is a :class:`pathlib.Path`, or a :class:`upath.UPath`, which behaves like one, on an object
store. What the libraries behind a protocol raise becomes OSError here, or an error of ours.
"""

import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from nightflag.errors import SettingsError, StorageUnreachable
from nightflag.monitors.references import redact

if TYPE_CHECKING:
    from upath import UPath

Place: TypeAlias = Union[Path, "UPath"]

EXAMPLE = "a folder, or an fsspec URL such as s3://bucket/models"
FOREIGN_ERRORS = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
)
"""What is no OSError although it tells of the network or the login: the module and the class."""


def place_of(text: str) -> Place:
    """The place that a path or a URL names; ``file://`` names a folder of this machine.

    Raises :class:`SettingsError` for a protocol that fsspec does not know or whose package is
    missing.
    """
    if "://" not in text:
        return Path(text).absolute()
    from upath import UPath

    try:
        # A listing of then would not know what other machines wrote since.
        place = UPath(text, use_listings_cache=False)
        is_local = isinstance(place, Path) or place.protocol in ("file", "local")
        return Path(place.path) if is_local else _with_filesystem(place)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"Models cannot be kept at {redact(text)}: {error}.",
            expected=EXAMPLE,
            mend="install the package that the protocol needs (s3fs for s3://, gcsfs for gs://, "
            "adlfs for az://) beside nightflag, or correct NIGHTFLAG_MODELS",
        ) from None


def _with_filesystem(place: "UPath") -> "UPath":
    """The place, once its protocol's package is there."""
    _ = place.fs
    return place


@contextmanager
def answering(place: Place) -> Iterator[None]:
    """Raise :class:`StorageUnreachable` where a remote place does not answer, or lets nobody in.

    That a file is missing stays FileNotFoundError, and whatever a folder of this machine raises
    stays as it is.
    """
    if isinstance(place, Path):
        yield
        return
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except _errors_of_protocols() as error:
        raise StorageUnreachable(
            f"{redact(str(place))} does not answer, or lets nobody in: {redact(str(error))}",
            expected="a place that this login may read and write",
            mend="correct the login in the environment (for S3 the AWS_... variables), the "
            "permissions or NIGHTFLAG_MODELS, or wait: what was published is not touched",
        ) from None


def _errors_of_protocols() -> tuple[type[Exception], ...]:
    """OSError and those of :data:`FOREIGN_ERRORS` whose modules are loaded: no other is raised."""
    loaded = ((sys.modules.get(module), name) for module, name in FOREIGN_ERRORS)
    return OSError, *(getattr(module, name) for module, name in loaded if module is not None)


def is_there(place: Place) -> bool:
    """Whether there is a folder; on an object store, anything under that name."""
    with answering(place):
        return place.is_dir()


def is_link(place: Place) -> bool:
    """Whether it is a link; on an object store there are none."""
    return isinstance(place, Path) and place.is_symlink()


def is_taken(place: Place) -> bool:
    """Whether there is anything of that name, be it a link that leads nowhere."""
    with answering(place):
        return is_link(place) or place.exists()


def listed(folder: Place) -> list[Place]:
    """What lies in the folder, by name; nothing where there is no such folder."""
    if not is_there(folder):
        return []
    with answering(folder):
        return sorted(folder.iterdir(), key=lambda one: one.name)


def size(place: Place) -> int:
    """The bytes of a file, or of all files in a folder."""
    with answering(place):
        return sum(one.stat().st_size for one in _files(place))


def written_at(place: Place) -> datetime:
    """When a file, or the newest in a folder, was written."""
    if isinstance(place, Path):
        return datetime.fromtimestamp(place.lstat().st_mtime, UTC)
    with answering(place):
        found = place.rglob("*") if place.is_dir() else [place]
        moments = [one.fs.modified(one.path) for one in found if one.is_file()]
    return max(moments, default=datetime.fromtimestamp(0, UTC))


def plain_size(file: Place) -> int | None:
    """The bytes of a plain file; None for a link or anything else that is there."""
    with answering(file):
        state = file.lstat() if isinstance(file, Path) else file.stat()
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def content(file: Place, most: int) -> bytes:
    """The file's content, at most so many bytes of it."""
    with answering(file), file.open("rb") as opened:
        return bytes(opened.read(most))


def put(folder: Place, files: Mapping[str, bytes]) -> None:
    """Let the folder hold these files and no others.

    On this machine they are written beside, flushed to disk and renamed into place: after a crash
    there is the whole folder or none of that name. Elsewhere they are written one by one in their
    order, the last one last: a folder without that one is not finished.
    """
    if isinstance(folder, Path):
        _put_beside_and_rename(folder, files)
        return
    remove(folder)
    with answering(folder):
        for name, written in files.items():
            (folder / name).write_bytes(written)


def trouble_with(place: "UPath", *, write: bool) -> str:
    """Why nothing can be kept there, '' where it can; with ``write`` a file is made and deleted."""
    try:
        with answering(place):
            if place.drive and not place.fs.exists(place.drive):
                return f"there is no {place.drive}, or this login may not look into it"
            if write:
                probe = place / f".nightflag-{secrets.token_hex(8)}"
                probe.write_bytes(b"nightflag was here")
                probe.unlink()
    except (OSError, StorageUnreachable) as error:
        return str(error).splitlines()[0]
    return ""


def remove(place: Place) -> None:
    """Delete a folder with all in it, or a file, where it is still there."""
    with answering(place):
        if not isinstance(place, Path):
            if place.exists():
                place.fs.rm(place.path, recursive=True)
        elif place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def _files(place: Place) -> list[Place]:
    if place.is_dir():
        return [one for one in place.rglob("*") if one.is_file()]
    return [place] if place.is_file() else []


def _put_beside_and_rename(folder: Path, files: Mapping[str, bytes]) -> None:
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    try:
        _write(beside, files)
        _put_in_place(beside, folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, written in files.items():
        with (folder / name).open("xb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
    _flush(folder)


def _put_in_place(beside: Path, folder: Path) -> None:
    replaced = beside.with_name(f"{beside.name}.replaced")
    if folder.exists():
        folder.rename(replaced)
    beside.rename(folder)
    _flush(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
