"""Payments to watch: eight days of history, and the changes of the day that follows."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from tests.reliability.watch import Watch, new_database

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
A_DAY = 40
DAYS = 8
FIRST_NIGHT = FIRST_DAY + timedelta(days=DAYS)
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=1)


def payments(day: int, *, first: int | None = None, number: int = A_DAY) -> list[dict[str, Any]]:
    """Payments evenly spread over the day, counted from the first; the same every time."""
    random = np.random.default_rng(day)
    start = FIRST_DAY + timedelta(days=day)
    first = day * A_DAY if first is None else first
    amounts = random.gamma(3.0, 20.0, number).round(2).tolist()
    return [
        {
            "payment_id": first + at,
            "paid_at": (start + timedelta(minutes=at * 1_440 / number)).replace(tzinfo=None),
            "amount": amount,
            "fee": round(amount * 0.03 + float(random.normal(0, 0.1)), 3),
            "channel": ("card", "transfer", "cash")[int(random.integers(3))],
        }
        for at, amount in enumerate(amounts)
    ]


PAYMENTS = sa.Table(
    "payments",
    sa.MetaData(),
    sa.Column("payment_id", sa.BigInteger),
    sa.Column("paid_at", sa.DateTime),
    sa.Column("amount", sa.Double),
    sa.Column("fee", sa.Double),
    sa.Column("channel", sa.Text),
)


def pay(watch: Watch, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add payments to the watched table."""
    watch.execute(PAYMENTS.insert(), list(rows))


def empty_watch(folder: Path, server_url: str | None) -> Watch:
    """A watch over a table without records, on SQLite, or on the PostgreSQL server of that URL."""
    folder.mkdir(parents=True, exist_ok=True)
    url = new_database(server_url) if server_url else f"sqlite:///{folder / 'records.db'}"
    watch = Watch(folder, url)
    watch.describe()
    watch.execute(sa.schema.CreateTable(PAYMENTS))
    return watch


def watch_of_payments(folder: Path, server_url: str | None) -> Watch:
    """A watch over eight days of payments, before its first night.

    On the last day, two payments break a rule, and one of them a second one.
    """
    watch = empty_watch(folder, server_url)
    pay(watch, [payment for day in range(DAYS) for payment in payments(day)])
    watch.execute("update payments set amount = -2 where payment_id in (290, 291)")
    watch.execute("update payments set channel = null where payment_id = 291")
    return watch


def a_day_later(watch: Watch) -> None:
    """A day's new payments, three of them bad; and in the look-back late, corrected, deleted ones.

    300 is corrected, 305 becomes bad, 290 becomes good, 310 and 291 are deleted.
    """
    yesterday = FIRST_NIGHT - timedelta(hours=3)
    pay(watch, payments(DAYS))
    pay(watch, [{**payments(DAYS)[0], "payment_id": 900, "paid_at": yesterday}])
    for payment, change in {
        325: "amount = -5",
        326: "amount = -1, channel = null",
        327: "paid_at = null",
        300: "amount = amount * 30",
        305: "channel = null",
        290: "amount = 50",
    }.items():
        watch.execute(f"update payments set {change} where payment_id = {payment}")
    watch.execute("delete from payments where payment_id in (310, 291)")
