"""An entity's own level and spread, drawn towards all others where little is known of it."""

import numpy as np
import pytest

from nightflag.features.levels import Levels


def fitted(parts, baselines=None):
    """The levels of one column, from values by entity."""
    names = np.concatenate([np.full(len(values), name, object) for name, values in parts.items()])
    values = np.concatenate(list(parts.values()))[:, None].astype(float)
    unknown = np.full(values.shape, np.nan) if baselines is None else baselines
    return Levels.fit(names, values, unknown)


def entities(count, rows, *, seed=0):
    """Entities whose centers lie apart and whose spreads differ by orders of magnitude."""
    random = np.random.default_rng(seed)
    return {f"e{at}": random.normal(100 * at, 10.0 ** (at % 3), rows) for at in range(count)}


def test_an_entity_of_many_records_keeps_its_own_center_and_spread():
    levels = fitted(entities(6, 500))
    for at in range(6):
        level = levels.entities[f"e{at}"]
        assert level.records == 500
        assert level.centers[0] == pytest.approx(100 * at, abs=0.2 * 10.0 ** (at % 3))
        assert level.spreads[0] == pytest.approx(10.0 ** (at % 3), rel=0.15)


def test_an_unknown_entity_is_taken_for_the_usual_one():
    levels = fitted(entities(7, 200))
    known = levels.known(("e5", "never seen"), np.array([0, 1, 1]))
    assert known.records.tolist() == [200, 0, 0]
    assert known.centers[1] == known.centers[2] == levels.pooled.centers
    assert known.spreads[1, 0] == pytest.approx(10, rel=0.3)


def test_an_entity_of_few_records_is_drawn_towards_the_others():
    random = np.random.default_rng(1)
    alike = {f"e{at}": random.normal(random.normal(0, 0.3), 1, 300) for at in range(40)}
    levels = fitted({**alike, "new": np.array([4.0, 5.0])})
    assert levels.pooled.centers[0] < levels.entities["new"].centers[0] < 4.5
    assert levels.entities["new"].spreads[0] > 0.5


def test_a_single_entity_is_known_by_itself():
    levels = fitted({"": np.random.default_rng(2).normal(7, 3, 4_000)})
    assert levels.pooled.centers == levels.entities[""].centers
    assert levels.entities[""].spreads[0] == pytest.approx(3, rel=0.1)


def test_the_spread_is_that_around_the_baseline():
    drifting = np.arange(1_000) * 5 + np.random.default_rng(3).normal(0, 1, 1_000)
    around = fitted({"": drifting}, baselines=(np.arange(1_000) * 5.0)[:, None])
    assert around.entities[""].spreads[0] == pytest.approx(1, rel=0.1)
    assert fitted({"": drifting}).entities[""].spreads[0] > 1_000


def test_missing_and_constant_values_leave_finite_levels():
    levels = fitted({"empty": np.full(5, np.nan), "flat": np.full(5, 3.0), "one": np.ones(1)})
    for level in (levels.pooled, *levels.entities.values()):
        assert np.isfinite([*level.centers, *level.spreads]).all()
        assert level.spreads[0] > 0
