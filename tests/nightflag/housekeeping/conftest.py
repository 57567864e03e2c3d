"""A shop after seven nights, each over a sale, a flagged one and one without an amount."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from nightflag import models
from nightflag.failpoints import listeners
from nightflag.housekeeping import clean
from nightflag.models.registry import Training, directory
from nightflag.monitors import Keep, Monitor
from nightflag.workplace import opened as at_work
from tests.nightflag.results.conftest import FIRST_NIGHT, SALES, Shop
from tests.reliability.watch import new_database

DAY, NIGHTS = timedelta(days=1), 7


@dataclass(frozen=True)
class Detector:
    about: dict[str, Any]


@dataclass(frozen=True)
class Stub:
    """As much of a model as the registry asks of one."""

    detector: Detector

    def to_files(self) -> dict[str, bytes]:
        return {"network.onnx": b"weights", "features.json": b"{}"}


def sell(shop: Shop, day: int) -> None:
    """The sales of the day before that night."""
    noon = (FIRST_NIGHT + day * DAY - DAY / 2).replace(tzinfo=None)
    rows = (f"({day * 10 + n}, '{noon}', {amount}, 'a')" for n, amount in enumerate((5, 999)))
    shop.sql(f"insert into sales values {', '.join(rows)}, ({day * 10 + 2}, '{noon}', null, 'b')")


def change(shop: Shop, section: str, **settings: Any) -> None:
    """Let a section of the monitor say something else."""
    monitor = shop.workplace.monitor
    changed = getattr(monitor, section).model_copy(update=settings)
    shop.workplace = replace(shop.workplace, monitor=monitor.model_copy(update={section: changed}))


def keep(shop: Shop, **policy: Any) -> None:
    """Let the shop keep no more than that."""
    change(shop, "keep", **dict(Keep.model_validate(policy)))


def stopped(shop: Shop, place: str, nth: int = 1) -> None:
    """Clean, and be stopped as the place is reached for the nth time."""
    seen: list[str] = []

    def stop(reached: str) -> None:
        seen.append(reached)
        if seen.count(place) == nth:
            raise KeyboardInterrupt

    listeners.append(stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            clean(shop.workplace)
    finally:
        listeners.remove(stop)


def train(shop: Shop, day: int, status: str = "champion") -> Path:
    """A model trained for the night of that day; where its files lie."""
    moment = FIRST_NIGHT + day * DAY
    made = Training(moment, "due", "auto", None, moment, 9, 9, "0" * 16, moment)
    place = shop.workplace
    entry = models.register(
        place.results, "shop", Stub(Detector({})), made, folder=place.models, status=status
    )
    return directory(place.models, "shop", entry.version)


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Shop]:
    """The shop in that database, its models and reports in the folder."""
    source = {"database": "env:X", "table": "sales", "key": "id", "time": "at"}
    monitor = Monitor.model_validate({"monitor": "shop", "source": source})
    with at_work(monitor, source_url=url, results_url=url, models=folder, reports=folder) as place:
        yield Shop(place)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> dict[str, str]:
    """The URL of the shop after its nights, in each database; copy it before you change it."""
    file = tmp_path_factory.mktemp("shop") / "bank.db"
    urls = {"sqlite": f"sqlite:///{file}", "postgresql": new_database(postgresql_server)}
    for url in urls.values():
        with opened(url, file.parent) as shop:
            fill(shop)
    return urls


def fill(shop: Shop) -> None:
    """Seven nights by one model; one sale has no time and is read again every night."""
    shop.sql(SALES.format(kind="integer"), "insert into sales values (900, null, 5, 'when?')")
    shop.workplace.prepare()
    train(shop, 0)
    for day in range(NIGHTS):
        sell(shop, day)
        shop.night(FIRST_NIGHT + day * DAY)


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, made: dict[str, str], tmp_path: Path) -> Iterator[Shop]:
    url, folder = made[request.param], Path(str(make_url(made["sqlite"]).database)).parent
    if request.param == "sqlite":
        url = f"sqlite:///{shutil.copy(folder / 'bank.db', tmp_path)}"
    else:
        url = new_database(url, template=make_url(url).database)
    shutil.copytree(folder / "shop", tmp_path / "shop")
    with opened(url, tmp_path) as copy:
        copy.nights = NIGHTS
        yield copy
