"""What is said of nights that are stable, and of nights in which one thing changed."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pytest

from nightflag import features
from nightflag.drift import Finding, Reference, Tally, measured
from nightflag.drift.reference import SCORES

RECORDS, DAYS = 6_000, 20
Frame = pd.DataFrame


def night(count: int, seed: int) -> Frame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": random.lognormal(size=count),
            "pieces": random.poisson(3, count),
            "fee": np.where(random.random(count) < 0.1, np.nan, random.normal(size=count)),
            "channel": random.choice(["card", "cash"], count, p=[0.8, 0.2]),
        }
    )


def scores(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).chisquare(4, count)


@pytest.fixture(scope="module")
def reference() -> Reference:
    frame = night(RECORDS, 0)
    days = np.repeat(np.arange(DAYS), RECORDS // DAYS)
    pipeline = features.fit(frame, kinds=features.infer(frame).kinds)
    return Reference.of(pipeline.fitted, frame, days, scores(1_500, 0))


def tallied(reference: Reference, frame: Frame, seed: int = 1, size: int | None = None) -> Tally:
    tally = Tally(reference)
    marks = np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, len(frame))
    given = scores(len(frame), seed)
    for start in range(0, len(frame), size or len(frame)):
        part = slice(start, start + (size or len(frame)))
        tally.add(marks[part], frame.iloc[part], given[part])
    return tally


def drifted(findings: Iterable[Finding]) -> dict[str, str | None]:
    return {one.feature: one.why for one in findings if one.drifted}


@pytest.mark.parametrize("count", [100, 500, 5_000])
def test_a_stable_night_drifts_in_nothing(reference: Reference, count: int) -> None:
    for seed in range(1, 51):
        findings = measured([tallied(reference, night(count, seed), seed)])
        assert [one.feature for one in findings] == [*reference.columns, SCORES]
        assert drifted(findings) == {}


@pytest.mark.parametrize("count", [200, 5_000])
@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        ("amount", lambda frame: frame["amount"] * 1_000, "beyond the training values in"),
        ("fee", lambda frame: frame["fee"] + 1, "PSI "),
        ("fee", lambda frame: None, "missing in 100.0%, was"),
        ("channel", lambda frame: "phone", "beyond the training values in 100.0%, was 0.0%"),
        ("pieces", lambda frame: 0, "PSI "),
    ],
)
def test_the_column_that_changed_is_named_and_no_other(
    reference: Reference, count: int, column: str, change: Callable[[Frame], object], words: str
) -> None:
    frame = night(count, 3)
    found = drifted(measured([tallied(reference, frame.assign(**{column: change(frame)}))]))
    assert list(found) == [column]
    assert words in str(found[column])


def test_a_trifle_is_significant_on_a_large_night_and_yet_no_drift(reference: Reference) -> None:
    frame = night(20_000, 4)
    findings = measured([tallied(reference, frame.assign(fee=frame["fee"] + 0.15))])
    [fee] = [one for one in findings if one.feature == "fee"]
    assert fee.p_value < 1e-6
    assert not fee.drifted


def test_scores_that_move_are_a_drift_of_their_own(reference: Reference) -> None:
    tally, frame = Tally(reference), night(500, 5)
    tally.add(np.arange(500), frame, scores(500, 5) + 3)
    assert list(drifted(measured([tally]))) == [SCORES]


def test_few_records_and_a_model_without_a_reference_say_nothing(reference: Reference) -> None:
    assert measured([tallied(reference, night(99, 1)), None]) == ()
    assert measured([None]) == ()
    assert measured([]) == ()


def test_the_sample_is_the_same_in_whichever_batches_and_partitions(reference: Reference) -> None:
    frame = night(70_000, 6)
    whole = measured([tallied(reference, frame)])
    assert 10_000 < whole[0].records <= 20_000
    assert measured([tallied(reference, frame, size=9_999)]) == whole
    marks, given = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 70_000), scores(70_000, 1)
    parts = []
    for part in (slice(0, 5_000), slice(5_000, 70_000)):
        parts.append(Tally(reference))
        parts[-1].add(marks[part], frame.iloc[part], given[part])
    assert measured(parts) == whole


def test_days_that_differ_in_training_raise_the_bar() -> None:
    """A machine whose level wanders from day to day, and one that stays."""
    random = np.random.default_rng(7)
    days = np.repeat(np.arange(40), 300)
    levels = random.normal(size=41)
    frame = pd.DataFrame({"wanders": levels[days] + random.normal(size=len(days)) / 4})
    frame["stays"] = random.normal(size=len(days))
    pipeline = features.fit(frame, kinds=dict.fromkeys(frame, "numeric"))
    reference = Reference.of(pipeline.fitted, frame, days, scores(3_000, 7))
    tonight = pd.DataFrame({"wanders": 0.5 + random.normal(size=300) / 4})
    tonight["stays"] = random.normal(size=300)
    wanders, stays, _ = measured([tallied(reference, tonight)])
    assert wanders.psi > 0.5
    assert wanders.p_value < 1e-6
    assert wanders.psi_bar > 1
    assert not wanders.drifted
    assert stays.psi_bar == 0.2
    broken = tonight.assign(wanders=tonight["wanders"] * 1_000)
    assert list(drifted(measured([tallied(reference, broken)]))) == ["wanders"]
