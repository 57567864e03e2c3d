"""The laws leave no detector out."""

from pathlib import Path

from nightflag import detectors
from tests.contracts.detectors.samples import QUICK, SAMPLES, taking


def test_the_contract_covers_every_detector_and_every_shape():
    assert set(QUICK) == set(detectors.DETECTORS)
    assert set(QUICK) == {name for shape in SAMPLES for name in taking(shape)}
    assert set(SAMPLES) == set(detectors.TAKES.values())


def test_each_shape_has_a_file_of_tests():
    for shape in SAMPLES:
        assert (Path(__file__).parent / f"test_{shape.split()[-1]}.py").exists()
