"""The tables that the pages watch: small, made up, each with a few true anomalies."""

from io import BytesIO

import numpy as np
import pandas as pd
import sqlalchemy as sa
from PIL import Image

from nightflag.databases import connect

START = pd.Timestamp("2026-01-01")


def fill(url: str, page: str) -> None:
    """Make the table of the page in the database."""
    engine = connect(url).engine
    for name, frame in TABLES[page]().items():
        binary = {"scan": sa.LargeBinary()} if "scan" in frame else None
        frame.to_sql(name, engine, index=False, dtype=binary)
    engine.dispose()


def orders() -> dict[str, pd.DataFrame]:
    """Two weeks of orders of a shop, one of them absurd."""
    random = np.random.default_rng(1)
    number = np.arange(1_400)
    frame = pd.DataFrame(
        {
            "order_id": number,
            "ordered_at": START + pd.to_timedelta(number * 14.4, "min"),
            "items": random.poisson(3, len(number)) + 1,
            "country": random.choice(["DE", "FR", "NO"], len(number), p=[0.6, 0.3, 0.1]),
        }
    )
    frame["amount"] = (frame["items"] * random.normal(20, 2, len(frame))).round(2)
    frame.loc[1_380, ["items", "amount"]] = [2, 4_210.0]
    return {"orders": frame}


def card_payments() -> dict[str, pd.DataFrame]:
    """A month of card payments, two of a hundred fraudulent: large, by night and abroad."""
    random = np.random.default_rng(2)
    number = np.arange(3_000)
    fraud = random.random(len(number)) < 0.02
    hour = np.where(fraud, random.integers(0, 5, len(number)), random.normal(14, 3, len(number)))
    day = pd.to_timedelta(number * 30 // len(number), "D")
    frame = pd.DataFrame(
        {
            "payment_id": number,
            "paid_at": START + day + pd.to_timedelta(np.clip(hour, 0, 23.9), "h"),
            "card": random.integers(0, 200, len(number)),
            "amount": np.exp(random.normal(np.where(fraud, 6.2, 3.4), 0.5)).round(2),
            "country": np.where(fraud & (random.random(len(number)) < 0.7), "XX", "DE"),
            "is_fraud": fraud,
        }
    )
    return {"payments": frame}


def pumps() -> dict[str, pd.DataFrame]:
    """Twelve days of four pumps every half hour; one leaks at last."""
    random = np.random.default_rng(3)
    moments = START + pd.to_timedelta(np.arange(12 * 48) * 30, "min")
    parts = []
    for pump in range(4):
        load = np.sin(np.arange(len(moments)) * 2 * np.pi / 48) + random.normal(
            0, 0.1, len(moments)
        )
        pressure = 9 + load + random.normal(0, 0.1, len(moments))
        if pump == 2:
            pressure[-20:] -= 4
        parts.append(
            pd.DataFrame(
                {
                    "pump": f"p{pump}",
                    "read_at": moments,
                    "pressure": pressure.round(3),
                    "temperature": (40 + 5 * load + random.normal(0, 0.5, len(load))).round(3),
                }
            )
        )
    return {"readings": _numbered(parts, "reading_id")}


def scans() -> dict[str, pd.DataFrame]:
    """Ten days of grey scans of 24 x 24 pixels, one of them with a scratch."""
    random = np.random.default_rng(4)
    down, across = np.mgrid[:24, :24]

    def png(scratched: bool) -> bytes:
        waves = np.sin(0.4 * down + 0.3 * across + random.uniform(0, 2 * np.pi))
        pixels = 127 + 60 * waves + random.normal(0, 4, (24, 24))
        if scratched:
            pixels[6:14, 9:17] += random.normal(0, 60, (8, 8))
        kept = BytesIO()
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(kept, "PNG")
        return kept.getvalue()

    number = np.arange(500)
    frame = pd.DataFrame(
        {
            "scan_id": number,
            "taken_at": START + pd.to_timedelta(number * 28.8, "min"),
            "scan": [png(at == 480) for at in number],
        }
    )
    return {"scans": frame}


def counts() -> dict[str, pd.DataFrame]:
    """Five weeks of hourly counts on six roads; on one, traffic stops in a rush hour."""
    random = np.random.default_rng(5)
    hours = pd.date_range(START, periods=35 * 24, freq="h")
    rhythm = 1.2 + np.sin((hours.hour - 8) * 2 * np.pi / 24)
    weekend = np.where(hours.dayofweek >= 5, 0.6, 1.0)
    parts = []
    for road in range(6):
        vehicles = random.poisson(100 * (road + 1) * rhythm * weekend)
        if road == 3:
            vehicles[-10:-6] = 0
        parts.append(pd.DataFrame({"road": f"r{road}", "hour": hours, "vehicles": vehicles}))
    return {"traffic": _numbered(parts, "count_id")}


def water() -> dict[str, pd.DataFrame]:
    """Three weeks of a water works every quarter of an hour; turbidity rises once."""
    random = np.random.default_rng(6)
    number = np.arange(21 * 96)
    drift = np.sin(number * 2 * np.pi / 500)
    turbidity = 0.3 + 0.05 * drift + random.normal(0, 0.01, len(number))
    turbidity[-30:-24] += 0.8
    frame = pd.DataFrame(
        {
            "measured_at": START + pd.to_timedelta(number * 15, "min"),
            "ph": (7.4 + 0.1 * drift + random.normal(0, 0.02, len(number))).round(3),
            "turbidity": turbidity.round(3),
            "chlorine": (0.5 + random.normal(0, 0.02, len(number))).round(3),
        }
    )
    return {"water": frame}


def transactions() -> dict[str, pd.DataFrame]:
    """A month of transactions up to this hour, of which the last but one is absurd."""
    random = np.random.default_rng(7)
    number = np.arange(30 * 48)
    now = pd.Timestamp.now("UTC").tz_localize(None).floor("h")
    frame = pd.DataFrame(
        {
            "transaction_id": number,
            "booked_at": now - pd.to_timedelta((len(number) - number) * 30, "min"),
            "amount": random.normal(40, 5, len(number)).round(2),
        }
    )
    frame.loc[len(frame) - 2, "amount"] = 9_999.0
    return {"transactions": frame}


def bank() -> dict[str, pd.DataFrame]:
    """Six weeks of hourly payments; the 560th, on 12 January, is a fraud."""
    random = np.random.default_rng(8)
    number = np.arange(44 * 24)
    frame = pd.DataFrame(
        {
            "payment_id": number,
            "paid_at": START - pd.Timedelta("12 days") + pd.to_timedelta(number, "h"),
            "amount": random.normal(40, 5, len(number)).round(2),
            "shop": random.choice(["baker", "butcher", "grocer"], len(number)),
        }
    )
    frame.loc[560, "amount"] = 9_999.0
    return {"payments": frame}


def shuttle() -> dict[str, pd.DataFrame]:
    """Nine days of readings, the last of which is out of order."""
    random = np.random.default_rng(9)
    number = np.arange(9 * 240)
    frame = pd.DataFrame(
        {
            "id": number + 33_274 - len(number) + 1,
            "read_at": START + pd.to_timedelta(number * 6, "min"),
            "a1": random.normal(0, 2, len(number)).round(),
            "a2": random.normal(40, 2, len(number)).round(),
            "is_anomaly": number == len(number) - 1,
        }
    )
    frame.loc[frame["is_anomaly"], "a1"] = 4_000
    return {"shuttle": frame}


def _numbered(parts: list[pd.DataFrame], key: str) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True).rename_axis(key).reset_index()


TABLES = {
    "own-table": orders,
    "fraud": card_payments,
    "machines": pumps,
    "images": scans,
    "traffic": counts,
    "water": water,
    "transactions": transactions,
    "bank": bank,
    "shuttle": shuttle,
}
