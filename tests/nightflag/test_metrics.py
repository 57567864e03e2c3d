"""The newest night as Prometheus's node exporter reads it."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nightflag import metrics
from nightflag.errors import ReportError
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records


@pytest.fixture
def workplace(tmp_path, sqlite_url):
    folder = tmp_path / "metrics"
    folder.mkdir()
    with at_work(sqlite_url, tmp_path) as found:
        fill(found, records(300, frauds=3))
        yield replace(found, metrics=folder)


def told(workplace):
    [file] = workplace.metrics.iterdir()
    assert file.name == "nightflag_payments.prom"
    families = text_string_to_metric_families(file.read_text())
    samples = [sample for family in families for sample in family.samples]
    assert all(sample.labels == {"monitor": "payments"} for sample in samples)
    return {sample.name.removeprefix("nightflag_"): sample.value for sample in samples}


def test_every_figure_is_that_of_the_night(workplace):
    run = publish(workplace)
    metrics.write(workplace, run)
    found = told(workplace)
    assert found == metrics.figures(run)
    assert (found["records_read"], found["promised_alarm_rate"]) == (300, 0.05)
    assert found["records_flagged"] == run.records_flagged > 2
    assert found["logical_date_timestamp_seconds"] == NIGHT.timestamp()


def test_a_night_without_records_leaves_its_rate_out(workplace):
    run = replace(publish(workplace), realised_rate=None)
    metrics.write(workplace, run)
    assert "realised_alarm_rate" not in told(workplace)


def test_the_newest_night_stays_when_an_older_one_is_made_up_for(workplace):
    older, newest = publish(workplace), publish(workplace, NIGHT + timedelta(days=1))
    for run in (newest, older):
        metrics.write(workplace, run)
    assert told(workplace)["logical_date_timestamp_seconds"] == newest.as_of.timestamp()


def test_everybody_reads_whole_files_only(workplace):
    run = publish(workplace)
    metrics.write(workplace, run)
    before = next(workplace.metrics.iterdir()).stat()
    metrics.write(workplace, run)
    [file] = workplace.metrics.iterdir()
    assert file.stat().st_ino != before.st_ino
    assert os.access(file, os.R_OK)


def test_a_folder_that_is_not_there_is_said(workplace):
    missing = replace(workplace, metrics=workplace.metrics / "no")
    with pytest.raises(ReportError, match=r"could not be written to .*no/nightflag_payments\.prom"):
        metrics.write(missing, publish(workplace))


def test_without_a_folder_nothing_is_asked_and_nothing_imported(workplace):
    metrics.write(replace(workplace, metrics=None, results=None), publish(workplace))
    assert list(workplace.metrics.iterdir()) == []
    command = "import nightflag.metrics, sys; print('prometheus_client' in sys.modules)"
    asked = [sys.executable, "-c", command]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "False\n"
