"""A monitor has sensible defaults, cannot be changed, and knows when it is another one."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from nightflag.detectors import DETECTORS
from nightflag.monitors import Expectation, Monitor

SOURCE = {"database": "env:DATABASE_URL", "table": "readings", "key": "id", "time": "at"}


def a_monitor(source: dict[str, Any] | None = None, **parts: Any) -> Monitor:
    return Monitor.model_validate(
        {"monitor": "shuttle", "source": SOURCE | (source or {}), **parts}
    )


def test_a_small_monitor_has_the_documented_defaults() -> None:
    monitor = a_monitor()
    assert monitor.name == "shuttle"
    assert monitor.source.key == ("id",)
    assert monitor.source.look_back == timedelta(days=1)
    assert monitor.results.schema_name == "nightflag"
    assert monitor.training.window is None
    assert monitor.alarm.rate == 0.01
    assert monitor.schedule is None


def test_a_monitor_can_name_every_detector_and_has_the_automatic_one_by_default() -> None:
    named = [a_monitor(detector={"name": name}).detector.name for name in DETECTORS]
    assert named == list(DETECTORS)
    with pytest.raises(ValidationError, match="'auto'"):
        a_monitor(detector={"name": "oracle"})
    assert a_monitor().detector.name == "auto"


def test_results_go_to_the_source_unless_another_database_is_named() -> None:
    assert a_monitor().results_database == "env:DATABASE_URL"
    assert a_monitor(results={"database": "env:OTHER"}).results_database == "env:OTHER"


def test_both_forms_of_an_expectation_are_the_same() -> None:
    short, long = a_monitor(
        expectations=[
            {"expect_column_values_to_be_unique": {"column": "id", "mostly": 0.9}},
            {"type": "expect_column_values_to_be_unique", "column": "id", "mostly": 0.9},
        ]
    ).expectations
    assert short == long
    assert short == Expectation(type=short.type, settings={"column": "id", "mostly": 0.9})


def test_a_monitor_survives_json_and_its_own_dump() -> None:
    monitor = a_monitor(
        {"schema": "public", "look_back": "36 hours"},
        expectations=[{"expect_column_to_exist": {"column": "id"}}],
        schedule={"cron": "30 2 * * *"},
    )
    assert Monitor.model_validate_json(monitor.model_dump_json()) == monitor
    assert Monitor.model_validate(monitor.model_dump()) == monitor


def test_the_config_hash_changes_with_the_content_only() -> None:
    rules = [{"expect_column_to_exist": {"column": "id"}}]
    monitor = a_monitor(expectations=rules)
    moved = monitor.expectations[0].model_copy(update={"line": 40})
    assert monitor.model_copy(update={"expectations": (moved,)}).config_hash() == (
        monitor.config_hash()
    )
    assert a_monitor({"look_back": "24 hours"}).config_hash() == a_monitor().config_hash()
    assert a_monitor(alarm={"rate": 0.02}).config_hash() != a_monitor().config_hash()
    assert len(bytes.fromhex(monitor.config_hash())) == 8


def test_the_config_hash_takes_dates_in_expectations() -> None:
    rule = {"expect_column_values_to_be_between": {"min_value": date(2024, 1, 1)}}
    assert a_monitor(expectations=[rule]).config_hash() != a_monitor().config_hash()


def test_a_monitor_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(a_monitor().alarm, "rate", 0.5)  # noqa: B010


@pytest.mark.parametrize("key", ["query", "schema", "label", "look_back"])
def test_a_key_without_a_value_is_as_if_not_written(key: str) -> None:
    assert a_monitor({key: None}) == a_monitor()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ({"query": "select 1"}, "exactly one of table and query"),
        ({"table": None}, "exactly one of table and query"),
        ({"table": None, "query": "select 1;\n"}, "without a final semicolon"),
        ({"table": None, "query": "delete from readings"}, "starts with SELECT or WITH"),
        ({"table": None, "query": "select 1", "schema": "public"}, "no schema beside a query"),
        ({"key": []}, "at least 1 item"),
        ({"key": ["id", "id"]}, "each column once"),
        ({"label": "at"}, "neither the key nor the time"),
        ({"first_window": "0"}, "greater than"),
        ({"time_zone": "berlin"}, "did you mean Europe/Berlin"),
    ],
)
def test_a_source_that_cannot_be_is_refused(source: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        a_monitor(source)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"monitor": "nightflag"}, "reserved"),
        ({"monitor": "shop_staged"}, "where a monitor shop stages its scores"),
        ({"monitor": "a" * 41}, "match pattern"),
        ({"features": {"exclude": ["a"], "kinds": {"a": "numeric"}}}, "excluded column: a"),
        ({"training": {"at_least": 200_000}}, "no smaller than at_least"),
        ({"alarm": {"rate": 0}}, "greater than 0"),
        ({"alarm": {"rate": True}}, "valid number"),
        ({"execution": {"batch_size": 1_000_001}}, "less than or equal"),
        ({"execution": {"engine": "dask"}}, "an address with the engine dask"),
        ({"execution": {"address": "tcp://host:8786"}}, "an address with the engine dask"),
        ({"execution": {"engine": "dask", "address": "tcp://me:pw@host:1"}}, "match pattern"),
        ({"schedule": {"cron": "0 2 * * * *"}}, "5 fields"),
        ({"schedule": {"cron": "0 2 * * $"}}, "5 fields"),
        ({"expectations": ["expect_column_to_exist"]}, "as one entry"),
        ({"expectations": [{"ExpectColumnToExist": {}}]}, "match pattern"),
    ],
)
def test_settings_out_of_bounds_are_refused(parts: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        a_monitor(**parts)


@pytest.mark.parametrize(
    ("execution", "pieces"),
    [
        ({"workers": 3}, 1),
        ({"engine": "processes", "workers": 3}, 12),
        ({"engine": "processes", "workers": 3, "partitions": 50}, 50),
        ({"engine": "dask", "address": "tls://scheduler.example.org:8786"}, 8),
    ],
)
def test_a_night_is_cut_into_four_partitions_for_each_worker_unless_told_otherwise(
    execution: dict[str, Any], pieces: int
) -> None:
    assert a_monitor(execution=execution).execution.pieces == pieces


def test_a_label_is_never_a_feature() -> None:
    with pytest.raises(ValidationError, match="the label is never a feature"):
        a_monitor({"label": "odd"}, features={"kinds": {"odd": "boolean"}})


def test_a_password_never_shows_in_pydantics_own_message() -> None:
    with pytest.raises(ValidationError, match="no password") as refusal:
        a_monitor({"database": "postgresql://ann:hunter2@host/db"})
    assert "hunter2" not in str(refusal.value)


def test_every_key_is_described_for_forms_and_the_reference_page() -> None:
    schema = Monitor.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    fields = {key: field for part in sections for key, field in part["properties"].items()}
    assert {"look_back", "schema", "rate"} <= set(fields)
    assert [key for key, field in fields.items() if not field.get("description")] == []
