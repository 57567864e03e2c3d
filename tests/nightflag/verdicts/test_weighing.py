"""What verdicts on similar flags do to a candidate's p-value."""

import numpy as np
import pytest

from nightflag.verdicts.weighing import Precedents
from tests.nightflag.verdicts.test_profiles import reasons

MUCH, LITTLE = ("amount", 1.0, "500", "40"), ("amount", 1.0, "1", "40")
LATE, HOT = ("hour", 1.0, "3", "12"), ("heat", 1.0, "90", "20")


def precedents(*judged):
    keys, verdicts, records = zip(*judged, strict=True)
    return Precedents.of(keys, verdicts, reasons(*records))


def weighed(known, *records, p_value=0.001):
    return known.weigh(np.full(len(records), p_value), reasons(*records))


def test_without_a_verdict_nothing_changes():
    found = weighed(Precedents.of([], [], reasons()), [MUCH], [LATE])
    assert found.p_value.tolist() == [0.001, 0.001]
    assert found.withheld == [None, None]


def test_the_same_false_alarm_does_not_come_back_after_one_verdict():
    found = weighed(precedents(("7", "normal", [MUCH])), [MUCH], [LITTLE], [HOT])
    assert found.p_value[0] == 1
    assert found.withheld[0] == "resembles 7, judged normal"
    assert found.p_value[1:].tolist() == [0.001, 0.001], "what is not like it stays as it was"
    assert found.withheld[1:] == [None, None]


def test_an_anomaly_among_similar_normals_is_never_silenced_for_good():
    known = precedents(("7", "normal", [MUCH]), ("8", "anomaly", [MUCH]))
    assert weighed(known, [MUCH]).p_value[0] < 1


def test_more_normals_nearby_raise_the_p_value_further_and_more_anomalies_lower_it():
    between = [MUCH, LATE]
    one = weighed(precedents(("1", "normal", [MUCH]), ("2", "anomaly", [HOT])), between)
    two = weighed(
        precedents(
            ("1", "normal", [MUCH]),
            ("3", "normal", [MUCH]),
            ("2", "anomaly", [HOT]),
            ("4", "anomaly", [HOT]),
        ),
        between,
    )
    assert 0.001 < one.p_value[0] < two.p_value[0] < 1
    assert one.withheld == ["resembles 1, judged normal"]
    confirmed = weighed(precedents(("1", "normal", [HOT]), ("2", "anomaly", [MUCH])), between)
    assert confirmed.p_value[0] < 0.001
    assert confirmed.withheld == [None]


def test_the_nearest_normal_is_the_one_named():
    known = precedents(("far", "normal", [MUCH, LATE]), ("near", "normal", [MUCH]))
    assert weighed(known, [MUCH]).withheld == ["resembles near, judged normal"]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_verdicts_does_not_matter(seed):
    judged = [("1", "normal", [MUCH]), ("2", "anomaly", [MUCH, HOT]), ("3", "normal", [LATE, HOT])]
    records = [[MUCH, LATE], [HOT, LATE], [MUCH, HOT]]
    shuffled = [judged[at] for at in np.random.default_rng(seed).permutation(3)]
    first, again = (weighed(precedents(*one), *records) for one in (judged, shuffled))
    assert first.p_value == pytest.approx(again.p_value)
    assert first.withheld == again.withheld
