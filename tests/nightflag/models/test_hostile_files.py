"""A model that is not byte for byte the registered one is refused before any of it is opened."""

import io
import random
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightflag.errors import ModelFileError
from nightflag.models import Entry, files, load
from nightflag.models.registry import Training, directory

NOISE = random.Random(5)
MODEL = {
    "graph.onnx": NOISE.randbytes(5_000),
    "network.keras": NOISE.randbytes(3_000),
    "calibration.npy": NOISE.randbytes(800),
    "detector.json": b'{"kind": "auto"}',
}
NIGHT = datetime(2024, 5, 1, tzinfo=UTC)
TRAINING = Training(NIGHT, "no champion yet", "auto", None, NIGHT, 90, 10, "x" * 16, NIGHT)
LAMBDA = b'{"class_name": "Lambda", "config": {"function": "import os; os.abort()"}}'


def registered(folder: Path, monitor: str, version: int, content: dict[str, bytes]) -> Entry:
    """The registry's row of a model with this content, its files in place."""
    where = directory(folder, monitor, version)
    digest = files.write(where, content, {"monitor": monitor})
    return Entry(monitor, version, "champion", TRAINING, digest, {})


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    return registered(tmp_path, "pumps", 1, MODEL)


def refuse(entry: Entry, folder: Path) -> None:
    """No byte of it was opened: these are none of a model, and would end in another error."""
    with pytest.raises(ModelFileError) as refused:
        load(entry, folder=folder)
    assert "nightflag retrain" in refused.value.mend
    assert refused.value.expected


@pytest.mark.parametrize("deed", ["flipped", "cut"])
def test_two_hundred_flipped_bits_and_as_many_cuts_are_refused(
    entry: Entry, tmp_path: Path, deed: str
) -> None:
    chance, where = random.Random(deed), directory(tmp_path, "pumps", 1)
    names = sorted(path.name for path in where.iterdir())
    for number in range(200):
        file = where / names[number % len(names)]
        whole = file.read_bytes()
        at = chance.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        file.write_bytes(flipped if deed == "flipped" else whole[:at])
        refuse(entry, tmp_path)
        file.write_bytes(whole)
    assert files.read(where, manifest_sha256=entry.manifest_sha256)[1] == MODEL


def test_a_zip_bomb_is_refused_unopened(entry: Entry, tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("model.weights.h5", b"\0" * 50_000_000)
    assert len(bomb.getvalue()) < 100_000
    (directory(tmp_path, "pumps", 1) / "network.keras").write_bytes(bomb.getvalue())
    refuse(entry, tmp_path)


def test_a_layer_of_code_is_refused_even_with_a_manifest_that_vouches_for_it(
    entry: Entry, tmp_path: Path
) -> None:
    network = io.BytesIO()
    with zipfile.ZipFile(network, "w") as packed:
        packed.writestr("config.json", LAMBDA)
    files.write(directory(tmp_path, "pumps", 1), MODEL | {"network.keras": network.getvalue()}, {})
    refuse(entry, tmp_path)


@pytest.mark.parametrize("other", [("wells", 1), ("pumps", 2)])
def test_the_model_of_another_monitor_or_version_is_refused(
    entry: Entry, tmp_path: Path, other: tuple[str, int]
) -> None:
    registered(tmp_path, *other, MODEL | {"detector.json": b'{"kind": "density"}'})
    mine = directory(tmp_path, "pumps", 1)
    mine.rename(tmp_path / "aside")
    directory(tmp_path, *other).rename(mine)
    refuse(entry, tmp_path)


def test_a_swap_in_the_middle_gives_the_registered_model_or_none(
    entry: Entry, tmp_path: Path
) -> None:
    """Each file is read once and checked as it was read: nothing of another is handed out."""
    where, aside = directory(tmp_path, "pumps", 1), tmp_path / "aside"
    files.write(aside, {name: content[::-1] for name, content in MODEL.items()}, {})
    enough = threading.Event()
    swapping = threading.Thread(target=_swap, args=(where, aside, tmp_path / "between", enough))
    swapping.start()
    outcomes = set()
    for _ in range(300):
        try:
            found = files.read(where, manifest_sha256=entry.manifest_sha256)[1]
            assert found == MODEL
            outcomes.add("read")
        except ModelFileError:
            outcomes.add("refused")
    enough.set()
    swapping.join()
    assert "refused" in outcomes


def _swap(one: Path, other: Path, between: Path, enough: threading.Event) -> None:
    while not enough.is_set():
        one.rename(between)
        other.rename(one)
        between.rename(other)
