import numpy as np
import pytest

from nightflag.detectors import neighbours


def line(*places):
    return np.array(places, np.float32)[:, None]


def test_a_row_is_not_its_own_neighbour():
    memory = neighbours.fit(line(*range(10)), seed=0)
    nearest, _ = memory.held_out(line(0, -2, 4.5))
    np.testing.assert_allclose(nearest, [1, 4, 0.25])


def test_the_same_distance_is_stranger_where_rows_lie_close_together():
    close, wide = np.arange(0, 1, 0.01), np.arange(100, 200, 1.0)
    memory = neighbours.fit(line(*close, *wide), seed=0)
    nearest, relative = memory.held_out(line(-3, 97))
    assert nearest[0] == pytest.approx(nearest[1])
    assert relative[0] > 5 * relative[1]


def test_where_all_rows_lie_equally_close_the_relative_distance_grows_with_the_distance():
    memory = neighbours.fit(line(*range(100)), seed=0)
    _, relative = memory.held_out(line(-2, -4, -8, -16))
    assert (np.diff(relative) > 0).all()


def test_no_more_rows_are_remembered_than_allowed():
    many = np.arange(10_000, dtype=np.float32)[:, None]
    memory = neighbours.fit(many, seed=0)
    assert memory.rows.shape == (neighbours.REMEMBERED, 1)
    assert len(np.unique(memory.rows)) == neighbours.REMEMBERED


def test_of_wide_rows_fewer_are_remembered():
    wide = np.random.default_rng(0).normal(size=(2_000, 2_048)).astype(np.float32)
    assert len(neighbours.fit(wide, seed=0).rows) == 512


def test_a_few_rows_count_as_many_neighbours_as_there_are_others():
    memory = neighbours.fit(line(0, 3), seed=0)
    assert memory.nearest == 1
    assert memory.held_out(line(0))[0] == [9]
