import numpy as np

from nightflag.detectors import neighbours


def test_the_distance_is_the_mean_square_to_the_nearest_rows_without_the_row_itself():
    line = np.arange(10, dtype=np.float32)[:, None]
    memory = neighbours.fit(line, seed=0)
    assert memory.nearest == 5
    at_the_end, new = memory.held_out(np.array([[0], [-1]], np.float32))
    assert at_the_end == np.mean([1, 4, 9, 16, 25])
    assert new == np.mean([1, 4, 9, 16, 25])


def test_no_more_rows_are_remembered_than_allowed():
    many = np.arange(10_000, dtype=np.float32)[:, None]
    memory = neighbours.fit(many, seed=0)
    assert memory.rows.shape == (neighbours.REMEMBERED, 1)
    assert len(np.unique(memory.rows)) == neighbours.REMEMBERED


def test_a_few_rows_count_as_many_neighbours_as_there_are_others():
    memory = neighbours.fit(np.array([[0], [3]], np.float32), seed=0)
    assert memory.held_out(np.array([[0]], np.float32)) == [9]
