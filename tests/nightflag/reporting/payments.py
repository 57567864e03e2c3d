"""A published night of payments, with the real steps and a detector small enough to write down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from onnx import TensorProto, helper
from sqlalchemy import insert, text
from sqlalchemy.schema import Column, MetaData, Table
from sqlalchemy.types import Boolean, DateTime, Double, String

from nightflag import features, models, nights, scoring
from nightflag.calibration import Calibration
from nightflag.detectors.detector import Detector
from nightflag.models import Model
from nightflag.models.registry import Training
from nightflag.monitors import Monitor
from nightflag.runs import Run
from nightflag.workplace import Workplace, opened

NIGHT = datetime(2026, 1, 8, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
SHOP = "\"><img src=x onerror='alert(2)'>"
PAYMENTS = Table(
    "payments",
    MetaData(),
    Column("payment", String(60)),
    Column("paid_at", DateTime),
    Column("amount", Double),
    Column("shop", String(60)),
    Column("fraud", Boolean),
)


def monitor(**source: object) -> Monitor:
    described = {
        "database": "env:BANK",
        "table": "payments",
        "key": ["payment"],
        "time": "paid_at",
        "label": "fraud",
        **source,
    }
    return Monitor.model_validate(
        {
            "monitor": "payments",
            "description": "Card payments & refunds.",
            "source": described,
            "features": {"exclude": ["paid_at"]},
            "alarm": {"rate": 0.05},
        }
    )


def records(count: int = 2_000, frauds: int = 150) -> pd.DataFrame:
    """A day of payments: the first few are frauds of rising size, a hostile one among them."""
    random = np.random.default_rng(7)
    amount = random.normal(50, 10, count)
    amount[:frauds] = 500 + np.arange(frauds)
    paid_at = NIGHT.replace(tzinfo=None) - timedelta(days=1) + pd.to_timedelta(range(count), "s")
    frame = pd.DataFrame({"payment": [f"p-{number:05}" for number in range(count)]})
    frame = frame.assign(paid_at=paid_at, amount=amount, shop="bakery", fraud=False)
    frame.loc[: frauds - 1, "fraud"] = True
    frame.loc[frauds - 1, ["payment", "shop"]] = HOSTILE, SHOP
    return frame


def fill(workplace: Workplace, frame: pd.DataFrame) -> None:
    rows = [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
    with workplace.source.writing() as connection:
        PAYMENTS.create(connection, checkfirst=True)
        connection.execute(insert(PAYMENTS), rows)


@contextmanager
def at_work(
    url: str, folder: Path, *, results_url: str | None = None, **source: object
) -> Iterator[Workplace]:
    with opened(
        monitor(**source),
        source_url=url,
        results_url=results_url or url,
        models=folder / "models",
        reports=folder / "reports",
    ) as workplace:
        yield workplace


def publish(workplace: Workplace, as_of: datetime = NIGHT, warnings: tuple[str, ...] = ()) -> Run:
    """The night as the flow runs it, but with a model that needs no training."""
    with nights.only_run(workplace) as lock:
        night = nights.open_night(workplace, as_of)
        if models.champion(workplace.results, "payments") is None:
            _register(workplace)
        entry, model = nights.load_champion(workplace)
        partition = scoring.score(workplace, night, model)
        return nights.publish(workplace, night, entry, [partition], warnings=warnings, lock=lock)


def _register(workplace: Workplace) -> None:
    past = records(400, frauds=1)[["amount", "shop"]]
    pipeline = features.fit(past, kinds={"amount": "numeric", "shop": "categorical"})
    detector = sum_of_squares(pipeline.names)
    calibration = Calibration(detector.score(pipeline.transform(past.iloc[1:])))
    training = Training(
        as_of=NIGHT,
        reason=f"asked for by {HOSTILE}",
        detector="autoencoder",
        training_start=None,
        training_end=NIGHT - timedelta(days=1),
        training_records=1_200,
        calibration_records=len(calibration.scores),
        config_hash="0123456789abcdef",
        trained_at=NIGHT,
    )
    model = Model(pipeline, detector, calibration)
    models.register(workplace.results, "payments", model, training, folder=workplace.models)


def sum_of_squares(names: tuple[str, ...]) -> Detector:
    """A detector whose score is the sum of the squared features, and which expects zeros."""
    value = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (
            ("x", [None, len(names)]),
            ("score", [None]),
            ("contributions", [None, len(names)]),
            ("expected", [None, len(names)]),
        )
    ]
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["contributions"]),
        helper.make_node("Sub", ["x", "x"], ["expected"]),
        helper.make_node("ReduceSum", ["contributions", "axes"], ["score"], keepdims=0),
    ]
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "sum of squares", value[:1], value[1:], [axes])
    opset = [helper.make_opsetid("", 18)]
    content = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    about = {"features": list(names), "settings": {"steps": 1_000}, "seed": 0}
    return Detector(content, json.dumps(about).encode(), about)


def rows(workplace: Workplace, statement: str) -> list[tuple[object, ...]]:
    with workplace.results.reading() as connection:
        return [tuple(row) for row in connection.execute(text(statement.replace(":", "\\:")))]
