"""Where reports lie, and that no trouble with them harms a night."""

import logging
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from nightflag import reporting
from nightflag.errors import ReportError
from nightflag.monitors import Expectation
from nightflag.reporting.names import date_of, page_name
from nightflag.runs import fail, open_run
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows
from tests.nightflag.reporting.reading import Page


@pytest.fixture
def workplace(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(300, frauds=3))
        yield workplace


def test_a_page_is_named_by_its_logical_date(workplace):
    path = reporting.write(workplace, publish(workplace)).path
    assert path == workplace.reports / "payments" / "2026-01-08T0000Z.html"
    assert {file.name for file in path.parent.iterdir()} == {path.name, "index.html"}


def test_logical_dates_within_one_minute_have_pages_of_their_own():
    moments = [NIGHT, NIGHT + timedelta(seconds=1), NIGHT + timedelta(microseconds=1)]
    assert len({page_name(moment) for moment in moments}) == 3


def test_the_list_names_the_nights_newest_first_and_failed_ones_without_a_page(workplace):
    reporting.write(workplace, publish(workplace))
    failed = open_run(workplace.results, workplace.monitor, NIGHT + timedelta(days=1), NIGHT)
    fail(workplace.results, failed, "the disk <b>is</b> full", NIGHT)
    path = reporting.write(workplace, publish(workplace, NIGHT + timedelta(days=2))).path
    page = Page(path.with_name("index.html"))
    assert page.values("href") == ["2026-01-10T0000Z.html", "2026-01-08T0000Z.html"]
    positions = [page.text.index(f"{day} January 2026") for day in (10, 9, 8)]
    assert positions == sorted(positions)
    assert "failed the disk <b>is</b> full" in page.text
    assert "b" not in page.tags


def test_a_disk_that_refuses_leaves_the_flags_and_a_warning(workplace, caplog):
    run = publish(workplace)
    workplace.reports.write_text("not a folder")
    with pytest.raises(ReportError, match="could not be written") as refusal:
        reporting.write(workplace, run)
    assert refusal.value.mend
    with caplog.at_level(logging.WARNING), reporting.failure_is_a_warning():
        reporting.write(workplace, run)
    assert "published, but not all of it is reported" in caplog.text
    assert rows(workplace, "select count(*) from payments_flags") == [(run.records_flagged,)]


def test_data_docs_lie_beside_the_page_that_leads_to_them_once_asked_for(workplace):
    null, amounts = (f"expect_column_values_to_{what}" for what in ("not_be_null", "be_between"))
    expected = (
        Expectation(type=null, settings={"column": "shop", "severity": "warning"}),
        Expectation(type=amounts, settings={"column": "amount", "max_value": 501.5}),
    )
    changed = workplace.monitor.model_copy(update={"expectations": expected})
    workplace = replace(workplace, monitor=changed)
    run = publish(workplace)
    path = reporting.write(workplace, run).path
    docs = path.with_name("2026-01-08T0000Z-data-docs.html")
    assert docs.name not in path.read_text()
    reporting.write(workplace, run, data_docs=True)
    reporting.write(workplace, run)
    assert docs.name in Page(path).values("href")
    text = docs.read_text()
    assert f'href="{path.name}"' in text, "and back"
    assert "502" in text, "the value of the record in quarantine"
    assert date_of(docs.name) == date_of(path.name) == NIGHT, "by which housekeeping knows both"


def test_there_are_no_data_docs_without_expectations(workplace):
    run = publish(workplace)
    with pytest.raises(ReportError, match="there are no expectations"):
        reporting.write(workplace, run, data_docs=True)


def test_the_room_draws_nothing_before_its_first_page():
    command = "import nightflag.reporting, sys; print({'matplotlib', 'jinja2'} & set(sys.modules))"
    asked = [sys.executable, "-c", command]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "set()\n"
