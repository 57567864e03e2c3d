"""The page compares the model in the shadow with the one in use, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from nightflag import features, models, reporting
from nightflag.calibration import Calibration
from nightflag.models import Model
from nightflag.reporting.contents import gather
from nightflag.reporting.quality import Judged
from nightflag.reporting.shadow import Comparison
from nightflag.runs import Run
from nightflag.workplace import Workplace
from tests.nightflag.reporting.payments import fill, publish, records, rows, sum_of_squares
from tests.nightflag.reporting.reading import Page
from tests.nightflag.test_shadow import DAY, NIGHT, later, waits, watched

BOTH = "from payments_scores s join payments_shadow w on s.payment = w.payment where w.run_id = 2"


@pytest.fixture
def night(database_url: str, tmp_path: Path) -> Iterator[tuple[Workplace, Run]]:
    """A night by a model of amounts and shops, in its shadow a stricter one of higher amounts."""
    with watched(database_url, tmp_path) as workplace:
        publish(workplace)
        fill(workplace, later(records(300, frauds=3)))
        past = records(400, frauds=1)[["amount", "shop"]]
        past["amount"] += 5
        pipeline = features.fit(past, kinds={"amount": "numeric"})
        detector = sum_of_squares(pipeline.names)
        scores = detector.score(pipeline.transform(past.iloc[1:]))
        waits(workplace, Model(pipeline, detector, Calibration(2 * scores)))
        yield workplace, publish(workplace, NIGHT + DAY)


def compared(workplace: Workplace, run: Run) -> Comparison:
    found = gather(workplace, run).shadow
    assert found is not None
    return found


def count(workplace: Workplace, condition: str) -> int:
    return int(rows(workplace, f"select count(*) {BOTH} and {condition}")[0][0])


def test_both_are_counted_at_the_alarm_rate(night: tuple[Workplace, Run]) -> None:
    workplace, _ = night
    found = compared(*night)
    assert found.version == 2
    assert found.night.records == 300
    assert found.night.in_use == count(workplace, "s.p_value <= 0.05")
    assert found.night.waiting == count(workplace, "w.p_value <= 0.05")
    assert found.night.both == count(workplace, "s.p_value <= 0.05 and w.p_value <= 0.05")
    assert found.night.in_use > found.night.waiting >= 3
    assert found.night.overlap == pytest.approx(found.night.waiting / found.night.in_use)


def test_how_alike_they_rank_is_spearmans_correlation(night: tuple[Workplace, Run]) -> None:
    pairs = np.array(rows(night[0], f"select s.score, w.score {BOTH}"))
    expected = spearmanr(pairs[:, 0], pairs[:, 1]).statistic
    assert 0.5 < expected < 0.99
    assert compared(*night).rank_correlation == pytest.approx(expected)


def test_labels_and_verdicts_say_how_precise_each_is(night: tuple[Workplace, Run]) -> None:
    workplace, run = night
    found = compared(workplace, run)
    assert found.verdicts is None
    assert found.labels == (Judged(found.night.in_use, 3), Judged(found.night.waiting, 3))
    only = f"select s.payment {BOTH} and s.p_value <= 0.05 and w.p_value > 0.05"
    told = [("qp-00000", "anomaly"), (rows(workplace, only)[0][0], "normal")]
    with workplace.results.writing() as connection:
        for key, verdict in told:
            connection.exec_driver_sql(
                "insert into nightflag_verdicts (monitor, key, verdict) "
                f"values ('payments', '{key}', '{verdict}')"
            )
    assert compared(workplace, run).verdicts == (Judged(2, 1), Judged(1, 1))


def test_nights_add_up(night: tuple[Workplace, Run]) -> None:
    workplace, _ = night
    fill(workplace, later(later(records(100, frauds=1))))
    found = compared(workplace, publish(workplace, NIGHT + 2 * DAY))
    assert (found.night.nights, found.night.records) == (1, 100)
    assert (found.newest.nights, found.newest.records) == (2, 400)


def test_the_page_tells_it(night: tuple[Workplace, Run]) -> None:
    page = Page(reporting.write(*night).path)
    assert "In the shadow: model 2" in page.text
    assert "by labels, this night" in page.text


def test_there_is_nothing_to_tell_without_one(night: tuple[Workplace, Run]) -> None:
    workplace, run = night
    training = workplace.monitor.training.model_copy(update={"shadow": False})
    monitor = workplace.monitor.model_copy(update={"training": training})
    assert gather(replace(workplace, monitor=monitor), run).shadow is None
    first = models.latest(workplace.results, "payments", limit=2)
    assert [one.status for one in first] == ["challenger", "champion"]
