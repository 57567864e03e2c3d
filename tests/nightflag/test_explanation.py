from dataclasses import replace

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper

from nightflag import features
from nightflag.calibration import Calibration
from nightflag.detectors import Detector
from nightflag.explanation import EVERYTHING_ELSE, REASONS_PER_FLAG, Reasons, reasons, usual
from nightflag.models import Model

RECORDS = 40


def seen() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "amount": np.linspace(1, 9, RECORDS),
            "items": np.arange(RECORDS) % 7 * 1.0,
            "shop": ["north", "south"] * (RECORDS // 2),
        }
    )


@pytest.fixture
def model() -> Model:
    """A detector in three operations: the square of each feature; it expects nothing but zeros."""
    frame = seen()
    kinds = {"amount": "numeric", "items": "numeric", "shop": "categorical"}
    pipeline = features.fit(frame, kinds=kinds)
    detector = Detector(squares(len(pipeline.names)), b"", {"features": list(pipeline.names)})
    scores = detector.score(pipeline.transform(frame))
    return Model(pipeline, detector, Calibration(scores))


def squares(width: int) -> bytes:
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["contributions"]),
        helper.make_node("ReduceSum", ["contributions", "axes"], ["score"], keepdims=0),
        helper.make_node("Sub", ["x", "x"], ["expected"]),
    ]
    outputs = [("score", ["n"]), ("contributions", ["n", width]), ("expected", ["n", width])]
    graph = helper.make_graph(
        nodes,
        "squares",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [axes],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString()
    return content


def explained(model: Model, rows: list[dict[str, object]], limit: int = 5) -> Reasons:
    return reasons(model, pd.DataFrame(rows).astype({"amount": float}), limit=limit)


FAR = {"amount": 1e6, "items": 3.0, "shop": "north"}
ODD = {"amount": 5.0, "items": 900.0, "shop": "north"}


def test_the_feature_that_made_the_score_comes_first(model: Model) -> None:
    found = explained(model, [FAR, ODD])
    assert found.row.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.rank.tolist() == [1, 2, 3, 1, 2, 3]
    assert (found.feature[0], found.feature[3]) == ("amount", "items")
    for record in (found.contribution[:3], found.contribution[3:]):
        assert (np.diff(record) <= 0).all()


def test_contributions_of_all_columns_add_up_to_the_score(model: Model) -> None:
    frame = pd.DataFrame([FAR, ODD])
    found = reasons(model, frame)
    scores, _ = model.score(frame)
    added = [found.contribution[found.row == row].sum() for row in (0, 1)]
    np.testing.assert_allclose(added, scores, rtol=1e-5)


def test_values_and_what_was_expected_are_in_the_units_of_the_source(model: Model) -> None:
    found = explained(model, [FAR])
    assert found.value[0] == "1e+06"
    assert found.expected[0] is not None
    assert 1 <= float(found.expected[0]) <= 9
    assert found.value[found.feature.index("shop")] == "north"


def test_a_missing_value_is_none(model: Model) -> None:
    found = explained(model, [{"amount": None, "items": 3.0, "shop": "north"}])
    assert found.value[found.feature.index("amount")] is None


def test_no_more_reasons_than_asked_for(model: Model) -> None:
    found = explained(model, [FAR, ODD], limit=1)
    assert found.feature == ["amount", EVERYTHING_ELSE, "items", EVERYTHING_ELSE]
    assert REASONS_PER_FLAG == 5


def test_the_last_reason_holds_what_the_others_leave_of_the_score(model: Model) -> None:
    frame = pd.DataFrame([FAR, ODD])
    found = reasons(model, frame, limit=2)
    scores, _ = model.score(frame)
    np.testing.assert_allclose(np.bincount(found.row, found.contribution), scores, rtol=1e-12)
    rest = found.feature.index(EVERYTHING_ELSE)
    assert (found.rank[rest], found.value[rest], found.expected[rest]) == (3, None, None)
    assert found.words[rest].startswith("1 other column made ")


def test_text_that_postgresql_cannot_hold_is_written_out(model: Model) -> None:
    found = explained(model, [{"amount": 5.0, "items": 3.0, "shop": "no\0rth"}])
    assert found.value[found.feature.index("shop")] == "no\\0rth"


def test_numbers_are_told_beside_what_held_out_records_are_like(model: Model) -> None:
    frame = seen()
    known = usual(model.detector, model.features, model.features.transform(frame))
    low, high = known["residuals"]["amount"]
    nine_tenths = 3.6 / frame["amount"].std(ddof=0)  # of numbers that lie evenly from 1 to 9
    assert (low, high) == pytest.approx((-nine_tenths, nine_tenths), rel=1e-3)
    about = {**model.detector.about, **known}
    informed = replace(model, detector=replace(model.detector, about=about))
    (words, *_) = explained(informed, [FAR]).words
    assert words == "amount 1,000,000 where 1.4 to 8.6 was expected"


def test_a_model_of_an_earlier_version_tells_the_expected_value_alone(model: Model) -> None:
    (words, *_) = explained(model, [FAR]).words
    assert words == "amount 1,000,000 where 5 was expected"
