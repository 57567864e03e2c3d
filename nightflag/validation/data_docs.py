"""A night's expectations as a page of Data Docs, made by Great Expectations' own renderers.

They put values of the data into the page as they stand, and scripts from elsewhere beside them. So
here every text is escaped before it reaches them, and the page forbids scripts altogether.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from nightflag.validation.outcome import Outcome

POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline' https:; font-src https:; img-src https: data:\">"
)
WORDS = (
    "<style>.fa-check-circle::after {content: 'held'} .fa-times::after {content: 'failed'}</style>"
)
"""For readers without a network, to whom the signs of these names stay empty."""

LINKS_INTO_A_SITE = re.compile(r'href="(?:\.\./)+[^"]*"')


class _View(DefaultJinjaPageView):
    """Its view, for a document that is plain data already."""

    def _validate_document(self, document: object) -> None:
        """Nothing: the renderer has made it."""


def data_docs(
    monitor: str,
    as_of: datetime,
    outcomes: Sequence[Outcome],
    examples: Mapping[str, Sequence[str | None]],
    *,
    back: str,
) -> str:
    """The page in HTML; ``examples`` are values that failed, by rule, and ``back`` a relative link.

    It takes its looks from the network, where there is one.
    """
    suite = ExpectationSuiteValidationResult(
        success=all(one.held for one in outcomes),
        results=[_result(one, examples.get(one.rule, ())) for one in outcomes],
        suite_name=monitor,
        statistics=_statistics(outcomes),
        meta={"run_id": RunIdentifier(run_name=monitor, run_time=as_of)},
    )
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(suite)
    page: str = _View().render(_escaped(document.to_json_dict()))  # type: ignore[no-untyped-call]
    page = LINKS_INTO_A_SITE.sub(f'href="{escape(back)}"', page)
    return page.replace("<head>", f"<head>\n    {POLICY}\n    {WORDS}", 1)


def _statistics(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    held = sum(one.held for one in outcomes)
    return {
        "evaluated_expectations": len(outcomes),
        "successful_expectations": held,
        "unsuccessful_expectations": len(outcomes) - held,
        "success_percent": 100 * held / len(outcomes) if outcomes else None,
    }


def _result(one: Outcome, examples: Sequence[str | None]) -> ExpectationValidationResult:
    found: dict[str, Any] = {"observed_value": one.observed}
    if one.failed is not None:
        found = {
            "element_count": one.checked,
            "unexpected_count": one.failed,
            "unexpected_percent": 100 * one.failed / one.checked if one.checked else 0.0,
            "partial_unexpected_list": list(examples),
        }
    configuration = ExpectationConfiguration(
        type=one.type, kwargs=dict(one.settings), severity=FailureSeverity(one.severity)
    )
    return ExpectationValidationResult(
        success=one.held, expectation_config=configuration, result=found
    )


def _escaped(node: Any) -> Any:
    """The document with every text escaped but parameters of templates, which its view escapes."""
    if isinstance(node, str):
        return escape(node)
    if isinstance(node, list):
        return [_escaped(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {"params"} if "template" in node else set()
    return {name: one if name in kept else _escaped(one) for name, one in node.items()}
