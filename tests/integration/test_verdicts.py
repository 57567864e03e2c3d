"""What verdicts change on the nights that follow."""

from datetime import UTC, datetime, timedelta

import pytest

from nightflag import features, training
from nightflag.recalibration import recalibrate
from nightflag.verdicts import Verdict, confirmed, give, judged
from nightflag.windows import Window
from tests.integration.machines import machines
from tests.nightflag.reporting.payments import NIGHT, at_work, fill, publish, records, rows

NOW = datetime(2026, 1, 9, tzinfo=UTC)
FLAGS = "select payment from payments_flags"
WITHHELD = "select payment, withheld from payments_scores where withheld is not null"


@pytest.fixture
def workplace(database_url, tmp_path):
    """A published night of 400 payments, 20 of them frauds."""
    with at_work(database_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20))
        publish(workplace)
        yield workplace


def a_day_later(workplace):
    """Three payments: one like the frauds, one far below what is usual, and an ordinary one."""
    late = records(3, frauds=1).assign(payment=["high", "low", "usual"], amount=[505.0, -400, 50])
    late["shop"] = "bakery"
    late["paid_at"] += timedelta(days=1)
    fill(workplace, late)
    publish(workplace, NIGHT + timedelta(days=1))
    return {key for (key,) in rows(workplace, FLAGS) if not key.startswith("p-")} - {None}


def judge(workplace, verdict, *keys):
    given = [Verdict(key, verdict) for key in keys]
    give(workplace.results, workplace.monitor.name, given, now=NOW)


def test_without_a_verdict_both_are_flagged(workplace):
    assert {"high", "low"} <= a_day_later(workplace)


def test_the_same_false_alarm_does_not_come_back(workplace):
    judge(workplace, "normal", "p-00003")
    flagged = a_day_later(workplace)
    assert "high" not in flagged
    assert "low" in flagged
    assert rows(workplace, WITHHELD) == [("high", "resembles p-00003, judged normal")]
    decided = "select p_value, alarm_p_value from payments_scores where payment = 'high'"
    ((p_value, alarm_p_value),) = rows(workplace, decided)
    assert p_value < 0.05 < alarm_p_value == 1


def test_a_night_that_is_published_stays_as_it_is(workplace):
    before = rows(workplace, FLAGS)
    judge(workplace, "normal", "p-00003")
    publish(workplace)
    assert rows(workplace, FLAGS) == before


def test_confirmed_anomalies_are_not_trained_on(workplace):
    window = Window(None, NIGHT)
    everything = len(training.sample(workplace, window))
    judge(workplace, "anomaly", "p-00003", "p-00004")
    judge(workplace, "normal", "p-00005")
    sampled = training.sample(workplace, window)
    assert len(sampled) == everything - 2
    assert {"p-00003", "p-00004", "p-00005"} & set(sampled["payment"]) == {"p-00005"}


def test_confirmed_anomalies_do_not_calibrate(workplace):
    judge(workplace, "anomaly", "p-00003", "p-00004")
    assert recalibrate(workplace).training.calibration_records == 400 - 2


def test_confirmed_anomalies_are_seen_by_no_record_in_training(database_url, tmp_path):
    start = datetime(2026, 1, 1)
    readings = [
        {
            "reading_id": number,
            "machine": "saw",
            "read_at": start + timedelta(minutes=5 * number),
            "value": 9e9 if number == 100 else float(number % 7),
            "flaw": 0,
        }
        for number in range(400)
    ]
    sections = {"sequence": {"entity": "machine", "length": 4}, "training": {"at_least": 100}}
    with machines(database_url, tmp_path, **sections) as watched:
        watched.add(readings)
        watched.workplace.prepare()
        scored = dict.fromkeys(("score", "p_value"), 1.0)
        scores = watched.workplace.tables.scores
        with watched.workplace.results.writing() as connection:
            told = {"is_anomaly": True, "fingerprint": 1, "model_version": 1, "run_id": 1}
            moments = {"event_time": NOW, "scored_at": NOW}
            row = {"reading_id": 100, **scored, **told, **moments}
            connection.execute(scores.insert(), [row])
        judge(watched.workplace, "anomaly", "100")
        older, newest = training.parted(watched.workplace, Window(None, NOW))
        assert len(older) + len(newest) == 399
        for part in (older, newest):
            assert part.frame["reading_id"][~part.usable].tolist() == [100]
        seen_as = features.fit_sequence(older, kinds={"value": "numeric"}, clean=False)
        said = confirmed.read(watched.workplace)
        [(seen, anomalous)] = judged.records(watched.workplace, Window(None, NOW), said, seen_as)
        assert seen.records["reading_id"].tolist() == [100]
        assert anomalous.tolist() == [True]
        assert seen.own - seen.first == [3]
