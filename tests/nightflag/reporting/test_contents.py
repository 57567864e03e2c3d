"""What a page tells is what was published, on both databases."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from nightflag import reporting
from nightflag.errors import ReportError
from nightflag.monitors import Alarm
from nightflag.reporting.contents import gather
from nightflag.reporting.quality import Judged
from nightflag.runs import of_date, open_run
from tests.nightflag.reporting.payments import NIGHT, SHOP, at_work, fill, publish, records, rows
from tests.nightflag.reporting.reading import Page


@pytest.fixture
def contents(night):
    return gather(*night)


def test_the_threshold_parts_the_flags_from_the_others(contents):
    assert min(score for _, score in contents.points.flagged) > contents.threshold
    assert max(score for _, score in contents.points.passed) <= contents.threshold


def test_every_p_value_is_counted_in_its_bin(contents, night):
    workplace, run = night
    p_values = [value for (value,) in rows(workplace, "select p_value from payments_scores")]
    assert sum(contents.p_values) == run.records_scored
    assert contents.p_values[0] == sum(value <= 0.05 for value in p_values) == run.records_flagged
    assert contents.p_values[-1] == sum(value > 0.95 for value in p_values)


def test_the_distributions_count_every_record_once(contents, night):
    scores = contents.distribution
    assert scores.night.sum() == night[1].records_scored
    assert scores.calibrated.sum() == contents.model.training.calibration_records == 399
    whole, partly = (edges > contents.threshold for edges in (scores.edges[:-1], scores.edges[1:]))
    assert scores.night[whole].sum() <= night[1].records_flagged <= scores.night[partly].sum()
    assert scores.calibrated[whole].sum() <= 0.05 * 399


def test_every_flag_has_a_first_reason(contents, night):
    assert dict(contents.first_reasons).keys() == {"amount", "shop"}
    assert sum(count for _, count in contents.first_reasons) == night[1].records_flagged


def test_segments_are_counted_with_their_own_rates(database_url, tmp_path):
    with at_work(database_url, tmp_path) as watched:
        segments = {"column": "shop", "rates": {"bakery": 0.02}}
        alarm = Alarm.model_validate({"rate": 0.05, "segments": segments})
        workplace = replace(watched, monitor=watched.monitor.model_copy(update={"alarm": alarm}))
        fill(workplace, records(300, frauds=3))
        run = publish(workplace)
        found = {one.value: one for one in gather(workplace, run).segments}
        assert (
            "Flags by shop, each with its own alarm rate"
            in Page(reporting.write(workplace, run).path).text
        )
    assert (found["bakery"].rate, found["bakery"].scored) == (0.02, 299)
    assert sum(one.flagged for one in found.values()) == run.records_flagged
    assert {one.value: one.rate for one in found.values()} == {"bakery": 0.02, SHOP: 0.05}


def test_only_published_nights_up_to_this_one_are_compared(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(50, frauds=2))
        first, later = publish(workplace), publish(workplace, NIGHT + timedelta(days=1))
        assert [one.as_of for one in gather(workplace, first).nights] == [NIGHT]
        assert [one.as_of for one in gather(workplace, later).nights] == [NIGHT, later.as_of]


def test_the_limits_say_what_nobody_has_measured(contents):
    assert not [one for one in contents.limits if "No label" in one]
    unknown = replace(contents, quality=(), judged=Judged(0, 0))
    assert [one for one in unknown.limits if "No label or verdict says" in one]
    assert any("records like the 399 of the calibration" in one for one in unknown.limits)


def test_shares_of_the_score_lie_between_nothing_and_all(contents):
    shares = [reason.share for flag in contents.flags for reason in flag.reasons]
    assert len(shares) == 2 * len(contents.flags)
    assert all(0 <= share <= 1 for share in shares)
    assert contents.flags[1].reasons[0].share > 0.99


def test_the_expected_number_of_flags_allows_for_chance(contents):
    low, high = contents.expected_flags
    assert low < 0.05 * contents.scored < high


def test_a_rate_below_the_ranks_is_said_to_be_extrapolated(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as watched:
        strict = watched.monitor.model_copy(update={"alarm": Alarm(rate=0.001)})
        workplace = replace(watched, monitor=strict)
        fill(workplace, records(300, frauds=2))
        run = publish(workplace)
        assert "alarm rate 0.001: it is extrapolated from them" in (run.warnings or "")
        assert run.records_flagged == 2
        assert "extrapolated" in Page(reporting.write(workplace, run).path).text


def test_the_page_outlives_the_models_files(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(300, frauds=2))
        run = publish(workplace)
        shutil.rmtree(workplace.models)
        contents = gather(workplace, run)
        assert (contents.threshold, contents.distribution) == (None, None)
        assert (
            "not known: the model's files are not here"
            in Page(reporting.write(workplace, run).path).text
        )


def test_labels_that_cannot_be_read_leave_a_note(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(300, frauds=2))
        run = publish(workplace)
        with workplace.source.writing() as connection:
            connection.exec_driver_sql("update payments set fraud = 'perhaps'")
        contents = gather(workplace, run)
    assert contents.quality == ()
    assert "not compared with the labels" in contents.notes[0]
    assert len(contents.flags) == run.records_flagged


def test_only_a_published_night_has_a_page(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(10, frauds=1))
        workplace.prepare()
        run = open_run(workplace.results, workplace.monitor, NIGHT, workplace.now())
        with pytest.raises(ReportError, match="running"):
            gather(workplace, run)


@pytest.mark.parametrize("source", [{}, {"query": "select * from payments where shop <> ':x'"}])
def test_the_statement_on_the_page_reads_the_nights_flags(database_url, tmp_path, source):
    table = {"table": None, **source} if source else {}
    with at_work(database_url, tmp_path, **table) as workplace:
        fill(workplace, records(300, frauds=3))
        run = publish(workplace)
        contents = gather(workplace, run)
        found = rows(workplace, contents.statement.removesuffix(";"))
    assert len(found) == run.records_flagged == len(contents.flags) > 2
    assert {row[0] for row in found} == {flag.key[0] for flag in contents.flags}
    assert [row[-2] for row in found] == sorted(row[-2] for row in found)
    assert all("amount " in row[-1] for row in found)


def test_results_in_another_database_are_read_alone(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(300, frauds=3))
        run = publish(workplace)
    elsewhere = f"sqlite:///{tmp_path / 'copy.db'}"
    shutil.copy(tmp_path / "bank.db", tmp_path / "copy.db")
    with at_work(sqlite_url, tmp_path, results_url=elsewhere) as workplace:
        statement = gather(workplace, of_date(workplace.results, "payments", NIGHT)).statement
        assert len(rows(workplace, statement.removesuffix(";"))) == run.records_flagged
    assert "JOIN" not in statement
