"""The challenger takes over unless something says beyond noise that it is worse."""

from dataclasses import replace

import numpy as np
import pytest

from nightflag.contest import Evidence, decide, kept_on_top

COUNT = 1_000
RANDOM = np.random.default_rng(5)
STRANGENESS = RANDOM.gamma(2.0, size=COUNT)
NOISE = RANDOM.normal(size=(3, COUNT))
ANOMALIES = np.argsort(-STRANGENESS)[:40]


def scores(noise: float, row: int) -> np.ndarray:
    return STRANGENESS + noise * NOISE[row]


@pytest.fixture
def evidence() -> Evidence:
    """Two models that see nearly the same, of records of which nothing is known."""
    unknown = np.full(COUNT, np.nan)
    return Evidence(scores(0.1, 0), scores(0.1, 1), scores(0.2, 2), unknown)


@pytest.fixture
def known(evidence: Evidence) -> Evidence:
    """The same records, all of them judged."""
    truth = np.zeros(COUNT)
    truth[ANOMALIES] = 1
    return replace(evidence, truth=truth)


def test_a_model_like_the_champion_takes_over_because_it_is_fresher(evidence: Evidence) -> None:
    decision = decide(evidence)
    assert decision.takes_over
    assert decision.why.startswith("fresher, and like the champion")


def test_the_decision_is_the_same_however_often_it_is_taken(evidence: Evidence) -> None:
    assert decide(evidence) == decide(evidence)


def test_a_model_that_leaves_the_references_is_refused(evidence: Evidence) -> None:
    decision = decide(replace(evidence, challenger=scores(5.0, 1)))
    assert not decision.takes_over
    assert "agrees less with the references" in decision.why


def test_a_model_that_no_longer_sees_what_struck_the_champion_is_refused(
    evidence: Evidence,
) -> None:
    blind = evidence.champion.copy()
    blind[np.argsort(-blind)[:15]] = 0
    decision = decide(replace(evidence, challenger=blind))
    assert not decision.takes_over
    assert "keeps only 25% of the champion's 20 strongest" in decision.why


def test_where_the_truth_is_known_it_decides_alone(known: Evidence) -> None:
    better = known.truth + 0.01 * NOISE[1]
    assert decide(replace(known, challenger=better)).takes_over
    assert not decide(replace(known, truth=known.truth * np.nan, challenger=better)).takes_over


def test_a_model_with_a_lower_precision_beyond_noise_is_refused(known: Evidence) -> None:
    decision = decide(replace(known, challenger=scores(2.0, 1)))
    assert not decision.takes_over
    assert decision.why.startswith("worse: average precision 0.")
    assert decision.figures["gain_high"] < 0


def test_a_difference_within_noise_does_not_keep_a_fresher_model_out(known: Evidence) -> None:
    decision = decide(replace(known, champion=scores(0.10, 0), challenger=scores(0.11, 1)))
    assert decision.takes_over
    assert decision.why.startswith("not worse: average precision")


def test_a_few_known_records_decide_nothing(known: Evidence) -> None:
    truth = np.full(COUNT, np.nan)
    truth[ANOMALIES[:9]], truth[:100] = 1, 0
    truth[ANOMALIES[:9]] = 1
    assert "average precision" not in decide(replace(known, truth=truth)).why


@pytest.mark.parametrize(("moved", "kept"), [(0, 1.0), (5, 0.75), (20, 0.0)])
def test_the_top_is_kept_while_it_stays_within_twice_its_size(moved: int, kept: float) -> None:
    champion = np.arange(1_000.0)
    challenger = champion.copy()
    challenger[1_000 - moved :] = -1
    assert kept_on_top(champion, challenger) == (kept, 20)


@pytest.mark.parametrize(("lost", "takes_over"), [(3, True), (6, False)])
def test_of_few_records_more_may_be_lost_by_chance(lost: int, takes_over: bool) -> None:
    few = slice(0, 80)
    champion = scores(0.1, 0)[few]
    challenger = champion.copy()
    challenger[np.argsort(-champion)[:lost]] = np.median(champion)
    unknown = np.full(80, np.nan)
    assert decide(Evidence(champion, challenger, champion, unknown)).takes_over == takes_over
