"""Great Expectations, behind five functions. No other module imports it.

Its execution engines and its validator are used without a data context: a context is one for the
whole process, keeps every result, and draws progress bars.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd
from great_expectations.compatibility.pydantic import ValidationError
from great_expectations.core.batch import Batch
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.exceptions.exceptions import GreatExpectationsError, MetricProviderError
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations import registry
from great_expectations.expectations.expectation import (
    ColumnAggregateExpectation,
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.expectation import Expectation as Implementation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.validator import Validator
from sqlalchemy import Engine

from nightflag.errors import ExpectationError
from nightflag.validation.rule import Expectation, readable

Configuration = ExpectationConfiguration

JUDGE_RECORDS = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)

NEED_THE_WINDOW = frozenset(
    {
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_not_be_outliers",
    }
)

NOT_SETTINGS = frozenset(
    {"id", "batch_id", "rendered_content", "result_format", "catch_exceptions", "windows"}
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What Great Expectations says of one expectation; ``trouble`` where it could not say."""

    success: bool
    result: Mapping[str, Any]
    trouble: str | None


def judges_records(expectation: Expectation) -> bool:
    """Whether the expectation says of each single record whether it is good."""
    of_many = expectation.type in NEED_THE_WINDOW or expectation.settings.get("mostly", 1) != 1
    return issubclass(_implementation(expectation), JUDGE_RECORDS) and not of_many


def reads_columns(expectation: Expectation) -> bool:
    """Whether the expectation looks at values, so that its columns have to be there."""
    kind = _implementation(expectation)
    return issubclass(kind, (*JUDGE_RECORDS, ColumnAggregateExpectation))


def configuration(
    expectation: Expectation, number: int, *, times: Mapping[str, object] | None = None
) -> Configuration:
    """The expectation as Great Expectations takes it, with ``number`` as its id.

    ``times`` replaces settings of the same name. Raises :class:`ExpectationError` for an unknown
    name or a wrong setting.
    """
    kind = _implementation(expectation)
    settings = {**expectation.settings, **(times or {}), "id": str(number)}
    try:
        return kind(**settings).configuration
    except ValidationError as error:
        wrong = "; ".join(_wrong_setting(one, expectation) for one in error.errors())
        raise ExpectationError(
            f"{_place(expectation)}{expectation.type} has wrong settings: {wrong}.",
            expected=f"settings out of {', '.join(sorted(set(kind.__fields__) - NOT_SETTINGS))}",
            mend="correct the expectation in the monitor's file",
        ) from None


def check_supported(expectation: Expectation) -> None:
    """Nothing, or :class:`ExpectationError` for a row expectation that only SQL can judge."""
    kind = _implementation(expectation)
    if not issubclass(kind, JUDGE_RECORDS) or not judges_records(expectation):
        return
    metric = f"{kind.map_metric}.unexpected_count"
    try:
        registry.get_metric_provider(metric, PandasExecutionEngine())
    except MetricProviderError:
        raise ExpectationError(
            f"{_place(expectation)}{readable(expectation)} cannot be judged record by record.",
            expected="an expectation that Great Expectations implements for pandas",
            mend="say it with another one, for example expect_column_values_to_match_regex",
        ) from None


def judged_frame(frame: pd.DataFrame, configurations: Sequence[Configuration]) -> list[Judgement]:
    """A judgement for each configuration, in their order, with the label of every failing row."""
    # A cheap pass first, to find the broken rules, costs more than it saves once some are broken.
    execution = PandasExecutionEngine(caching=False)
    try:
        return _judged(execution, frame, configurations, "COMPLETE")
    finally:
        _let_go(execution)


def _let_go(execution: PandasExecutionEngine) -> None:
    """Drop the frame now: in a circle of references it would stay until some later collection."""
    execution.batch_manager.reset_batch_cache()
    execution.batch_manager.batch_data_cache.clear()


def judged_query(
    engine: Engine, query: str, configurations: Sequence[Configuration]
) -> list[Judgement]:
    """A judgement for each configuration, in their order, computed as SQL over ``query``.

    Creates no temporary table. Every connection is closed afterwards.
    """
    execution = SqlAlchemyExecutionEngine(engine=engine, create_temp_table=False)
    try:
        data = SqlAlchemyBatchData(execution_engine=execution, query=query, create_temp_table=False)
        return _judged(execution, data, configurations, "BASIC")
    finally:
        execution.close()


def _judged(
    engine: PandasExecutionEngine | SqlAlchemyExecutionEngine,
    data: pd.DataFrame | SqlAlchemyBatchData,
    configurations: Sequence[Configuration],
    result_format: str,
) -> list[Judgement]:
    validator = Validator(execution_engine=engine, batches=[Batch(data=data)])  # type: ignore[arg-type]
    validator.metrics_calculator.show_progress_bars = False
    runtime = {"result_format": {"result_format": result_format}}
    try:
        results = validator.graph_validate(list(configurations), runtime_configuration=runtime)
    except GreatExpectationsError as error:
        return [Judgement(False, {}, _first_line(str(error)))] * len(configurations)
    # The results come back in another order.
    by_number = {one.expectation_config.id: one for one in results if one.expectation_config}
    return [_judgement(by_number[one.id]) for one in configurations]


def _judgement(result: ExpectationValidationResult) -> Judgement:
    return Judgement(bool(result.success), result.result, _trouble(result.exception_info))


def _trouble(exception_info: Mapping[str, Any]) -> str | None:
    """The first line of the exception; it arrives either bare or once for each failed metric."""
    bare = "raised_exception" in exception_info
    infos = [exception_info] if bare else list(exception_info.values())
    messages = [info["exception_message"] for info in infos if info["raised_exception"]]
    return _first_line(str(messages[0])) if messages else None


def _first_line(message: str) -> str:
    return (message.strip().splitlines() or ["no reason given"])[0]


def _implementation(expectation: Expectation) -> type[Implementation]:
    names = registry.list_registered_expectation_implementations()
    if expectation.type in names:
        return registry.get_expectation_impl(expectation.type)
    nearest = get_close_matches(expectation.type, names, n=1, cutoff=0.0)[0]
    raise ExpectationError(
        f"{_place(expectation)}There is no expectation called {expectation.type!r}.",
        expected="the snake-case name of an expectation of Great Expectations",
        mend=f"perhaps {nearest} is meant; all are on greatexpectations.io/expectations",
    )


def _wrong_setting(error: Mapping[str, Any], expectation: Expectation) -> str:
    name = str(error["loc"][0])
    if error["type"] == "value_error.extra":
        return f"it takes no {name!r}"
    if error["type"] == "value_error.missing":
        return f"{name!r} is missing"
    if name in expectation.settings:
        return f"{name}={expectation.settings[name]!r}: {error['msg']}"
    return str(error["msg"])


def _place(expectation: Expectation) -> str:
    return "" if expectation.line is None else f"Line {expectation.line}: "
