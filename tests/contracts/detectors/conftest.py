"""Laws are classes of tests. A test class takes up some of them and says of which records.

Each law is tried with every detector that takes such records. A detector is trained once for all
laws of a class, and one file holds all classes of one shape: files run side by side.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.contracts.detectors.samples import (
    BOUNDED,
    BY_STEPS,
    LONGEST,
    OTHER_ON_CLEAN,
    QUICK,
    SAMPLES,
    fitted,
    taking,
)

pytest.register_assert_rewrite("tests.contracts.detectors.laws")

FIT = """
import json, sys
import numpy as np
from nightflag import detectors
from pathlib import Path
folder, quick = Path(sys.argv[1]), json.loads(sys.argv[2])
features, shape = tuple(json.loads(sys.argv[3])), tuple(json.loads(sys.argv[4]))
train = detectors.TrainingSet(np.load(folder / "x.npy"), features, shape, clean=False)
for name, settings in quick.items():
    detector = detectors.fit(name, train, settings=settings, seed=7)
    np.save(folder / f"{name}, fitted.npy", detector.score(train.x))
    (folder / name).mkdir()
    for file, content in detector.to_files().items():
        (folder / name / file).write_bytes(content)
"""

SCORE = """
import json, sys
from pathlib import Path
import numpy as np
from nightflag.detectors import Detector
folder = Path(sys.argv[1])
for name in json.loads(sys.argv[2]):
    files = {path.name: path.read_bytes() for path in (folder / name).iterdir()}
    scores = Detector.from_files(files).score(np.load(folder / "x.npy"))
    np.save(folder / f"{name}, kept.npy", scores)
print(sorted({"tensorflow", "keras", "sklearn.covariance"} & set(sys.modules)))
"""


def pytest_generate_tests(metafunc):
    """``name`` is each detector in turn; ``stepping`` and ``diverging`` those that can."""
    if metafunc.cls is None:
        return
    names = taking(metafunc.cls.takes)
    stepping = BY_STEPS.get(metafunc.cls.takes, ())
    among = {
        "name": [name for name in names if name in OTHER_ON_CLEAN or not metafunc.cls.clean],
        "stepping": stepping,
        "diverging": [name for name in stepping if name not in BOUNDED],
    }
    for asked in among.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(asked, among[asked], scope="class")


@pytest.fixture(scope="class")
def sample(request):
    """The records that the class is about."""
    return SAMPLES[request.cls.takes]


@pytest.fixture(scope="class")
def detector(request, name, sample):
    """The detector ``name``, trained on the sample; do not change it."""
    return fitted(name, sample.rows(), of=sample, clean=request.cls.clean)


@pytest.fixture(scope="class")
def fitted_elsewhere(request, sample, tmp_path_factory):
    """What a fresh process said that fitted all detectors of these records, and its folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    np.save(folder / "x.npy", sample.rows())
    quick = {name: QUICK[name] for name in taking(request.cls.takes)}
    return run(FIT, folder, quick, sample.features, sample.shape), folder


@pytest.fixture(scope="class")
def scored_elsewhere(request, fitted_elsewhere):
    """What one more process said that scored with the files of those, and the folder."""
    _, folder = fitted_elsewhere
    return run(SCORE, folder, taking(request.cls.takes)), folder


def run(program, folder, *told):
    """What the program said on both streams."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), *map(json.dumps, told)],
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST,
    )
    return done.stdout, done.stderr
