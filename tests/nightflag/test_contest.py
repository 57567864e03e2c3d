"""The challenger takes over unless something says beyond noise that it is worse."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from nightflag.contest import Evidence, Known, decide, found_again

COUNT = 1_000
RANDOM = np.random.default_rng(5)
STRANGENESS = RANDOM.gamma(2.0, size=COUNT)
NOISE = RANDOM.normal(size=(3, COUNT))
ANOMALIES = np.argsort(-STRANGENESS)[:40]


def scores(noise: float, row: int) -> np.ndarray:
    return STRANGENESS + noise * NOISE[row]


def among(champion: np.ndarray, challenger: np.ndarray, *, judged: bool = False) -> Known:
    """All records with the truth about them, from labels or from people."""
    anomalous = np.isin(np.arange(COUNT), ANOMALIES)
    return Known(champion, challenger, anomalous, np.full(COUNT, judged))


NOTHING = among(STRANGENESS, STRANGENESS).at(np.zeros(COUNT, dtype=bool))


def of(noise: tuple[float, float], known: Known = NOTHING) -> Evidence:
    """Two models that see the same but for so much noise."""
    return Evidence(scores(noise[0], 0), scores(noise[1], 1), scores(0.2, 2), known)


def labelled(champion: np.ndarray, challenger: np.ndarray) -> Evidence:
    return replace(of((0.1, 0.1)), known=among(champion, challenger))


@pytest.fixture
def evidence() -> Evidence:
    """Two models that see nearly the same, of records of which nothing is known."""
    return of((0.1, 0.1))


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
    assert "finds the champion's 50 strongest records again with average precision 0.7" in (
        decision.why
    )
    assert decide(replace(evidence, challenger=blind, drifted=True)).takes_over


def test_a_drift_excuses_no_model_that_leaves_the_references(evidence: Evidence) -> None:
    assert not decide(replace(evidence, challenger=scores(5.0, 1), drifted=True)).takes_over


def test_labels_decide_alone(evidence: Evidence) -> None:
    other = 0.01 * NOISE[1]
    assert not decide(replace(evidence, challenger=other)).takes_over
    better = among(evidence.champion, other + np.isin(np.arange(COUNT), ANOMALIES))
    assert decide(replace(evidence, challenger=other, known=better)).takes_over


def test_a_model_with_a_lower_precision_beyond_noise_is_refused() -> None:
    decision = decide(labelled(scores(0.1, 0), scores(2.0, 1)))
    assert not decision.takes_over
    assert decision.why.startswith("worse: average precision 0.")


def test_a_difference_within_noise_does_not_keep_a_fresher_model_out() -> None:
    decision = decide(labelled(scores(0.10, 0), scores(0.11, 1)))
    assert decision.takes_over
    assert decision.why.startswith("not worse: average precision")


def test_a_few_known_records_decide_nothing() -> None:
    few = np.concatenate([ANOMALIES[:9], np.argsort(STRANGENESS)[:100]])
    known = among(scores(0.1, 0), scores(2.0, 1)).at(few)
    assert "known anomalies" not in decide(of((0.1, 0.1), known)).why


def test_verdicts_refuse_a_model_that_ranks_them_worse(evidence: Evidence) -> None:
    worse = among(scores(0.1, 0), scores(2.0, 1), judged=True)
    decision = decide(replace(evidence, known=worse))
    assert not decision.takes_over
    assert decision.why.startswith("worse: average precision 0.")


def test_verdicts_let_no_model_in_that_the_other_records_refuse(evidence: Evidence) -> None:
    better = among(scores(2.0, 0), scores(0.1, 1), judged=True)
    assert decide(replace(evidence, known=better)).takes_over
    spoilt = decide(replace(evidence, challenger=scores(5.0, 1), known=better))
    assert not spoilt.takes_over
    assert "by verdicts not worse: average precision" in spoilt.why


def test_of_its_own_flags_a_champion_looks_worse_than_it_is() -> None:
    """Why verdicts alone let nobody in: both models are as good, and one was asked for flags."""
    everything = among(scores(1.0, 0), scores(1.0, 1))
    flagged = everything.at(np.argsort(-everything.champion)[:60])
    assert gained(everything) < 0 < gained(flagged) - 0.03


def gained(known: Known) -> float:
    before, after = (
        average_precision_score(known.anomalous, one) for one in (known.champion, known.challenger)
    )
    return float(after - before)


def test_a_champion_whose_scores_are_not_finite_gives_way(evidence: Evidence) -> None:
    decision = decide(replace(evidence, champion=evidence.champion * np.inf))
    assert decision.takes_over


def test_where_nearly_all_was_judged_the_rest_is_not_asked(evidence: Evidence) -> None:
    nine = {name: getattr(evidence, name)[:9] for name in ("champion", "challenger", "consensus")}
    assert (
        "9 held-out records that nobody judged are too few" in decide(replace(evidence, **nine)).why
    )


def test_a_model_that_departs_towards_the_references_takes_over() -> None:
    """Then it is the champion that may be spoilt: a good model is not refused for its sake."""
    blind = STRANGENESS.copy()
    blind[np.argsort(-blind)[:15]] = 0
    assert decide(Evidence(blind, scores(0.1, 1), STRANGENESS, NOTHING)).takes_over
    assert not decide(Evidence(scores(0.1, 1), blind, STRANGENESS, NOTHING)).takes_over


@pytest.mark.parametrize(("moved", "precision"), [(0, 1.0), (25, 0.5), (50, 0.025)])
def test_of_the_strongest_those_that_became_ordinary_are_lost(moved: int, precision: float) -> None:
    champion = np.arange(1_000.0)
    challenger = champion.copy()
    challenger[1_000 - moved :] = -1
    found = found_again(champion, challenger, 0)
    assert found.count == 50
    assert found.precision == pytest.approx(precision, abs=0.03)
    assert found.precision <= found.high + 1e-9


@pytest.mark.parametrize(("count", "takes_over"), [(199, True), (200, False)])
def test_the_strongest_are_asked_where_they_are_ten_at_least(count: int, takes_over: bool) -> None:
    """Of fewer records they are ordinary ones, which another good model need not find striking."""
    champion = scores(0.1, 0)[:count]
    challenger = champion.copy()
    challenger[np.argsort(-champion)[:6]] = np.median(champion)
    assert decide(Evidence(champion, challenger, champion, NOTHING)).takes_over == takes_over
