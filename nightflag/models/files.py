"""A model's directory: named files, and a manifest, written last, that vouches for each of them."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightflag import storage
from nightflag.errors import ModelFileError
from nightflag.storage import Place, content, is_link, is_taken, is_there, listed, plain_size, put

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


def write(directory: Place, files: Mapping[str, bytes], about: Mapping[str, Any]) -> str:
    """The manifest's sha256, once ``files`` and their manifest stand in ``directory``.

    On this machine after a crash there is the whole directory or none of that name; elsewhere the
    manifest is written last. A directory that was there is replaced. ``about`` must be JSON.
    Raises ModelFileError for names that are not plain and when the disk refuses.
    """
    manifest = _manifest(files, about)
    try:
        if is_taken(directory):
            _refuse_non_directory(directory)
        put(directory, {**files, MANIFEST: manifest})
    except OSError as error:
        raise ModelFileError(
            f"The model could not be written to {directory}: {error.strerror or error}.",
            expected="a folder that can be written to, with room for the model",
            mend="Free some space or correct the permissions of the models folder, then retry.",
        ) from error
    return hashlib.sha256(manifest).hexdigest()


def read(
    directory: Place,
    *,
    manifest_sha256: str | None,
    wanted: Callable[[str], bool] = lambda _name: True,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the writer said of the model, and each ``wanted`` file's content by name.

    Each is read once and checked before any byte is handed out: missing, extra, truncated,
    swollen, altered or linked files raise ModelFileError, and so does a manifest other than the
    one ``manifest_sha256`` names. None trusts the manifest found there, for a model that no
    registry knows. A file that is not wanted may be missing.
    """
    _refuse_non_directory(directory)
    content = _read_file(directory / MANIFEST, LARGEST_MANIFEST)
    _compare_digest(directory / MANIFEST, content, manifest_sha256)
    manifest = _parse(directory / MANIFEST, content)
    asked = {name: entry for name, entry in manifest.files.items() if wanted(name)}
    _compare_names(directory, manifest, asked)
    return manifest.about, {name: _read_entry(directory / name, one) for name, one in asked.items()}


def remove(path: Place) -> None:
    """Delete a model's directory, or a file that was left over, where it is still there.

    Raises ModelFileError when the disk refuses.
    """
    try:
        storage.remove(path)
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


def _refuse_non_directory(directory: Place) -> None:
    if is_link(directory) or not is_there(directory):
        known = "a link" if is_link(directory) else "not a folder"
        found = known if is_taken(directory) else "missing"
        raise ModelFileError(
            f"{directory} is {found}.", expected="the folder of a model", mend=MEND
        )


def _compare_names(directory: Place, manifest: Manifest, asked: Iterable[str]) -> None:
    found = {path.name for path in listed(directory)}
    stated = {*manifest.files, MANIFEST}
    missing, extra = sorted({*asked, MANIFEST} - found), sorted(found - stated)
    if missing or extra:
        raise ModelFileError(
            f"{directory} lacks {missing or 'nothing'} and has {extra or 'nothing'} too many.",
            expected=f"exactly the files of its manifest: {sorted(stated)}",
            mend=MEND,
        )


def _read_entry(path: Place, entry: FileEntry) -> bytes:
    content = _read_file(path, entry.size)
    if len(content) != entry.size:
        raise _differs(path, f"has {len(content)} bytes", f"{entry.size} bytes")
    _compare_digest(path, content, entry.sha256)
    return content


def _read_file(path: Place, largest: int) -> bytes:
    try:
        size = plain_size(path)
        if size is None:
            raise _differs(path, "is a link or no plain file", "a plain file")
        if size > largest:
            raise _differs(path, f"has {size} bytes", f"at most {largest} bytes")
        return content(path, largest + 1)
    except OSError as error:
        found = f"cannot be read: {error.strerror or error}"
        raise _differs(path, found, "a readable file") from error


def _compare_digest(path: Place, content: bytes, sha256: str | None) -> None:
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise _differs(path, f"has the sha256 {found}", f"the sha256 {sha256}")


def _parse(path: Place, content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        found = f"is not a manifest: {place} {first['msg']}"
        raise _differs(path, found, "the manifest of a model") from error


def _differs(path: Place, found: str, expected: str) -> ModelFileError:
    return ModelFileError(f"{path} {found}.", expected=expected, mend=MEND)
