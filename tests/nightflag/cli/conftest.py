"""A small bank, its folder of monitors, and the command line called in this process."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Double,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
)

from nightflag import nights, scoring, training
from nightflag.cli import main
from nightflag.cli.results import at_work_on
from nightflag.databases import connect
from nightflag.windows import as_utc

MONITOR = """\
monitor: {name}
source:
  database: env:BANK_URL
  table: payments
  key: payment_id
  time: paid_at
  label: is_fraud
  first_window: 2 days
training: {{at_least: 100}}
detector: {{settings: {{cosines: 64}}}}
alarm: {{rate: 0.05}}
"""
FIRST = datetime(2026, 1, 1)
PAYMENTS = Table(
    "payments",
    MetaData(),
    Column("payment_id", Integer, primary_key=True, autoincrement=False),
    Column("booked_on", DateTime),
    Column("paid_at", DateTime, nullable=False),
    Column("amount", Double, nullable=False),
    Column("fee", Double),
    Column("shop", Text, nullable=False),
    Column("message", Text),
    Column("currency", Text),
    Column("is_fraud", Boolean, nullable=False),
)


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Nightflag = Callable[..., Outcome]


def fill(engine: Engine, count: int = 600) -> None:
    """Hourly payments from the first of January 2026; the 560th one is a fraud."""
    chance = random.Random(7)
    rows: list[dict[str, Any]] = [
        {
            "payment_id": number,
            "booked_on": FIRST + timedelta(hours=number, days=1),
            "paid_at": FIRST + timedelta(hours=number),
            "amount": 9_999.0 if number == 560 else chance.gauss(40, 5),
            "fee": None if number % 3 == 0 else chance.random(),
            "shop": chance.choice(["baker", "butcher", "grocer"]),
            "message": f"thank you {chance.random()}",
            "currency": "EUR",
            "is_fraud": number == 560,
        }
        for number in range(count)
    ]
    with engine.begin() as connection:
        PAYMENTS.create(connection)
        connection.execute(insert(PAYMENTS), rows)


def open_bank(url: str) -> None:
    database = connect(url)
    fill(database.engine)
    database.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    (folder / "monitors").mkdir(parents=True)
    monkeypatch.setenv("NIGHTFLAG_HOME", str(folder))
    monkeypatch.delenv("NIGHTFLAG_MONITORS", raising=False)
    monkeypatch.setenv("COLUMNS", "300")
    return folder


@pytest.fixture
def bank(home: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    open_bank(sqlite_url)
    monkeypatch.setenv("BANK_URL", sqlite_url)
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_bank(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    open_bank(url)
    monkeypatch.setenv("BANK_URL", url)
    return url


@pytest.fixture
def nightflag(capsys: pytest.CaptureFixture[str]) -> Nightflag:
    def call(*words: str) -> Outcome:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call


@pytest.fixture
def night() -> Callable[[str], None]:
    """Publishes the night of the payments, in this process and without Prefect."""

    def publish(as_of: str) -> None:
        with at_work_on("payments") as workplace, nights.only_run(workplace) as lock:
            opened = nights.open_night(workplace, as_utc(datetime.fromisoformat(as_of)))
            reason = nights.reason_to_train(workplace, opened, "when due")
            if reason is not None:
                before = opened.window.start or opened.as_of
                training.train(workplace, as_of=opened.as_of, before=before, reason=reason)
            entry, model = nights.load_champion(workplace, opened.as_of)
            partition = scoring.score(workplace, opened, model)
            nights.publish(workplace, opened, entry, [partition], warnings=(), lock=lock)

    return publish


@pytest.fixture
def watch(home: Path) -> Callable[..., None]:
    """Writes the monitor of the payments, with other words in place of some of its own."""

    def write(name: str = "payments", *, more: str = "", **other: str) -> None:
        text = MONITOR.format(name=name) + more
        for key, value in other.items():
            text, count = re.subn(rf"\b{key}: .*", f"{key}: {value}", text, count=1)
            assert count
        (home / "monitors" / f"{name}.yaml").write_text(text)

    return write
