import numpy as np
import pytest

from nightflag.detectors import guards
from nightflag.errors import TrainingRefused


@pytest.mark.parametrize("after", [1.0, 0.995, 2.0, np.nan, np.inf])
def test_a_loss_that_did_not_fall_is_refused(after):
    with pytest.raises(TrainingRefused, match="training loss went from 1 to"):
        guards.check_loss(1.0, after)


@pytest.mark.parametrize("scores", [[2.0, 2.0, 2.0], [1.0, np.nan], [1.0, np.inf], [0.0, 0.0]])
def test_scores_that_tell_nothing_apart_are_refused(scores):
    with pytest.raises(TrainingRefused, match="The trained network gives scores"):
        guards.check_scores(np.array(scores))
