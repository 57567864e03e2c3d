"""A model's directory: named files, and a manifest, written last, that vouches for each of them."""

import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightflag.errors import ModelFileError

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 20
LARGEST_FILE = 1 << 30
MEND = "Train a new version with `nightflag retrain MONITOR`, or roll back to an earlier one."


class FileEntry(BaseModel):
    """What the manifest says of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="hex digest of the content")
    size: int = Field(ge=0, le=LARGEST_FILE, description="bytes")


class Manifest(BaseModel):
    """What a model directory must hold, no more and no less."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, FileEntry] = Field(description="every file but the manifest, by name")
    about: dict[str, Any] = Field(description="what the writer says of the model")


def write(directory: Path, files: Mapping[str, bytes], about: Mapping[str, Any]) -> str:
    """The manifest's sha256, once ``files`` and their manifest stand in ``directory``.

    Written beside, flushed to disk, then renamed into place: after a crash there is the whole
    directory or none of that name. A directory that was there is replaced. ``about`` must be JSON.
    Raises ModelFileError for names that are not plain and when the disk refuses.
    """
    manifest = _manifest(files, about)
    if os.path.lexists(directory):
        _refuse_non_directory(directory)
    beside = directory.with_name(f".{directory.name}.{secrets.token_hex(8)}")
    try:
        _write_beside(beside, {**files, MANIFEST: manifest})
        _put_in_place(beside, directory)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise ModelFileError(
            f"The model could not be written to {directory}: {error.strerror or error}.",
            expected="a folder that can be written to, with room for the model",
            mend="Free some space or correct the permissions of the models folder, then retry.",
        ) from error
    return hashlib.sha256(manifest).hexdigest()


def read(
    directory: Path, *, manifest_sha256: str | None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the writer said of the model, and each file's content by name.

    Each file is read once and checked before any byte is handed out: missing, extra, truncated,
    swollen, altered or linked files raise ModelFileError, and so does a manifest other than the
    one ``manifest_sha256`` names. None trusts the manifest found there, for a model that no
    registry knows.
    """
    _refuse_non_directory(directory)
    content = _read_file(directory / MANIFEST, LARGEST_MANIFEST)
    _compare_digest(directory / MANIFEST, content, manifest_sha256)
    manifest = _parse(directory / MANIFEST, content)
    _compare_names(directory, manifest)
    files = {name: _read_entry(directory / name, entry) for name, entry in manifest.files.items()}
    return manifest.about, files


def remove(path: Path) -> None:
    """Delete a model's directory, or a file that was left over, where it is still there.

    Raises ModelFileError when the disk refuses.
    """
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ModelFileError(
            f"{path} could not be deleted: {error.strerror or error}.",
            expected="a folder that can be written to",
            mend="correct the permissions; the next cleaning takes it up again",
        ) from error


def _manifest(files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    for name in files:
        _refuse_name(name)
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
    }
    document = {"about": dict(about), "files": entries}
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False).encode()


def _refuse_name(name: str) -> None:
    if not name or name == MANIFEST or name[0] == "." or name != Path(name).name or "\0" in name:
        raise ModelFileError(
            f"A model file cannot be called {name!r}.",
            expected=f"a plain file name, not hidden and not {MANIFEST}",
            mend="Give the file another name.",
        )


def _write_beside(beside: Path, files: Mapping[str, bytes]) -> None:
    beside.mkdir(parents=True)
    for name, content in files.items():
        with (beside / name).open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _flush_directory(beside)


def _put_in_place(beside: Path, directory: Path) -> None:
    replaced = beside.with_name(f"{beside.name}.replaced")
    if directory.exists():
        directory.rename(replaced)
    beside.rename(directory)
    _flush_directory(directory.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_non_directory(directory: Path) -> None:
    if directory.is_symlink() or not directory.is_dir():
        found = "a link" if directory.is_symlink() else "not a folder"
        raise ModelFileError(
            f"{directory} is {found if os.path.lexists(directory) else 'missing'}.",
            expected="the folder of a model",
            mend=MEND,
        )


def _compare_names(directory: Path, manifest: Manifest) -> None:
    found = {path.name for path in directory.iterdir()}
    stated = {*manifest.files, MANIFEST}
    if found != stated:
        missing, extra = sorted(stated - found), sorted(found - stated)
        raise ModelFileError(
            f"{directory} lacks {missing or 'nothing'} and has {extra or 'nothing'} too many.",
            expected=f"exactly the files of its manifest: {sorted(stated)}",
            mend=MEND,
        )


def _read_entry(path: Path, entry: FileEntry) -> bytes:
    content = _read_file(path, entry.size)
    if len(content) != entry.size:
        raise _differs(path, f"has {len(content)} bytes", f"{entry.size} bytes")
    _compare_digest(path, content, entry.sha256)
    return content


def _read_file(path: Path, largest: int) -> bytes:
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise _differs(path, "is a link or no plain file", "a plain file")
        if state.st_size > largest:
            raise _differs(path, f"has {state.st_size} bytes", f"at most {largest} bytes")
        with path.open("rb") as file:
            return file.read(largest + 1)
    except OSError as error:
        raise _differs(path, f"cannot be read: {error.strerror}", "a readable file") from error


def _compare_digest(path: Path, content: bytes, sha256: str | None) -> None:
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise _differs(path, f"has the sha256 {found}", f"the sha256 {sha256}")


def _parse(path: Path, content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        found = f"is not a manifest: {place} {first['msg']}"
        raise _differs(path, found, "the manifest of a model") from error


def _differs(path: Path, found: str, expected: str) -> ModelFileError:
    return ModelFileError(f"{path} {found}.", expected=expected, mend=MEND)
