"""Data Docs of Great Expectations show what the night kept, and run nothing of it."""

import re
from datetime import UTC, datetime

from nightflag.validation import Outcome
from nightflag.validation.data_docs import data_docs

NIGHT = datetime(2026, 1, 8, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
KINDS = "expect_column_values_to_be_in_set"


def shown(*outcomes: Outcome, **examples: list[str | None]) -> str:
    return data_docs("payments", NIGHT, outcomes, examples, back="night.html")


def test_they_count_what_held_and_show_values_that_failed() -> None:
    text = shown(
        Outcome("a", "expect_column_to_exist", {"column": "shop"}, "info", True, observed="yes"),
        Outcome("b", KINDS, {"column": "shop", "value_set": ["A & B"]}, "critical", False, 9, 2),
        Outcome(
            "c", "expect_table_row_count_to_equal", {"value": 5}, "warning", False, observed="3"
        ),
        b=["Q & A", None],
    )
    words = " ".join(re.sub("<[^>]*>", " ", text).split())
    assert "Evaluated Expectations 3 Successful Expectations 1 Unsuccessful Expectations 2" in words
    assert "2 unexpected values found. ≈22.22% of 9 total rows." in words
    assert "A &amp; B" in words
    assert "Q &amp; A" in words
    assert "&amp;amp;" not in words
    assert "Must have exactly 5 rows. 3" in words


def test_nothing_of_the_data_becomes_an_element_and_no_script_may_run() -> None:
    settings = {"column": HOSTILE, "value_set": [HOSTILE], "meta": {"notes": HOSTILE}}
    query = {"unexpected_rows_query": "select * from {batch}", "description": HOSTILE}
    text = shown(
        Outcome(HOSTILE, KINDS, settings, "critical", False, 9, 2),
        Outcome(
            "seen", "expect_table_row_count_to_equal", {"value": 5}, "info", False, observed=HOSTILE
        ),
        Outcome("query", "unexpected_rows_expectation", query, "info", False),
        **{HOSTILE: [HOSTILE, f'"{HOSTILE}']},
    )
    assert HOSTILE not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "script-src" not in policy[1]
    assert policy.start() < text.index("<script")


def test_its_links_lead_back_to_the_night() -> None:
    text = shown(Outcome("a", KINDS, {"column": "a", "value_set": [1]}, "info", True, 9, 0))
    links = set(re.findall(r'href="([^"]*)"', text))
    assert {link for link in links if not link.startswith(("#", "https:", "data:"))} == {
        "night.html"
    }
