"""The density detector: -log p(x), one conditional after the other, by masked networks.

log p(x) = sum_j log p(x_j | features before j), each conditional a Gaussian whose mean and
deviation one masked network gives for all j at once (MADE: Germain, Gregor, Murray and Larochelle,
2015; it is one layer of the flow MAF: Papamakarios, Pavlakou and Murray, 2017). Several random
orders of the features are averaged. No deviation is below ``FINEST``, so that the score, which
leaves out the constant, is at least 0. A strange value spoils what is expected of all features
after it, so the score is shared by ``conditional`` and not term by term.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightflag.detectors import conditional, descent, guards, layers, trimming
from nightflag.detectors.detector import Detector
from nightflag.detectors.network import exported, frozen_dense, keras, outputs
from nightflag.detectors.settings import DensitySettings
from nightflag.detectors.training_set import TrainingSet

HIDDEN = 128
FINEST = 0.05
START = 3.0  # where deviations start, wide enough that any data lower the loss
ROWS_JUDGED = 4_096

Rows = NDArray[np.float32]
Dense = Callable[[Any, Rows, str], Any]


def fit(train: TrainingSet, *, settings: DensitySettings, seed: int) -> Detector:
    """The detector trained on ``train``, its features clipped at 20.

    Where the rows are unlabelled, the worst-fitting share of them is dropped first. Raises
    TrainingRefused where training failed.
    """
    share = settings.trimmed_share if not train.clean else 0.0
    trimmed = trimming.to_drop(len(train), share)
    rows = np.clip(train.x, -layers.CLIP, layers.CLIP)
    rows = rows[trimming.best_fitting(rows, trimmed, seed)] if trimmed else rows
    model, loss = _trained(rows, settings, seed)
    about = {"loss": loss, "rows_trimmed": trimmed}
    return exported(model, rows[:ROWS_JUDGED], train.features, about)


def _trained(
    rows: Rows, settings: DensitySettings, seed: int
) -> tuple[keras.Model, dict[str, float]]:
    """The model with all three outputs, and its loss before and after training."""
    masks = _masks(rows.shape[1], settings.orders, seed)
    seeds = iter(np.random.SeedSequence(seed).generate_state(3 * settings.orders).tolist())
    learned: dict[str, keras.layers.Dense] = {}

    def trainable(tensor: Any, mask: Rows, name: str) -> Any:
        learned[name] = _masked_dense(mask, next(seeds), name)
        return learned[name](tensor)

    def frozen(tensor: Any, _: Rows, name: str) -> Any:
        return frozen_dense(*learned[name].get_weights(), name=name)(tensor)

    start, score = _score(masks, trainable)
    loss = _descended(keras.Model(start.features, {"score": score}), rows, settings, seed)
    return layers.shared_model(*_score(masks, frozen), conditional.fit(rows)), loss


def _masked_dense(mask: Rows, seed: int, name: str) -> keras.layers.Dense:
    """A dense layer whose weights are, and stay, 0 where the ``mask`` is."""
    start = keras.initializers.GlorotUniform(seed=seed)
    return keras.layers.Dense(
        mask.shape[1],
        kernel_initializer=lambda shape, dtype: start(shape, dtype) * mask,
        kernel_constraint=lambda kernel: kernel * mask,
        name=name,
    )


def _descended(
    learner: keras.Model, rows: Rows, settings: DensitySettings, seed: int
) -> dict[str, float]:
    """The mean score before and after the gradient steps that lower it."""
    learner.compile(optimizer=descent.optimizer(settings), loss=_mean, jit_compile=False)
    batches = descent.batches(rows, settings, seed).map(lambda batch: (batch, {"score": batch}))
    judged = rows[:: max(1, len(rows) // ROWS_JUDGED)]
    before = float(outputs(learner, judged)["score"].mean())
    learner.fit(batches, shuffle=False, verbose=0)
    after = float(outputs(learner, judged)["score"].mean())
    guards.check_loss(before, after)
    return {"first": before, "last": after}


def _mean(_: Any, score: Any) -> Any:
    return keras.ops.mean(score)


def _score(masks: list[list[Rows]], dense: Dense) -> tuple[layers.Inputs, Any]:
    """The start of a network, and -log p(x) averaged over the orders, shape (n, 1)."""
    width = masks[0][0].shape[0]
    start = layers.inputs(width)
    orders = [_terms(start.clipped, mask, dense, str(i)) for i, mask in enumerate(masks)]
    mean = np.full((width, 1), 1 / len(orders), np.float32)
    return start, frozen_dense(mean, name="sum")(sum(orders[1:], orders[0]))


def _terms(clipped: Any, masks: list[Rows], dense: Dense, name: str) -> Any:
    """-log p of each feature given those before it, less ln(FINEST sqrt(2 pi)), (n, width)."""
    width = masks[0].shape[0]
    inner = keras.ops.silu(dense(clipped, masks[0], f"inner_{name}"))
    outer = keras.ops.silu(dense(inner, masks[1], f"outer_{name}"))
    given = dense(outer, masks[2], f"given_{name}")
    excess = keras.ops.softplus(given[:, width:] + np.log(START / FINEST).item())
    off = (clipped - given[:, :width]) * keras.ops.exp(-excess) * (1 / FINEST)
    return keras.ops.square(off) * 0.5 + excess


def _masks(width: int, orders: int, seed: int) -> list[list[Rows]]:
    """For each order the weights that may exist in its three layers, as zeros and ones."""
    random = np.random.default_rng(seed)
    hidden = np.arange(HIDDEN) % max(1, width - 1) + 1
    masks = []
    for _ in range(orders):
        place = random.permutation(width) + 1
        first = hidden >= place[:, None]
        last = np.tile(place > hidden[:, None], 2)
        masks.append([part.astype(np.float32) for part in (first, hidden >= hidden[:, None], last)])
    return masks
