"""Old models and pages go; what is in use, may be gone back to or scored a kept night stays."""

import os
import shutil
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from nightflag import models, storage
from nightflag.errors import ModelFileError
from nightflag.housekeeping import clean, planned
from nightflag.models.registry import directory
from nightflag.storage import place_of
from nightflag.succession import promote, rollback
from tests.nightflag.housekeeping.conftest import DAY, NIGHTS, keep, stopped, train
from tests.nightflag.results.conftest import FIRST_NIGHT

ON_SQLITE = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
TWO_DAYS_AGO = time.time() - 2 * DAY.total_seconds()


def write(shop: Any, *statements: str) -> None:
    with shop.workplace.results.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def folders(shop: Any) -> list[str]:
    return sorted(path.name for path in (shop.workplace.models / "shop").iterdir())


def aged(path: Path, moment: float = TWO_DAYS_AGO) -> Path:
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def trained(shop: Any) -> Any:
    """Model 1 scored nights 1 and 2; 2 was refused; 3 scored 3 to 5; 4 and 5 the last; 6 waits."""
    train(shop, 1, "refused")
    for day, status in ((2, "champion"), (5, "champion"), (6, "champion"), (6, "challenger")):
        train(shop, day, status)
    scored = ((1, "(1, 2)"), (3, "(3, 4, 5)"), (4, "(6, -1)"), (5, "(7, -1)"))
    write(
        shop,
        *(f"update nightflag_runs set model_version = {v} where run_id in {r}" for v, r in scored),
    )
    return shop


def test_models_go_that_no_kept_night_needs(trained: Any) -> None:
    keep(trained, models=1)
    assert [item.name for item in planned(trained.workplace)] == ["model 2"], "all nights are kept"
    keep(trained, models=1, scores="2 days")
    said = planned(trained.workplace)
    assert [item.name for item in said if item.kind == "model"] == ["model 1", "model 2"]
    assert all(item.size > 200 for item in said if item.kind == "model")
    assert clean(trained.workplace) == said
    assert folders(trained) == ["3", "4", "5", "6"], "of model 3 the night of the 6th is kept"
    assert planned(trained.workplace) == []
    keep(trained, models=4, scores="1 day")
    assert [item.kind for item in clean(trained.workplace)] == ["scores"], "3 is among the newest"


def test_going_back_always_finds_its_model(trained: Any) -> None:
    keep(trained, models=1, scores="1 minute")
    clean(trained.workplace)
    assert folders(trained) == ["4", "5", "6"]
    with pytest.raises(ModelFileError, match="calibration"):
        rollback(trained.workplace, why="a stub, but its files are there")
    with pytest.raises(ModelFileError, match="files of model 3 of shop were deleted at") as error:
        promote(trained.workplace, 3, why="prices rose")
    assert "nightflag models shop" in error.value.mend
    assert [one.version for one in models.latest(trained.workplace.results, "shop", limit=9)] == [
        *range(6, 0, -1)
    ]


@ON_SQLITE
def test_cleaning_killed_between_row_and_files_is_finished_by_the_next(trained: Any) -> None:
    keep(trained, models=1)
    stopped(trained, "model struck off")
    (left,) = planned(trained.workplace)
    assert (left.kind, left.why) == ("leftover", "of a model that was struck off")
    clean(trained.workplace)
    assert folders(trained) == ["1", "3", "4", "5", "6"]


@ON_SQLITE
def test_what_killed_runs_left_goes_a_day_later_and_nothing_else_does(shop: Any) -> None:
    folder = shop.workplace.models / "shop"
    shutil.copytree(folder / "1", aged_folder := folder / "7")
    shutil.copytree(folder / "1", folder / "8")
    shutil.copytree(folder / "1", half := folder / ".9.0123456789abcdef")
    page = folder / ".2024-05-02T0000Z.html.0123456789abcdef"
    mine = folder / "notes.txt"
    for path in (page, mine):
        path.write_text("")
    old = [aged(path) for path in (aged_folder, half, page)]
    aged(mine)
    aged(folder / "1")
    assert [item.place for item in planned(shop.workplace)] == [half, aged_folder, page]
    clean(shop.workplace)
    assert not any(path.exists() for path in old)
    assert folders(shop) == ["1", "8", "notes.txt"]


@ON_SQLITE
def test_models_of_an_object_store_are_cleaned_up_as_well(shop: Any) -> None:
    place = place_of(f"memory://{uuid.uuid4().hex}/models")
    shop.workplace = replace(shop.workplace, models=place)
    for day, status in ((2, "refused"), (3, "champion")):
        train(shop, day, status)
    for orphan in ("8", "9"):
        (place / "shop" / orphan / "network.onnx").write_bytes(b"weights")
    [left] = [
        one for path, one in place.fs.store.items() if path.startswith(f"{place.path}/shop/8")
    ]
    left.modified = datetime.fromtimestamp(TWO_DAYS_AGO, UTC)
    keep(shop, models=1)
    said = clean(shop.workplace)
    assert [(item.name, item.kind) for item in said] == [
        ("model 2", "model"),
        ("shop/8", "leftover"),
    ]
    assert [item.size > 0 for item in said] == [True, True]
    assert [one.name for one in storage.listed(place / "shop")] == ["3", "9"]


@ON_SQLITE
def test_a_model_whose_files_are_gone_already_is_struck_off_all_the_same(trained: Any) -> None:
    shutil.rmtree(directory(trained.workplace.models, "shop", 2))
    keep(trained, models=1)
    assert [(item.name, item.size) for item in clean(trained.workplace)] == [("model 2", 0)]
    assert planned(trained.workplace) == []


@ON_SQLITE
def test_pages_go_and_the_list_of_nights_knows(shop: Any) -> None:
    folder = shop.workplace.reports / "shop"
    for day in range(NIGHTS):
        (folder / f"{FIRST_NIGHT + day * DAY:%Y-%m-%dT%H%MZ}.html").write_text("a night")
    keep(shop, reports="2 days")
    said = clean(shop.workplace)
    assert [item.name for item in said] == [f"2024-05-0{day}T0000Z.html" for day in (2, 3, 4, 5)]
    assert {item.size for item in said} == {7}
    listed = (folder / "index.html").read_text()
    assert "2024-05-06T0000Z.html" in listed
    assert "2024-05-05T0000Z.html" not in listed
    assert planned(shop.workplace) == []


@ON_SQLITE
def test_files_that_cannot_be_deleted_are_an_error_that_says_so(trained: Any) -> None:
    keep(trained, models=1)
    place = directory(trained.workplace.models, "shop", 2)
    shutil.rmtree(place)
    place.symlink_to(directory(trained.workplace.models, "shop", 1))
    with pytest.raises(ModelFileError, match="could not be deleted"):
        clean(trained.workplace)
    assert folders(trained) == ["1", "2", "3", "4", "5", "6"]
