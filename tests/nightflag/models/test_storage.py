"""Models keep their promise wherever they lie: whole, checked, and errors that say what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest

from nightflag import models, storage
from nightflag.checking import has_problem, places
from nightflag.errors import ModelFileError, SettingsError, StorageUnreachable
from nightflag.models import files
from nightflag.models.registry import directory
from nightflag.settings import Settings
from nightflag.storage import Place, place_of
from tests.nightflag.reporting.payments import at_work, fill, publish, records

FILES = {"network.onnx": b"weights" * 99, "empty.json": b""}


def test_what_was_written_is_read_and_replaced_whole(place: Place) -> None:
    model = place / "payments" / "1"
    sha256 = files.write(model, FILES, {"monitor": "payments"})
    assert files.read(model, manifest_sha256=sha256) == ({"monitor": "payments"}, FILES)
    again = files.write(model, {"other.json": b"{}"}, {})
    assert files.read(model, manifest_sha256=again)[1] == {"other.json": b"{}"}
    assert [one.name for one in storage.listed(place / "payments")] == ["1"]
    assert storage.size(model) == 2 + storage.size(model / files.MANIFEST)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda model: (model / "network.onnx").write_bytes(b"Weights" * 99), "has the sha256"),
        (lambda model: (model / "network.onnx").write_bytes(b"weights" * 98), "has 686 bytes"),
        (lambda model: (model / "network.onnx").unlink(), r"lacks \['network.onnx'\]"),
        (lambda model: (model / "more").write_bytes(b"x"), r"has \['more'\] too many"),
        (lambda model: (model / files.MANIFEST).unlink(), "cannot be read"),
        (storage.remove, "is missing"),
    ],
    ids=["altered", "truncated", "missing", "extra", "without manifest", "gone"],
)
def test_what_the_manifest_does_not_vouch_for_is_refused(
    place: Place, spoil: Any, what: str
) -> None:
    model = place / "payments" / "1"
    sha256 = files.write(model, FILES, {})
    spoil(model)
    with pytest.raises(ModelFileError, match=what):
        files.read(model, manifest_sha256=sha256)


class Killed(Mapping[str, bytes]):
    """Files of which the last one is never written."""

    def __iter__(self) -> Iterator[str]:
        yield "network.onnx"
        raise KeyboardInterrupt

    def __getitem__(self, name: str) -> bytes:
        return b"new"

    def __len__(self) -> int:
        return 2


def test_writing_that_is_killed_leaves_no_model_that_could_be_read(place: Place) -> None:
    model = place / "payments" / "1"
    with pytest.raises(KeyboardInterrupt):
        storage.put(model, Killed())
    with pytest.raises(ModelFileError):
        files.read(model, manifest_sha256=None)
    sha256 = files.write(model, FILES, {})
    assert files.read(model, manifest_sha256=sha256)[1] == FILES


def test_a_night_is_scored_by_a_model_of_a_bucket(bucket: str, tmp_path: Path) -> None:
    with at_work(f"sqlite:///{tmp_path / 'bank.db'}", tmp_path) as here:
        workplace = replace(here, models=place_of(f"{bucket}/models"))
        fill(workplace, records(500, frauds=3))
        night = publish(workplace)
        assert night.is_published
        assert night.records_scored == 500
        entry = models.of_version(workplace.results, "payments", 1)
        where = directory(workplace.models, "payments", 1)
        assert files.MANIFEST in [one.name for one in storage.listed(where)]
        (where / "calibration.npy").write_bytes(b"another one")
        with pytest.raises(ModelFileError, match=r"calibration\.npy has 11 bytes"):
            models.load(entry, folder=workplace.models)
    assert not (tmp_path / "models").exists()


def test_a_folder_of_this_machine_is_one_however_it_is_named(tmp_path: Path) -> None:
    assert place_of(str(tmp_path)) == place_of(f"file://{tmp_path}") == tmp_path
    assert isinstance(place_of("models"), Path)


@pytest.mark.parametrize(
    ("url", "told"),
    [("gs://bucket/models", "gcsfs"), ("nowhere://bucket", "nowhere"), ("s4://u:pass@b", "s4")],
)
def test_a_protocol_that_is_not_there_names_its_package(
    url: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTFLAG_MODELS", url)
    with pytest.raises(SettingsError, match=told) as refused:
        _ = Settings().models_folder
    assert "s3fs for s3://, gcsfs for gs://" in refused.value.mend
    assert "pass@" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(s3_server: str) -> None:
    missing = place_of("s3://no-such-bucket/models")
    with pytest.raises(ModelFileError, match="could not be written to s3://no-such-bucket"):
        files.write(missing / "payments" / "1", FILES, {})
    [found] = places.folders([missing])
    assert has_problem([found])
    assert "there is no no-such-bucket" in found.text
    assert "NIGHTFLAG_MODELS" in found.mend


def test_a_server_that_does_not_answer_is_a_reason_to_try_again(nobody_there: str) -> None:
    model = place_of(nobody_there) / "payments" / "1"
    with pytest.raises(StorageUnreachable, match="does not answer, or lets nobody in") as error:
        files.read(model, manifest_sha256=None)
    assert error.value.exit_code == 75
    with pytest.raises(StorageUnreachable):
        files.write(model, FILES, {})
    assert has_problem([*places.folders([model])])


def test_the_doctor_writes_a_file_and_takes_it_away_again(bucket: str) -> None:
    place = place_of(f"{bucket}/models")
    [seen], [tried] = places.folders([place]), places.folders([place], write=True)
    assert seen.text == f"{bucket}/models answers; `nightflag doctor` tries to write there"
    assert tried.text == f"{bucket}/models can be written to"
    assert fsspec.filesystem("s3", use_listings_cache=False).find(bucket) == []
