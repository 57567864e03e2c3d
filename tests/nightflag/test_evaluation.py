"""How flags compare with labels, by hand and by nightflag."""

from datetime import timedelta

import pytest

from nightflag.errors import SourceError
from nightflag.evaluation import Quality, quality
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows

FLAGGED = "select payment from payments_flags"


@pytest.fixture
def workplace(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20))
        yield workplace


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
        assert quality(workplace, run) == Quality(400, 22, len(flagged), caught)


def test_precision_and_recall_are_shares():
    found = Quality(labelled=100, anomalies=10, flagged=5, true_positives=4)
    assert (found.precision, found.recall) == (0.8, 0.4)
    nothing = Quality(labelled=0, anomalies=0, flagged=0, true_positives=0)
    assert (nothing.precision, nothing.recall) == (None, None)


def test_without_a_label_there_is_nothing_to_say(tmp_path, sqlite_url):
    with at_work(sqlite_url, tmp_path, label=None) as workplace:
        fill(workplace, records(50, frauds=2))
        assert quality(workplace, publish(workplace)) is None


def test_records_without_a_label_are_left_out(workplace):
    run = publish(workplace)
    change(workplace, "update payments set fraud = null where payment <> 'p-00000'")
    assert quality(workplace, run) == Quality(1, 1, 1, 1)


def test_the_records_of_another_night_are_not_counted(workplace):
    publish(workplace)
    late = records(3, frauds=1).assign(payment=["late-1", "late-2", "late-3"])
    fill(workplace, late)
    run = publish(workplace, NIGHT + timedelta(days=1))
    assert run.window.start < NIGHT - timedelta(hours=1), "the look-back covers the first night"
    assert quality(workplace, run) == Quality(3, 1, 1, 1)


def test_a_record_corrected_since_is_left_out(workplace):
    run = publish(workplace)
    change(workplace, "update payments set amount = 51 where payment = 'p-00000'")
    assert quality(workplace, run).anomalies == 19


def test_labels_may_be_words_or_numbers(tmp_path, sqlite_url):
    words = "select p.*, case when fraud then ' Anomaly' else 'normal' end as verdict"
    numbers = "select p.*, case when fraud then 2 else 0 end as verdict"
    for query in (words, numbers):
        source = {"table": None, "query": f"{query} from payments p", "label": "verdict"}
        folder = tmp_path / query[-20:].replace(" ", "-")
        folder.mkdir()
        with at_work(f"sqlite:///{folder / 'bank.db'}", folder, **source) as workplace:
            fill(workplace, records(400, frauds=20))
            found = quality(workplace, publish(workplace))
        assert (found.labelled, found.anomalies, found.true_positives) == (400, 20, 20)


def test_words_that_are_neither_yes_nor_no_are_no_labels(tmp_path, sqlite_url):
    source = {
        "table": None,
        "query": "select p.*, 'not looked at' as verdict from payments p",
        "label": "verdict",
    }
    with at_work(sqlite_url, tmp_path, **source) as workplace:
        fill(workplace, records(50, frauds=2))
        assert quality(workplace, publish(workplace)) == Quality(0, 0, 0, 0)


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
            quality(workplace, run)
