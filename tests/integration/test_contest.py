"""Labels and verdicts tell in the contest which model is worse."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from nightflag import features, models, provenance, rivals, succession
from nightflag.calibration import Calibration
from nightflag.evidence import Contestants, gather
from nightflag.models import Model
from nightflag.retraining import DRIFTED
from nightflag.rivals import Rivalry
from nightflag.verdicts import Verdict, give
from tests.nightflag.reporting.payments import (
    NIGHT,
    at_work,
    fill,
    publish,
    records,
    sum_of_squares,
)

NOW = datetime(2026, 1, 9, tzinfo=UTC)
KEYS = [f"p-{number:05}" for number in range(400)]
FRAUDS, HONEST = KEYS[1:16], KEYS[20:35]


@pytest.fixture
def workplace(database_url, tmp_path):
    """A published night of 400 payments; the first 15 are frauds, labels say nothing."""
    with at_work(database_url, tmp_path) as workplace:
        fill(workplace, records(400, frauds=20).assign(fraud=None))
        publish(workplace)
        # The champion stands for one that was trained by this monitor.
        with workplace.results.writing() as connection:
            recipe = succession.recipe_hash(workplace.monitor)
            connection.execute(text(f"update nightflag_models set config_hash = '{recipe}'"))
        yield workplace


def held_out(**labels):
    """All payments but the confirmed frauds, as training would hold them out."""
    payments = records(400, frauds=20)
    return payments[~payments["payment"].isin(FRAUDS)].assign(**labels).reset_index(drop=True)


def challenger(workplace, *, blind):
    """A model like the champion, or one to whom a high amount is an ordinary one."""
    past = records(400, frauds=1)[["amount", "shop"]]
    if blind:
        past["amount"] = np.linspace(40, 600, len(past))
    pipeline = features.fit(past, kinds={"amount": "numeric", "shop": "categorical"})
    detector = sum_of_squares(pipeline.names)
    return Model(pipeline, detector, Calibration(detector.score(pipeline.transform(past))))


def judge(workplace, verdict, keys):
    given = [Verdict(key, verdict) for key in keys]
    give(workplace.results, workplace.monitor.name, given, now=NOW)


def evidence(workplace, **labels):
    entry = models.champion(workplace.results, "payments")
    champion = models.load(entry, folder=workplace.models)
    both = Contestants(champion, challenger(workplace, blind=False))
    return gather(workplace, both, held_out(**labels), NIGHT)


def test_verdicts_are_known_records_and_confirmed_anomalies_are_read_again(workplace):
    judge(workplace, "anomaly", FRAUDS)
    judge(workplace, "normal", HONEST)
    found = evidence(workplace, fraud=None)
    assert found.known.judged.all()
    assert found.known.anomalous.sum() == len(FRAUDS)
    assert len(found.known.anomalous) == len(FRAUDS) + len(HONEST)
    assert len(found.champion) == len(held_out()) - len(HONEST)


def test_a_verdict_counts_more_than_a_label(workplace):
    labelled = evidence(workplace).known
    assert (labelled.anomalous.sum(), labelled.judged.any()) == (5, False)
    judge(workplace, "anomaly", FRAUDS)
    judge(workplace, "normal", [KEYS[0]])
    known = evidence(workplace).known
    assert known.anomalous.sum() == 5 + len(FRAUDS) - 1
    assert known.anomalous[known.judged].sum() == len(FRAUDS)


def test_a_model_that_no_longer_sees_confirmed_anomalies_is_refused(workplace):
    judge(workplace, "anomaly", FRAUDS)
    judge(workplace, "normal", HONEST)
    worse = challenger(workplace, blind=True)
    status, why = succession.outcome(workplace, worse, held_out(fraud=None), NIGHT)
    assert status == "refused"
    assert why.startswith("worse: average precision")
    assert "on 15 known anomalies" in why
    like = challenger(workplace, blind=False)
    assert succession.outcome(workplace, like, held_out(fraud=None), NIGHT)[0] == "champion"


def test_few_verdicts_and_those_that_came_later_decide_nothing(workplace):
    judge(workplace, "anomaly", FRAUDS[:9])
    judge(workplace, "normal", HONEST)
    assert not len(evidence(workplace, fraud=None).known.anomalous)
    judge(workplace, "anomaly", FRAUDS)
    earlier = replace(workplace, moment=NOW - timedelta(days=1))
    found = evidence(earlier, fraud=None)
    assert not len(found.known.anomalous)
    assert len(found.champion) == len(held_out())


BEHIND = Rivalry(20, 0.31, "isolation_forest", 0.58, -0.35, -0.2)


def behind(model):
    """The model, found to be worse than a reference where labels tell."""
    about = {**model.detector.about, rivals.KEY: BEHIND.to_json()}
    return replace(model, detector=replace(model.detector, about=about))


def test_a_model_behind_a_reference_is_refused_though_the_contest_lets_it_in(workplace):
    poor = behind(challenger(workplace, blind=False))
    status, why = succession.outcome(workplace, poor, held_out(fraud=None), NIGHT)
    assert status == "refused"
    assert "average precision 0.310, the reference's 0.580, on 20 labelled anomalies" in why
    assert "train on more records" in why
    assert "use `detector: auto`" not in why, "it is auto"


def test_it_takes_over_with_a_word_where_the_champion_is_behind_as_well(workplace):
    about = json.dumps({rivals.KEY: BEHIND.to_json()})
    with workplace.results.writing() as connection:
        connection.execute(text("update nightflag_models set about = :about"), {"about": about})
    poor = behind(challenger(workplace, blind=False))
    status, why = succession.outcome(workplace, poor, held_out(fraud=None), NIGHT)
    assert status == "champion"
    assert "fresher, and like the champion" in why
    assert "although behind the reference isolation_forest" in why


@pytest.mark.parametrize("part", ["detector", "features"])
def test_a_person_who_asks_for_other_features_gets_them_with_a_word(workplace, part):
    """The champion of another detector scores the same records; one of other features may not."""
    then = provenance.recipe(workplace.monitor)
    with workplace.results.writing() as connection:
        about = json.dumps({provenance.KEY: {"recipe": {**then, part: "another"}}})
        change = text("update nightflag_models set config_hash = 'another', about = :about")
        connection.execute(change, {"about": about})
    poor = behind(challenger(workplace, blind=False))
    status, why = succession.outcome(workplace, poor, held_out(fraud=None), NIGHT)
    assert status == {"detector": "refused", "features": "champion"}[part]
    assert "behind the reference isolation_forest" in why


def incident(**labels):
    """The payments, of whose newest quarter each is ten times as high as it should be."""
    payments = held_out(**labels)
    payments.loc[300:, "amount"] *= 10
    return payments


@pytest.fixture
def calibrated(workplace):
    """A challenger that sees what the champion sees, so that only its calibration is in doubt."""
    return challenger(workplace, blind=False)


def test_a_model_that_an_incident_calibrated_is_refused_with_what_to_do(workplace, calibrated):
    quiet = held_out(fraud=None)
    assert succession.outcome(workplace, calibrated, quiet, NIGHT)[0] == "champion"
    status, why = succession.outcome(workplace, calibrated, incident(fraud=None), NIGHT)
    assert status == "refused"
    assert why.startswith("its calibration may be spoilt: the champion flags 2")
    assert "of the 385 records that calibrate it, where 5.0% was promised" in why
    assert "nightflag exclude" in why


def test_a_lasting_drift_is_no_incident(workplace, calibrated):
    reason = f"{DRIFTED}: amount"
    status, why = succession.outcome(workplace, calibrated, incident(fraud=None), NIGHT, reason)
    assert status == "champion"
    assert "although the champion flags 2" in why


def test_what_a_model_was_refused_for_is_accepted_the_next_time(workplace, calibrated):
    status, why = succession.outcome(workplace, calibrated, incident(fraud=None), NIGHT)
    entry = models.champion(workplace.results, "payments")
    made, folder = entry.training, workplace.models
    models.register(
        workplace.results, "payments", calibrated, made, folder=folder, status=status, decision=why
    )
    status, why = succession.outcome(workplace, calibrated, incident(fraud=None), NIGHT)
    assert status == "champion"
    assert why.startswith("fresher, and agrees with the references like the champion")
    assert "although the champion flags 2" in why
