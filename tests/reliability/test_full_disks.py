"""A disk that fills up amid a night, under the SQLite file, the models or the pages.

The disks are small ones in memory, which only root can mount: without root these are skipped.
"""

import os
import shutil
import subprocess
from datetime import timedelta

import pytest

from tests.integration.clarity import refuse_unclear
from tests.reliability.invariants import refuse_doubled, staged
from tests.reliability.payments import FIRST_NIGHT, SECOND_NIGHT
from tests.reliability.watch import Watch

MEGABYTES = 8


class Disk:
    """A small disk; ``filling`` is the command that takes all its room."""

    def __init__(self, folder):
        self.folder, self.filler = folder, folder / "filler"
        self.filling = ["sh", "-c", f"cat /dev/zero > '{self.filler}' 2> /dev/null || true"]

    def free(self):
        self.filler.unlink()


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("NOT TRIED: full disks. Run these tests as root, where mounting is allowed")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("locked", marks=pytest.mark.slow),
        "staged a batch",
        pytest.param("before publishing", marks=pytest.mark.slow),
    ],
)
def test_no_room_for_the_database(stages, tmp_path, disk, place):
    copied = stages.changed("sqlite").copy(tmp_path / "watch")
    shutil.move(copied.folder / "records.db", disk.folder)
    watch = Watch(copied.folder, f"sqlite:///{disk.folder / 'records.db'}")
    before, undisturbed = watch.published(), stages.second_night("sqlite").published()
    outcome = watch.night(SECOND_NIGHT, place=place, deed=disk.filling, page=False)
    refuse_unclear(outcome, "DatabaseRefused", "has no room left")
    assert "free some space" in outcome.mend
    refuse_doubled(watch)
    assert watch.published() == before
    disk.free()
    assert watch.night(SECOND_NIGHT, page=False).status == "published"
    assert watch.published() == undisturbed
    refuse_doubled(watch)
    assert staged(watch) == 0


def test_no_room_for_the_page_leaves_the_night_published(stages, tmp_path, disk):
    watch = stages.changed("sqlite").copy(tmp_path / "watch")
    shutil.rmtree(watch.folder / "reports")
    (watch.folder / "reports").symlink_to(disk.folder)
    outcome = watch.night(SECOND_NIGHT, place="published", deed=disk.filling)
    assert outcome.status == "published"
    assert "reported" not in outcome.places
    assert watch.published() == stages.second_night("sqlite").published()
    disk.free()
    assert "reported" in watch.night(SECOND_NIGHT).places


def models_on(disk, watch):
    models = watch.folder / "models"
    models.mkdir(exist_ok=True)
    shutil.copytree(models, disk.folder, dirs_exist_ok=True)
    shutil.rmtree(models)
    models.symlink_to(disk.folder)


def test_no_room_for_a_model_lets_the_champion_go_on(stages, tmp_path, disk):
    watch = stages.due("sqlite").copy(tmp_path / "watch")
    models_on(disk, watch)
    outcome = watch.night(SECOND_NIGHT, place="trained", deed=disk.filling, page=False)
    assert outcome.status == "published"
    [night] = watch.rows("select model_version, warnings from nightflag_runs where run_id = 2")
    assert night["model_version"] == 1
    assert "retraining failed, model 1 goes on" in night["warnings"]
    assert "No space left" in night["warnings"]
    assert watch.rows("select version from nightflag_models") == [{"version": 1}]
    disk.free()
    assert watch.night(SECOND_NIGHT + timedelta(days=1), page=False).status == "published"
    assert {"version": 2} in watch.rows("select version from nightflag_models")
    refuse_doubled(watch)


def test_no_room_for_the_first_model_publishes_nothing(stages, tmp_path, disk):
    watch = stages.new("sqlite", tmp_path / "watch")
    models_on(disk, watch)
    outcome = watch.night(FIRST_NIGHT, place="trained", deed=disk.filling, page=False)
    refuse_unclear(outcome, "ModelFileError", "No space left")
    assert watch.rows("select status from nightflag_runs") == [{"status": "failed"}]
    disk.free()
    assert watch.night(FIRST_NIGHT, page=False).status == "published"
    assert sorted(path.name for path in (disk.folder / "payments").iterdir()) == ["1"]
    refuse_doubled(watch)
