import hashlib
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.errors import ModelFileError
from nightflag.models import files

MODEL = {"graph.onnx": b"\x08graph" * 100, "detector.json": b"{}", "empty.npy": b""}


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "models" / "card-7"


@pytest.fixture
def sha256(directory):
    return files.write(directory, MODEL, {"monitor": "cards"})


def test_what_was_written_is_read(directory, sha256):
    assert files.read(directory, manifest_sha256=sha256) == ({"monitor": "cards"}, MODEL)
    assert files.read(directory, manifest_sha256=None) == ({"monitor": "cards"}, MODEL)


def test_the_sum_is_that_of_the_manifest_on_disk(directory, sha256):
    assert sha256 == hashlib.sha256((directory / "manifest.json").read_bytes()).hexdigest()


def test_the_same_model_has_the_same_sum(directory, sha256, tmp_path):
    backwards = dict(reversed(MODEL.items()))
    assert files.write(tmp_path / "again", backwards, {"monitor": "cards"}) == sha256


def test_nothing_is_left_beside_the_model(directory, sha256):
    assert list(directory.parent.iterdir()) == [directory]


def test_a_directory_that_was_there_is_replaced_whole(directory, sha256):
    again = files.write(directory, {"graph.onnx": b"new"}, {})
    assert files.read(directory, manifest_sha256=again) == ({}, {"graph.onnx": b"new"})
    assert list(directory.parent.iterdir()) == [directory]


def refused(directory, sha256, match):
    with pytest.raises(ModelFileError, match=match) as refusal:
        files.read(directory, manifest_sha256=sha256)
    assert "nightflag retrain MONITOR" in refusal.value.mend
    assert refusal.value.expected


@settings(deadline=None, max_examples=25)
@given(position=st.integers(0, 599), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused(tmp_path_factory, position, bit):
    directory = tmp_path_factory.getbasetemp() / "flipped"
    sha256 = files.write(directory, MODEL, {})
    content = bytearray(MODEL["graph.onnx"])
    content[position] ^= 1 << bit
    (directory / "graph.onnx").write_bytes(content)
    refused(directory, sha256, "graph.onnx has the sha256")


def test_a_missing_file_is_refused(directory, sha256):
    (directory / "graph.onnx").unlink()
    refused(directory, sha256, r"lacks \['graph.onnx'\]")


def test_an_extra_file_is_refused(directory, sha256):
    (directory / ".hidden").write_bytes(b"")
    refused(directory, sha256, r"has \['.hidden'\] too many")


def test_a_truncated_file_is_refused(directory, sha256):
    os.truncate(directory / "graph.onnx", 10)
    refused(directory, sha256, "has 10 bytes")


def test_a_huge_file_is_refused_by_its_size_unread(directory, sha256):
    os.truncate(directory / "graph.onnx", 1 << 40)
    refused(directory, sha256, f"has {1 << 40} bytes")


def test_a_link_in_place_of_a_file_is_refused(directory, sha256, tmp_path):
    (tmp_path / "same").write_bytes(MODEL["graph.onnx"])
    (directory / "graph.onnx").unlink()
    (directory / "graph.onnx").symlink_to(tmp_path / "same")
    refused(directory, sha256, "graph.onnx is a link")


def test_a_folder_or_a_pipe_in_place_of_a_file_is_refused(directory, sha256):
    for replace in (os.mkdir, os.mkfifo):
        (directory / "empty.npy").unlink()
        replace(directory / "empty.npy")
        refused(directory, sha256, "no plain file")
        if replace is os.mkdir:
            (directory / "empty.npy").rmdir()
            (directory / "empty.npy").touch()


def test_a_link_in_place_of_the_directory_is_refused(directory, sha256, tmp_path):
    (tmp_path / "link").symlink_to(directory)
    refused(tmp_path / "link", sha256, "is a link")


def test_a_directory_that_is_missing_or_a_file_is_refused(tmp_path):
    refused(tmp_path / "nowhere", None, "is missing")
    (tmp_path / "file").touch()
    refused(tmp_path / "file", None, "is not a folder")


def test_a_manifest_the_registry_does_not_know_is_refused(directory, sha256):
    files.write(directory, MODEL | {"graph.onnx": b"evil"}, {"monitor": "cards"})
    refused(directory, sha256, "manifest.json has the sha256")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[]",
        b'{"files": {}}',
        b'{"files": {"graph.onnx": {"sha256": "0", "size": 1}}, "about": {}}',
        b'{"files": {"graph.onnx": {"size": -1}}, "about": {}}',
        b"[" * 100_000,
    ],
)
def test_a_manifest_that_is_none_is_refused(directory, sha256, manifest):
    (directory / "manifest.json").write_bytes(manifest)
    refused(directory, None, "is not a manifest")


def test_a_manifest_that_points_elsewhere_is_refused(directory, sha256):
    manifest = json.loads((directory / "manifest.json").read_bytes())
    manifest["files"]["../secret"] = manifest["files"]["empty.npy"]
    (directory / "manifest.json").write_text(json.dumps(manifest))
    refused(directory, None, "lacks .*secret")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "manifest.json", ".git"])
def test_a_name_that_is_not_plain_is_refused(directory, name):
    with pytest.raises(ModelFileError, match="cannot be called"):
        files.write(directory, {name: b""}, {})
    assert not directory.parent.exists()


def test_a_file_in_the_way_is_left_alone(directory):
    directory.parent.mkdir()
    directory.write_bytes(b"mine")
    with pytest.raises(ModelFileError, match="is not a folder"):
        files.write(directory, MODEL, {})
    assert directory.read_bytes() == b"mine"
    assert list(directory.parent.iterdir()) == [directory]


def test_a_disk_that_refuses_is_one_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ModelFileError, match="could not be written"):
        files.write(tmp_path / "file" / "card-7", MODEL, {})
