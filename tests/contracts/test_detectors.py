"""The laws every detector obeys, on each shape of record it takes.

A new detector needs a line in QUICK, a new shape one in SAMPLES, and nothing else.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import onnxruntime
import pytest
from threadpoolctl import threadpool_limits

from nightflag import detectors
from nightflag.detectors import guards
from nightflag.errors import FeatureError, ModelFileError, MonitorError, TrainingRefused

QUICK = {
    "auto": {"cosines": 128},
    "autoencoder": {"steps": 300},
    "convolutional": {"steps": 300},
    "density": {"steps": 300},
    "log_energy": {"filters": 8},
    "random_features": {"cosines": 128},
    "recurrent": {"steps": 300},
}
BY_STEPS = ("autoencoder", "convolutional", "density", "recurrent")
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


class Sample(NamedTuple):
    """Records of one shape; ``plant`` returns anomalous ones and the features that make them so."""

    shape: tuple[int, ...]
    features: tuple[str, ...]
    rows: Callable[..., np.ndarray]
    plant: Callable[[np.ndarray], tuple[np.ndarray, list[int]]]


FEATURES = ("amount", "hour", "age", "distance", "visits", "balance")
WINDOW = tuple(f"{name}, {back} earlier" for name in FEATURES[:2] for back in range(5, -1, -1))
IMAGE = (12, 10, 1)
PATCH = [row * 10 + column for row in range(4, 8) for column in range(3, 7)]


def records(rows=600, seed=0, width=6):
    """Correlated, standardised features, as the feature pipeline gives them."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(rows, 3))
    mixing = np.random.default_rng(99).normal(size=(3, width))
    x = causes @ mixing + 0.3 * random.normal(size=(rows, width))
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


def another_distance(x):
    planted = x.copy()
    planted[:, 3] += np.where(planted[:, 3] > 0, 6, -6).astype(np.float32)
    return planted, [3]


def pictures(rows=600, seed=0):
    """Slanted waves of any phase with a little noise, 12 x 10 pixels, black 0 and white 1."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:12, :10]
    phase = random.uniform(0, 2 * np.pi, (rows, 1, 1))
    waves = 0.5 + 0.3 * np.sin(0.7 * down + 0.4 * across + phase)
    noisy = waves + random.normal(0, 0.02, waves.shape)
    return np.clip(noisy, 0, 1).reshape(rows, -1).astype(np.float32)


def a_scratched_patch(x):
    planted = x.copy()
    planted[:, PATCH] = np.tile([[0, 1, 0, 1], [1, 0, 1, 0]], (2, 1)).ravel()
    return planted, PATCH


SAMPLES = {
    "plain records": Sample((6,), FEATURES, records, another_distance),
    "sequences": Sample((2, 6), WINDOW, partial(records, width=12), another_distance),
    "images": Sample(IMAGE, tuple(f"pixel {i}" for i in range(120)), pictures, a_scratched_patch),
}
CASES = [
    pytest.param((name, taken), id=f"{name} on {taken}")
    for name, kind in sorted(detectors.DETECTORS.items())
    for taken in kind.takes
]
STEPPED = [case for case in CASES if case.values[0][0] in BY_STEPS]
# The gates of a recurrence are bounded: no rate makes it diverge.
DIVERGING = [case for case in STEPPED if case.values[0][0] != "recurrent"]


def fitted(name, x, *, of=SAMPLES["plain records"], seed=7, training_rows="unlabelled", **settings):
    train = detectors.TrainingSet(x, of.features, of.shape, clean=training_rows == "clean")
    return detectors.fit(name, train, settings=QUICK[name] | settings, seed=seed)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def name(case):
    return case[0]


@pytest.fixture(scope="module")
def sample(case):
    return SAMPLES[case[1]]


@pytest.fixture(scope="module")
def detector(name, sample):
    return fitted(name, sample.rows(), of=sample)


@pytest.fixture(scope="module", params=["unlabelled", "clean"])
def detector_of_either(name, sample, detector, request):
    """The same detector, once trained on unlabelled rows and once on clean ones."""
    if request.param == "unlabelled":
        return detector
    return fitted(name, sample.rows(), of=sample, training_rows="clean")


def test_the_contract_covers_every_detector():
    assert set(QUICK) == set(detectors.DETECTORS)
    assert {case.values[0][0] for case in CASES} == set(detectors.DETECTORS)


def test_a_kept_detector_scores_explains_and_expects_the_same(detector, sample):
    x = sample.rows(seed=1)
    kept = detectors.Detector.from_files(detector.to_files())
    np.testing.assert_array_equal(kept.score(x), detector.score(x))
    np.testing.assert_array_equal(kept.explain(x), detector.explain(x))
    np.testing.assert_array_equal(kept.expected(x), detector.expected(x))
    assert kept.about == detector.about
    assert kept.features == sample.features


def test_contributions_are_never_negative_and_add_up_to_the_score(detector_of_either, sample):
    x = 4 * sample.rows(seed=1)
    contributions = detector_of_either.explain(x)
    assert contributions.shape == x.shape
    assert (contributions >= 0).all()
    np.testing.assert_allclose(contributions.sum(axis=1), detector_of_either.score(x), rtol=1e-9)


def raw_outputs(detector, x):
    session = onnxruntime.InferenceSession(detector.graph, providers=["CPUExecutionProvider"])
    outputs = ("score", "contributions", "expected")
    return dict(zip(outputs, session.run(outputs, {"features": x}), strict=True))


def test_contributions_add_up_before_any_rescaling(detector_of_either, sample):
    raw = raw_outputs(detector_of_either, sample.rows(seed=1))
    np.testing.assert_allclose(raw["contributions"].sum(axis=1), raw["score"], rtol=1e-5)
    assert raw["contributions"].min() >= 0


@pytest.mark.parametrize("output", ["score", "contributions", "expected"])
def test_a_graph_that_differs_from_its_network_is_refused(detector, sample, output):
    x = sample.rows(seed=1)
    predicted = raw_outputs(detector, x)
    guards.check_parity(detector, x, predicted)
    predicted[output] = predicted[output] * np.float32(1.01)
    with pytest.raises(TrainingRefused, match="differs from the network"):
        guards.check_parity(detector, x, predicted)


def test_a_score_depends_on_its_row_alone(detector_of_either, sample):
    x = sample.rows(rows=2_500, seed=1)
    together = detector_of_either.score(x)
    order = np.random.default_rng(2).permutation(len(x))
    np.testing.assert_array_equal(detector_of_either.score(x[order]), together[order])
    for size in (1, 7, 1_000):
        pieces = [detector_of_either.score(x[i : i + size]) for i in range(0, 210, size)]
        np.testing.assert_array_equal(np.concatenate(pieces)[:210], together[:210])


def test_the_number_of_threads_moves_no_score(detector, sample):
    x = sample.rows(rows=2_500, seed=1)
    alone = detectors.Detector.from_files(detector.to_files(), threads=1)
    np.testing.assert_array_equal(alone.score(x), detector.score(x))


def test_no_records_give_no_scores(detector, sample):
    x = np.empty((0, len(sample.features)), np.float32)
    assert detector.score(x).shape == (0,)
    assert detector.explain(x).shape == x.shape


def test_one_pass_explains_and_expects_the_same(detector, sample):
    x = sample.rows(seed=1)
    parts, expected = detector.account(x)
    np.testing.assert_allclose(parts, detector.explain(x), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(expected, detector.expected(x), rtol=1e-5, atol=1e-6)


def test_a_planted_outlier_outranks_the_median_record_and_names_its_feature(
    detector_of_either, sample
):
    x = sample.rows(seed=1)
    planted, where = sample.plant(x[:50])
    assert (detector_of_either.score(planted) > np.median(detector_of_either.score(x))).all()
    assert np.isin(detector_of_either.explain(planted).argmax(axis=1), where).mean() >= 0.9


def test_the_expected_value_of_a_planted_outlier_is_nearer_the_truth(detector, sample):
    truth = sample.rows(seed=1)[:50]
    planted, where = sample.plant(truth)
    off = np.abs(detector.expected(planted) - truth)[:, where]
    assert np.median(off) < np.median(np.abs(planted - truth)[:, where])


@pytest.mark.parametrize("case", STEPPED, indirect=True)
def test_training_lowers_the_loss_and_says_so(name, sample):
    about = fitted(name, sample.rows(), of=sample, steps=50).about
    assert about["loss"]["last"] < about["loss"]["first"]


def test_the_account_of_the_training_is_complete(name, detector):
    about = detector.about
    assert about["kind"] == name
    assert about["seed"] == 7
    assert about["rows"] == 600
    assert about["training_rows"] == "unlabelled"
    assert about["settings"].items() >= QUICK[name].items()
    assert {"keras", "tensorflow", "numpy"} <= set(about["versions"])


@pytest.mark.timeout(SHARED_LIMIT)
def test_same_rows_and_seed_give_the_same_scores_in_another_process_without_a_word(
    name, detector, sample, tmp_path
):
    np.save(tmp_path / "x.npy", sample.rows())
    told = (QUICK[name], sample.features, sample.shape)
    arguments = [str(tmp_path), name, *map(json.dumps, told)]
    said = run_elsewhere(FIT_ELSEWHERE, *arguments)
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), detector.score(sample.rows()))
    assert (said.stdout, said.stderr) == ("", "")


def test_the_number_of_threads_in_training_moves_no_bit():
    x = records()
    one, two = (
        of_threads(threads, lambda: fitted("auto", x, cosines=512, training_rows="clean"))
        for threads in (1, 2)
    )
    np.testing.assert_array_equal(raw_outputs(one, x)["score"], raw_outputs(two, x)["score"])


def of_threads(threads, action):
    with threadpool_limits(threads, user_api="blas"):
        return action()


def test_another_seed_gives_another_network(name, detector, sample):
    other = fitted(name, sample.rows(), of=sample, seed=8)
    assert not np.array_equal(other.score(sample.rows()), detector.score(sample.rows()))


def test_scoring_in_a_fresh_process_imports_no_network_library(detector, sample, tmp_path):
    for file, content in detector.to_files().items():
        (tmp_path / file).write_bytes(content)
    np.save(tmp_path / "x.npy", sample.rows())
    said = run_elsewhere(SCORE_ELSEWHERE, str(tmp_path))
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), detector.score(sample.rows()))
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
    "spoil",
    [
        pytest.param(lambda x: x[:, :-1], id="a feature missing"),
        pytest.param(lambda x: x.astype(np.float64), id="another dtype"),
        pytest.param(lambda x: x[0], id="one row without its axis"),
    ],
)
def test_another_feature_matrix_is_refused_naming_the_features(detector, sample, spoil):
    with pytest.raises(FeatureError, match=sample.features[-1]):
        detector.score(spoil(sample.rows()))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_naming_its_feature(name, detector, sample, value):
    x = sample.rows()
    x[3, 2] = value
    named = f"{sample.features[2]} in 1"
    with pytest.raises(FeatureError, match=named):
        detector.score(x)
    with pytest.raises(FeatureError, match=named):
        fitted(name, x, of=sample)


@pytest.mark.parametrize("case", STEPPED, indirect=True)
def test_training_that_never_learned_is_refused(name, sample):
    with pytest.raises(TrainingRefused, match="training loss went from"):
        fitted(name, sample.rows(), of=sample, learning_rate=1e-12, steps=50)


@pytest.mark.parametrize("case", STEPPED, indirect=True)
def test_a_learning_rate_of_zero_is_refused(name, sample):
    with pytest.raises(MonitorError, match="learning_rate is 0"):
        fitted(name, sample.rows(), of=sample, learning_rate=0)


@pytest.mark.parametrize("case", DIVERGING, indirect=True)
def test_training_that_diverged_is_refused(name, sample):
    with pytest.raises(TrainingRefused, match="training loss went from"):
        fitted(name, sample.rows(), of=sample, learning_rate=1.0, steps=50)


@pytest.mark.parametrize("case", STEPPED, indirect=True)
def test_training_without_a_step_cannot_be_asked_for(name, sample):
    with pytest.raises(MonitorError, match="steps is 0"):
        fitted(name, sample.rows(), of=sample, steps=0)


def test_rows_that_are_all_alike_are_refused(name, sample):
    width = len(sample.features)
    with pytest.raises(TrainingRefused, match=f"are alike in all {width} features"):
        fitted(name, np.ones((100, width), np.float32), of=sample)


def test_too_few_rows_are_refused(name, sample):
    with pytest.raises(TrainingRefused, match="There are 19 records"):
        fitted(name, sample.rows(rows=19), of=sample)


def test_an_unknown_detector_and_an_unknown_setting_name_the_nearest(name):
    with pytest.raises(MonitorError, match=f"Did you mean {name}"):
        detectors.check_settings(name[:-1], {})
    known = next(iter(QUICK[name]))
    with pytest.raises(MonitorError, match=f"Did you mean {known}"):
        detectors.check_settings(name, {known[:-1]: 5})


@pytest.mark.parametrize("file", ["graph.onnx", "model.keras", "detector.json"])
def test_a_detector_that_lacks_a_file_is_refused(detector, file):
    files = detector.to_files()
    del files[file]
    with pytest.raises(ModelFileError, match=file):
        detectors.Detector.from_files(files)


def test_files_that_do_not_fit_together_are_refused(detector, sample):
    files = detector.to_files()
    with pytest.raises(ModelFileError, match="cannot be run"):
        detectors.Detector.from_files(files | {"graph.onnx": b"no graph"})
    with pytest.raises(ModelFileError, match="not JSON"):
        detectors.Detector.from_files(files | {"detector.json": b"{"})
    with pytest.raises(ModelFileError, match=f"takes \\[{len(sample.features)}\\] features"):
        detectors.Detector.from_files(files | {"detector.json": b'{"features": ["amount"]}'})
