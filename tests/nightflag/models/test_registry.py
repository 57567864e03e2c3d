"""A model is registered by whoever holds the lock on its monitor's training, and by nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightflag import locks, models
from nightflag.databases import Database, connect
from nightflag.errors import DatabaseBusy, TrainingRefused
from nightflag.failpoints import listeners
from nightflag.locks import Lock
from nightflag.models.registry import Training, directory
from nightflag.results.setup import upgrade
from tests.nightflag.housekeeping.conftest import Detector, Stub
from tests.reliability.watch import with_options

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
MADE = Training(MOMENT, "due", "auto", None, MOMENT, 9, 9, "0" * 16, MOMENT)
NAME = "training of shop"
AT_ONCE: dict[str, Any] = {"wait": timedelta(0), "clock": lambda: datetime.now(UTC)}


@pytest.fixture
def results(postgresql_url: str) -> Iterator[Database]:
    made = connect(with_options(postgresql_url, lock_timeout=0.2), schema="nightflag")
    upgrade(made)
    yield made
    made.close()


def register(results: Database, folder: Path, lock: Lock) -> None:
    models.register(results, "shop", Stub(Detector({})), MADE, folder=folder, lock=lock)


def test_who_was_replaced_registers_nothing(results: Database, tmp_path: Path) -> None:
    lost = pytest.raises(TrainingRefused, match="lost its lock on the training of shop")
    with locks.hold(results, NAME, **AT_ONCE), lost:
        register(results, tmp_path, Lock(NAME, "somebody else"))
    assert models.champion(results, "shop") is None
    assert not directory(tmp_path, "shop", 1).exists()


def test_nobody_is_replaced_while_its_model_is_being_registered(
    results: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else both would write the files of the same version."""

    def somebody_comes(place: str) -> None:
        if place == "model written":
            monkeypatch.setattr(locks, "LEASE", timedelta(0))
            with pytest.raises(DatabaseBusy), locks.hold(results, NAME, **AT_ONCE):
                pytest.fail("two hold the lock")

    listeners.append(somebody_comes)
    try:
        with locks.hold(results, NAME, **AT_ONCE) as lock:
            register(results, tmp_path, lock)
    finally:
        listeners.remove(somebody_comes)
    champion = models.champion(results, "shop")
    assert champion is not None
    assert champion.version == 1
