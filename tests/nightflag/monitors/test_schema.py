"""The JSON Schema says of a monitor's file what reading it says, as far as a schema can."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from docs.monitor_page import PAGE, page
from nightflag.monitors import Monitor, json_schema

ROOT = Path(__file__).parents[3]
SCHEMA = Draft202012Validator(json_schema())
SMALLEST = {
    "monitor": "payments",
    "source": {"database": "env:BANK", "table": "payments", "key": "payment_id", "time": "paid_at"},
}
WRITTEN_SHORT = {
    "alarm": {"at_most": "50 per night"},
    "expectations": [
        {"expect_column_values_to_not_be_null": {"column": "amount"}},
        {"type": "expect_table_row_count_to_be_between", "min_value": 1},
    ],
    "features": {"exclude": "note"},
    "training": {"every": "1 day 12 hours"},
    "execution": {"lock_wait": 0},
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("more", [{}, *({key: WRITTEN_SHORT[key]} for key in WRITTEN_SHORT)])
def test_what_can_be_read_fits(more: dict[str, object]) -> None:
    Monitor.model_validate({**SMALLEST, **more})
    SCHEMA.validate({**SMALLEST, **more})


@pytest.mark.parametrize("path", sorted((ROOT / "deployments" / "demo" / "monitors").iterdir()))
def test_the_demos_monitors_fit(path: Path) -> None:
    SCHEMA.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "more",
    [
        {"alarms": {}},
        {"alarm": {"rate": 0.7}},
        {"alarm": {"at_most": "fifty"}},
        {"detector": {"name": "forest"}},
        {"expectations": [{"column": "amount"}]},
        {"execution": {"lock_wait": 10}},
        {"training": {"every": "a week"}},
    ],
    ids=str,
)
def test_what_cannot_be_read_does_not_fit(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Monitor.model_validate({**SMALLEST, **more})
    assert not SCHEMA.is_valid({**SMALLEST, **more})


def test_the_page_of_the_docs_is_the_schemas() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(json_schema())
