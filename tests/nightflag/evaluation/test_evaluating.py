"""What stands in nightflag_quality, on both databases."""

from datetime import timedelta

import numpy as np
import pytest

from nightflag.evaluation import Truth, evaluate, evaluate_nights, measures
from nightflag.evaluation.measures import METRICS
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows

KEPT = "select run_id, truth, metric, value, low, high, records, anomalies from nightflag_quality"


@pytest.fixture
def workplace(database_url, tmp_path):
    with at_work(database_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20))
        yield workplace


def judge(workplace, **verdicts):
    with workplace.results.writing() as connection:
        for key, verdict in verdicts.items():
            connection.exec_driver_sql(
                "insert into nightflag_verdicts (monitor, key, verdict) "
                f"values ('payments', '{key.replace('_', '-')}', '{verdict}')"
            )


def test_measures_are_those_of_the_textbook():
    anomalous = np.array([True, True, True, False, False, False, False, False])
    score = np.array([9.0, 8, 1, 7, 6, 3, 2, 0])
    found = {
        one.metric: one.value
        for one in measures(Truth("labels", anomalous, score, score > 5, score > 7.5))
    }
    assert set(found) == set(METRICS)
    assert found == pytest.approx(
        {
            "accuracy": 5 / 8,
            "precision": 2 / 4,
            "recall": 2 / 3,
            "precision_at_budget": 1,
            "f1": 4 / 7,
            "average_precision": (1 + 1 + 3 / 7) / 3,
            "auroc": 11 / 15,
        }
    )


def test_what_cannot_be_known_is_left_out():
    nothing = np.zeros(3, dtype=bool)
    found = measures(Truth("labels", nothing, np.arange(3.0), nothing, nothing))
    assert [one.metric for one in found] == ["accuracy"]


def test_a_night_is_kept_by_labels_and_by_verdicts(workplace):
    run = publish(workplace)
    judge(workplace, p_00000="anomaly", p_00001="anomaly", p_00300="normal")
    evaluate(workplace, run)
    kept = {(row[1], row[2]): row for row in rows(workplace, KEPT)}
    assert {metric for truth, metric in kept if truth == "labels"} == set(METRICS)
    run_id, _, _, value, low, high, known, anomalies = kept["labels", "recall"]
    assert (run_id, value, known, anomalies) == (run.run_id, 1, 400, 20)
    assert 0.8 < low < 1 == high
    assert kept["verdicts", "precision"][-2:] == (3, 2)


def test_evaluating_again_replaces_what_was_kept(workplace):
    run = publish(workplace)
    judge(workplace, p_00000="anomaly")
    evaluate(workplace, run)
    with workplace.results.writing() as connection:
        connection.exec_driver_sql("delete from nightflag_verdicts")
    evaluate(workplace, run)
    kept = rows(workplace, KEPT)
    assert {row[1] for row in kept} == {"labels"}
    assert len(kept) == len(METRICS)


def test_the_nights_of_a_model_stand_together_under_run_0(workplace):
    first = publish(workplace)
    late = records(3, frauds=1).assign(payment=["late-1", "late-2", "late-3"])
    fill(workplace, late)
    second = publish(workplace, NIGHT + timedelta(days=1))
    evaluate_nights(workplace, [second, first])
    known = {row[0]: row[-2:] for row in rows(workplace, KEPT) if row[2] == "auroc"}
    assert known == {first.run_id: (400, 20), second.run_id: (3, 1), 0: (403, 21)}
