"""A fitted detector: one exported graph that scores, explains and says what it expected."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from nightflag.errors import FeatureError, ModelFileError

GRAPH, NETWORK, ABOUT = "graph.onnx", "model.keras", "detector.json"
OUTPUTS = ("score", "contributions", "expected")
ROWS_AT_ONCE, VALUES_AT_ONCE = 2_048, 2**18
DROPPED_BITS = 9
UNRUNNABLE = (
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
)


@dataclass(frozen=True, eq=False)
class Detector:
    """What training left: higher scores are more anomalous.

    ``graph`` is the ONNX export of the Keras model in ``network`` (the content of a ``.keras``
    file). Its outputs for (n, width) features are ``score`` (n,), ``contributions`` (n, width),
    none negative, and ``expected`` (n, width). ``about`` says how it came about and is plain JSON.
    Scoring imports no Keras. It gives each of ``threads`` cores its own rows: sharing every
    operation among cores is slower, and far slower on a busy machine.
    """

    graph: bytes
    network: bytes
    about: Mapping[str, Any]
    threads: int = 2

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of the feature matrix, in order."""
        return tuple(self.about["features"])

    def score(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """One score for each row of ``x`` (n, width) float32, to 15 significant bits.

        A row's score depends on that row alone. The rounding, by at most 1 part in 32,768, hides
        the last bits in which processors differ. FeatureError unless ``x`` is what was fitted.
        """
        (score,) = self._run(["score"], x)
        return _rounded(score)

    def explain(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Each feature's part in each row's score, shape (n, width), adding up to the score."""
        return _shared(*self._run(["score", "contributions"], x))

    def account(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """What ``explain`` and ``expected`` say, by one pass; the latter in single precision."""
        score, contributions, expected = self._run(list(OUTPUTS), x)
        return _shared(score, contributions), expected

    def expected(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """What the network expected in place of each value, shape (n, width), in feature units."""
        (expected,) = self._run(["expected"], x)
        return expected.astype(np.float64)

    def to_files(self) -> dict[str, bytes]:
        """Everything to keep, as file contents by name."""
        about = json.dumps(dict(self.about), indent=1, sort_keys=True, allow_nan=False).encode()
        return {GRAPH: self.graph, NETWORK: self.network, ABOUT: about}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], *, threads: int = 2) -> "Detector":
        """The detector that ``to_files`` wrote, ready to score; other files are ignored.

        Files that are missing or do not fit together raise ModelFileError.
        """
        missing = sorted({GRAPH, NETWORK, ABOUT} - set(files))
        if missing:
            raise _unusable(f"The model lacks {', '.join(missing)}.")
        detector = cls(files[GRAPH], files[NETWORK], _about(files[ABOUT]), threads)
        detector._refuse_other_graph()
        return detector

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        return onnxruntime.InferenceSession(self.graph, options, providers=["CPUExecutionProvider"])

    def _run(self, outputs: list[str], x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._refuse_other_features(x)
        name = self._session.get_inputs()[0].name
        step = max(1, min(ROWS_AT_ONCE, VALUES_AT_ONCE // x.shape[1]))
        blocks = ({name: x[i : i + step]} for i in range(0, max(len(x), 1), step))
        with ThreadPoolExecutor(self.threads) as pool:
            run = partial(self._session.run, outputs, run_options=_only_what_is_asked_for())
            parts = list(pool.map(run, blocks))
        return [np.concatenate(columns) for columns in zip(*parts, strict=True)]

    def _refuse_other_features(self, x: NDArray[np.float32]) -> None:
        width = len(self.features)
        if x.ndim != 2 or x.shape[1] != width or x.dtype != np.float32:
            raise FeatureError(
                f"The feature matrix is {x.dtype} of shape {x.shape}.",
                expected=f"float32 of shape (n, {width}) with the columns {list(self.features)}",
                mend="Transform the records with the features this model was trained with.",
            )
        refuse_non_finite(x, self.features)

    def _refuse_other_graph(self) -> None:
        try:
            inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        except UNRUNNABLE as error:
            raise _unusable(f"{GRAPH} cannot be run: {error}") from error
        found = {output.name for output in outputs}
        widths = [entry.shape[-1] for entry in inputs]
        if widths != [len(self.features)] or not found.issuperset(OUTPUTS):
            raise _unusable(f"{GRAPH} takes {widths} features and gives {sorted(found)}.")


def _only_what_is_asked_for() -> onnxruntime.RunOptions:
    options = onnxruntime.RunOptions()
    options.only_execute_path_to_fetches = True
    return options


def refuse_non_finite(x: NDArray[np.float32], features: tuple[str, ...]) -> None:
    """Nothing, or FeatureError naming the features of ``x`` (n, width) that are not finite."""
    if np.isfinite(x).all():
        return
    counts = np.count_nonzero(~np.isfinite(x), axis=0)
    found = ", ".join(f"{features[i]} in {counts[i]}" for i in np.flatnonzero(counts)[:10])
    raise FeatureError(
        f"Of {len(x)} records these features are not finite: {found}.",
        expected="a finite number for every feature of every record; a null is one too",
        mend="Correct the feature pipeline, or override the kind of the column behind it.",
    )


def _shared(score: NDArray[np.float32], contributions: NDArray[np.float32]) -> NDArray[np.float64]:
    """The contributions (n, width), scaled so that they add up to the rounded score."""
    parts = np.maximum(contributions.astype(np.float64), 0)
    total = parts.sum(axis=1)
    return np.asarray(parts * (_rounded(score) / np.where(total > 0, total, 1))[:, None])


def _rounded(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    half, kept = np.uint32(1 << (DROPPED_BITS - 1)), ~np.uint32((1 << DROPPED_BITS) - 1)
    return ((scores.view(np.uint32) + half) & kept).view(np.float32).astype(np.float64)


def _about(content: bytes) -> dict[str, Any]:
    try:
        about = json.loads(content)
    except ValueError as error:
        raise _unusable(f"{ABOUT} is not JSON: {error}") from error
    if not isinstance(about, dict) or not isinstance(about.get("features"), list):
        raise _unusable(f"{ABOUT} does not name the features.")
    return about


def _unusable(what: str) -> ModelFileError:
    return ModelFileError(
        what,
        expected=f"{GRAPH}, {NETWORK} and {ABOUT} as one training wrote them",
        mend="Train a new one with `nightflag retrain MONITOR`, or roll back to an earlier one.",
    )
