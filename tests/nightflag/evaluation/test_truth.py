"""What is known of a night's records, by hand and by nightflag."""

from datetime import timedelta

import pytest

from nightflag.errors import SourceError
from nightflag.evaluation import labels, verdicts
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows

FLAGGED = "select payment from payments_flags"


@pytest.fixture
def workplace(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20))
        yield workplace


def counts(truth):
    return truth.records, truth.anomalies, truth.flags, truth.caught


def change(workplace, statement):
    with workplace.source.writing() as connection:
        connection.exec_driver_sql(statement)


def test_flags_are_compared_with_labels(database_url, tmp_path):
    with at_work(database_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20))
        run = publish(workplace)
        change(
            workplace, "update payments set fraud = true where payment in ('p-00300', 'p-00301')"
        )
        flagged = {key for (key,) in rows(workplace, FLAGGED)}
        caught = len(flagged & {f"p-{n:05}" for n in [*range(19), 300, 301]}) + 1  # the hostile one
        assert counts(labels(workplace, run)) == (400, 22, len(flagged), caught)


def test_without_a_label_there_is_nothing_to_say(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path, label=None) as workplace:
        fill(workplace, records(50, frauds=2))
        assert labels(workplace, publish(workplace)) is None


def test_records_without_a_label_are_left_out(workplace):
    run = publish(workplace)
    change(workplace, "update payments set fraud = null where payment <> 'p-00000'")
    assert counts(labels(workplace, run)) == (1, 1, 1, 1)


def test_the_records_of_another_night_are_not_counted(workplace):
    publish(workplace)
    late = records(3, frauds=1).assign(payment=["late-1", "late-2", "late-3"])
    fill(workplace, late)
    run = publish(workplace, NIGHT + timedelta(days=1))
    assert run.window.start < NIGHT - timedelta(hours=1), "the look-back covers the first night"
    assert counts(labels(workplace, run)) == (3, 1, 1, 1)


def test_a_record_corrected_since_is_left_out(workplace):
    run = publish(workplace)
    change(workplace, "update payments set amount = 51 where payment = 'p-00000'")
    assert labels(workplace, run).anomalies == 19


def test_labels_may_be_words_or_numbers(tmp_path, sqlite_url):
    words = "select p.*, case when fraud then ' Anomaly' else 'normal' end as verdict"
    numbers = "select p.*, case when fraud then 2 else 0 end as verdict"
    for query in (words, numbers):
        source = {"table": None, "query": f"{query} from payments p", "label": "verdict"}
        folder = tmp_path / query[-20:].replace(" ", "-")
        folder.mkdir()
        with at_work(f"sqlite:///{folder / 'bank.db'}", folder, **source) as workplace:
            fill(workplace, records(400, frauds=20))
            found = labels(workplace, publish(workplace))
        assert (found.records, found.anomalies, found.caught) == (400, 20, 20)


def test_words_that_are_neither_yes_nor_no_are_no_labels(tmp_path, sqlite_url):
    source = {
        "table": None,
        "query": "select p.*, 'not looked at' as verdict from payments p",
        "label": "verdict",
    }
    with at_work(sqlite_url, tmp_path, **source) as workplace:
        fill(workplace, records(50, frauds=2))
        assert counts(labels(workplace, publish(workplace))) == (0, 0, 0, 0)


def test_a_label_that_is_no_yes_or_no_is_refused(postgresql_url, tmp_path):
    source = {
        "table": None,
        "query": "select p.*, paid_at as seen from payments p",
        "label": "seen",
    }
    with at_work(postgresql_url, tmp_path, **source) as workplace:
        fill(workplace, records(50, frauds=2))
        run = publish(workplace)
        with pytest.raises(SourceError, match="label column 'seen'"):
            labels(workplace, run)


def test_the_budget_holds_the_highest_scores(workplace):
    run = publish(workplace)
    truth = labels(workplace, run)
    assert truth.in_budget == 0.05 * 400
    assert truth.score[truth.within_budget].min() > truth.score[~truth.within_budget].max()
    assert truth.caught_in_budget == 20, "there are 20 frauds, and 20 records in the budget"


@pytest.mark.parametrize("label", ["fraud", None])
def test_verdicts_are_known_of_judged_records_only(database_url, tmp_path, label):
    with at_work(database_url, tmp_path, label=label) as workplace:
        fill(workplace, records(400, frauds=20))
        run = publish(workplace)
        assert verdicts(workplace, run).records == 0
        with workplace.results.writing() as connection:
            connection.exec_driver_sql(
                "insert into nightflag_verdicts (monitor, key, verdict) values "
                "('payments', 'p-00000', 'anomaly'), ('payments', 'p-00001', 'normal'), "
                "('payments', 'p-00300', 'anomaly'), ('others', 'p-00002', 'anomaly')"
            )
        assert counts(verdicts(workplace, run)) == (3, 2, 2, 1)
