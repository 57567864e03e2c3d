"""A night in partitions stages, row for row, what it stages as one."""

import pytest

from nightflag.scoring import score_slice
from nightflag.slices import cut
from tests.integration.second_night import second_night, told

WITH_A_PAST = {
    "sequence": {
        **{"entity": "machine", "length": 4, "gap": "1 hour"},
        **{"departure": "1 day", "learning": 30},
    },
}


@pytest.mark.parametrize("sections", [{}, WITH_A_PAST], ids=["plain", "with a past"])
def test_many_partitions_stage_what_one_does(database_url, tmp_path, sections):
    with second_night(database_url, tmp_path, **sections) as second:
        for name in ("scores", "quarantine", "gone"):
            assert second.rows[f"machines_staged_{name}"]
        workplace = second.executed()
        pieces = cut(second.night.window, 7)
        many = [score_slice(workplace, second.night, piece, second.model) for piece in pieces]
        assert second.staged() == second.rows
        assert told(many) == second.findings
        assert len({partition.ticket for partition in many}) == len(pieces)
