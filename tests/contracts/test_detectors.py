"""The laws every detector obeys, on each shape of record it takes.

A new one needs a line in QUICK and nothing else.
"""

import json
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import onnxruntime
import pytest

from nightflag import detectors
from nightflag.detectors import guards
from nightflag.errors import FeatureError, ModelFileError, MonitorError, TrainingRefused

QUICK = {
    "auto": {"cosines": 128},
    "autoencoder": {"steps": 300},
    "convolutional": {"steps": 300},
    "density": {"steps": 300},
    "random_features": {"cosines": 128},
    "recurrent": {"steps": 300},
}
BY_STEPS = ("autoencoder", "convolutional", "density", "recurrent")
COLUMNS = ("amount", "hour", "age", "distance", "visits", "balance")
SHAPES = {"plain records": (6,), "sequences": (2, 6)}
PLANTED = 3
SHARED_LIMIT = 300

SCORE_ELSEWHERE = """
import sys
from pathlib import Path
import numpy as np
from nightflag.detectors import Detector
folder = Path(sys.argv[1])
files = {path.name: path.read_bytes() for path in folder.iterdir()}
np.save(folder / "scores.npy", Detector.from_files(files).score(np.load(folder / "x.npy")))
print(sorted({"tensorflow", "keras", "sklearn.covariance"} & set(sys.modules)))
"""

FIT_ELSEWHERE = """
import json, sys
import numpy as np
from nightflag import detectors
from pathlib import Path
folder, name, settings = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
x = np.load(folder / "x.npy")
features, shape = tuple(json.loads(sys.argv[4])), tuple(json.loads(sys.argv[5]))
train = detectors.TrainingSet(x, features, shape, clean=False)
detector = detectors.fit(name, train, settings=settings, seed=7)
np.save(folder / "scores.npy", detector.score(x))
"""


class Case(NamedTuple):
    """A detector, and the shape of a record it takes."""

    name: str
    shape: tuple[int, ...]

    @property
    def features(self):
        """Six columns, or two of them at six moments."""
        if len(self.shape) == 1:
            return COLUMNS
        return tuple(f"{name}, {back} earlier" for name in COLUMNS[:2] for back in range(6))[::-1]

    def records(self, rows=600, seed=0):
        """Correlated, standardised features, as the feature pipeline gives them."""
        random, width = np.random.default_rng(seed), len(self.features)
        causes = random.normal(size=(rows, 3))
        mixing = np.random.default_rng(99).normal(size=(3, width))
        x = causes @ mixing + 0.3 * random.normal(size=(rows, width))
        return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)

    def fitted(self, x, *, seed=7, training_rows="unlabelled", **settings):
        clean = training_rows == "clean"
        train = detectors.TrainingSet(x, self.features, self.shape, clean=clean)
        return detectors.fit(self.name, train, settings=QUICK[self.name] | settings, seed=seed)


CASES = [
    Case(name, SHAPES[taken])
    for name, kind in sorted(detectors.DETECTORS.items())
    for taken in kind.takes
    if taken in SHAPES
]
STEPPED = [case for case in CASES if case.name in BY_STEPS]
# The gates of a recurrence are bounded: no rate makes it diverge.
DIVERGING = [case for case in STEPPED if case.name != "recurrent"]


def words(case):
    return f"{case.name}-{'x'.join(map(str, case.shape))}"


@pytest.fixture(scope="module", params=CASES, ids=words)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def detector(case):
    return case.fitted(case.records())


@pytest.fixture(scope="module", params=["unlabelled", "clean"])
def detector_of_either(case, detector, request):
    """The same detector, once trained on unlabelled rows and once on clean ones."""
    if request.param == "unlabelled":
        return detector
    return case.fitted(case.records(), training_rows="clean")


def test_the_contract_covers_every_detector():
    assert set(QUICK) == set(detectors.DETECTORS)


def test_a_kept_detector_scores_explains_and_expects_the_same(case, detector):
    x = case.records(seed=1)
    kept = detectors.Detector.from_files(detector.to_files())
    np.testing.assert_array_equal(kept.score(x), detector.score(x))
    np.testing.assert_array_equal(kept.explain(x), detector.explain(x))
    np.testing.assert_array_equal(kept.expected(x), detector.expected(x))
    assert kept.about == detector.about
    assert kept.features == case.features


def test_contributions_are_never_negative_and_add_up_to_the_score(case, detector_of_either):
    x = 4 * case.records(seed=1)
    contributions = detector_of_either.explain(x)
    assert contributions.shape == x.shape
    assert (contributions >= 0).all()
    np.testing.assert_allclose(contributions.sum(axis=1), detector_of_either.score(x), rtol=1e-9)


def raw_outputs(detector, x):
    session = onnxruntime.InferenceSession(detector.graph, providers=["CPUExecutionProvider"])
    outputs = ("score", "contributions", "expected")
    return dict(zip(outputs, session.run(outputs, {"features": x}), strict=True))


def test_contributions_add_up_before_any_rescaling(case, detector_of_either):
    raw = raw_outputs(detector_of_either, case.records(seed=1))
    np.testing.assert_allclose(raw["contributions"].sum(axis=1), raw["score"], rtol=1e-5)
    assert raw["contributions"].min() >= 0


@pytest.mark.parametrize("output", ["score", "contributions", "expected"])
def test_a_graph_that_differs_from_its_network_is_refused(case, detector, output):
    x = case.records(seed=1)
    predicted = raw_outputs(detector, x)
    guards.check_parity(detector, x, predicted)
    predicted[output] = predicted[output] * np.float32(1.01)
    with pytest.raises(TrainingRefused, match="differs from the network"):
        guards.check_parity(detector, x, predicted)


def test_a_score_depends_on_its_row_alone(case, detector_of_either):
    x = case.records(rows=2_500, seed=1)
    together = detector_of_either.score(x)
    order = np.random.default_rng(2).permutation(len(x))
    np.testing.assert_array_equal(detector_of_either.score(x[order]), together[order])
    for size in (1, 7, 1_000):
        pieces = [detector_of_either.score(x[i : i + size]) for i in range(0, 210, size)]
        np.testing.assert_array_equal(np.concatenate(pieces)[:210], together[:210])


def test_the_number_of_threads_moves_no_score(case, detector):
    x = case.records(rows=2_500, seed=1)
    alone = detectors.Detector.from_files(detector.to_files(), threads=1)
    np.testing.assert_array_equal(alone.score(x), detector.score(x))


def test_no_records_give_no_scores(case, detector):
    x = np.empty((0, len(case.features)), np.float32)
    assert detector.score(x).shape == (0,)
    assert detector.explain(x).shape == x.shape


def test_a_planted_outlier_outranks_the_median_record_and_names_its_feature(
    case, detector_of_either
):
    x = case.records(seed=1)
    planted = x[:50].copy()
    planted[:, PLANTED] += np.where(planted[:, PLANTED] > 0, 6, -6).astype(np.float32)
    assert (detector_of_either.score(planted) > np.median(detector_of_either.score(x))).all()
    assert (detector_of_either.explain(planted).argmax(axis=1) == PLANTED).mean() >= 0.9


def test_the_expected_value_of_a_planted_outlier_is_nearer_the_truth(case, detector_of_either):
    truth = case.records(seed=1)[:50]
    planted = truth.copy()
    planted[:, PLANTED] += 6
    expected = detector_of_either.expected(planted)[:, PLANTED]
    assert np.median(np.abs(expected - truth[:, PLANTED])) < 6


@pytest.mark.parametrize("case", STEPPED, ids=words)
def test_training_lowers_the_loss_and_says_so(case):
    about = case.fitted(case.records(), steps=50).about
    assert about["loss"]["last"] < about["loss"]["first"]


def test_the_account_of_the_training_is_complete(case, detector):
    about = detector.about
    assert about["kind"] == case.name
    assert about["seed"] == 7
    assert about["rows"] == 600
    assert about["training_rows"] == "unlabelled"
    assert about["settings"].items() >= QUICK[case.name].items()
    assert {"keras", "tensorflow", "numpy"} <= set(about["versions"])


@pytest.mark.timeout(SHARED_LIMIT)
def test_same_rows_and_seed_give_the_same_scores_in_another_process_without_a_word(
    case, detector, tmp_path
):
    np.save(tmp_path / "x.npy", case.records())
    told = (QUICK[case.name], case.features, case.shape)
    arguments = [tmp_path, case.name, *map(json.dumps, told)]
    said = run_elsewhere(FIT_ELSEWHERE, *arguments)
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), detector.score(case.records()))
    assert (said.stdout, said.stderr) == ("", "")


def test_another_seed_gives_another_network(case, detector):
    other = case.fitted(case.records(), seed=8)
    assert not np.array_equal(other.score(case.records()), detector.score(case.records()))


def test_scoring_in_a_fresh_process_imports_no_network_library(case, detector, tmp_path):
    for file, content in detector.to_files().items():
        (tmp_path / file).write_bytes(content)
    np.save(tmp_path / "x.npy", case.records())
    said = run_elsewhere(SCORE_ELSEWHERE, str(tmp_path))
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), detector.score(case.records()))
    assert (said.stdout, said.stderr) == ("[]\n", "")


def run_elsewhere(program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=SHARED_LIMIT,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda x: x[:, :-1], id="a feature missing"),
        pytest.param(lambda x: x.astype(np.float64), id="another dtype"),
        pytest.param(lambda x: x[0], id="one row without its axis"),
    ],
)
def test_another_feature_matrix_is_refused_naming_the_features(case, detector, wrong):
    with pytest.raises(FeatureError, match=case.features[-1]):
        detector.score(wrong(case.records()))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_naming_its_feature(case, detector, value):
    x = case.records()
    x[3, PLANTED] = value
    with pytest.raises(FeatureError, match=f"{case.features[PLANTED]} in 1"):
        detector.score(x)
    with pytest.raises(FeatureError, match=f"{case.features[PLANTED]} in 1"):
        case.fitted(x)


@pytest.mark.parametrize("case", STEPPED, ids=words)
def test_training_that_never_learned_is_refused(case):
    with pytest.raises(TrainingRefused, match="training loss went from"):
        case.fitted(case.records(), learning_rate=1e-12, steps=50)


@pytest.mark.parametrize("case", STEPPED, ids=words)
def test_a_learning_rate_of_zero_is_refused(case):
    with pytest.raises(MonitorError, match="learning_rate is 0"):
        case.fitted(case.records(), learning_rate=0)


@pytest.mark.parametrize("case", DIVERGING, ids=words)
def test_training_that_diverged_is_refused(case):
    with pytest.raises(TrainingRefused, match="training loss went from"):
        case.fitted(case.records(), learning_rate=1.0, steps=50)


@pytest.mark.parametrize("case", STEPPED, ids=words)
def test_training_without_a_step_cannot_be_asked_for(case):
    with pytest.raises(MonitorError, match="steps is 0"):
        case.fitted(case.records(), steps=0)


def test_rows_that_are_all_alike_are_refused(case):
    with pytest.raises(TrainingRefused, match=f"are alike in all {len(case.features)} features"):
        case.fitted(np.ones((100, len(case.features)), np.float32))


def test_too_few_rows_are_refused(case):
    with pytest.raises(TrainingRefused, match="There are 19 records"):
        case.fitted(case.records(rows=19))


def test_an_unknown_detector_and_an_unknown_setting_name_the_nearest(case):
    with pytest.raises(MonitorError, match=f"Did you mean {case.name}"):
        detectors.check_settings(case.name[:-1], {})
    known = next(iter(QUICK[case.name]))
    with pytest.raises(MonitorError, match=f"Did you mean {known}"):
        detectors.check_settings(case.name, {known[:-1]: 5})


@pytest.mark.parametrize("file", ["graph.onnx", "model.keras", "detector.json"])
def test_a_detector_that_lacks_a_file_is_refused(detector, file):
    files = detector.to_files()
    del files[file]
    with pytest.raises(ModelFileError, match=file):
        detectors.Detector.from_files(files)


def test_files_that_do_not_fit_together_are_refused(case, detector):
    files = detector.to_files()
    with pytest.raises(ModelFileError, match="cannot be run"):
        detectors.Detector.from_files(files | {"graph.onnx": b"no graph"})
    with pytest.raises(ModelFileError, match="not JSON"):
        detectors.Detector.from_files(files | {"detector.json": b"{"})
    with pytest.raises(ModelFileError, match=rf"takes \[{len(case.features)}\] features"):
        detectors.Detector.from_files(files | {"detector.json": b'{"features": ["amount"]}'})
