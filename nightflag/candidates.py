"""What there is to train on: which columns, of which kinds, and whether records enough."""

from collections.abc import Mapping

import pandas as pd

from nightflag import features, leaks
from nightflag.errors import FeatureError, TrainingRefused
from nightflag.monitors import Monitor
from nightflag.windows import Window
from nightflag.workplace import Workplace


def kinds(workplace: Workplace, frame: pd.DataFrame) -> features.Inferred:
    """The kind of each feature column of ``frame``, and why the others are left out."""
    candidates = frame[list(workplace.layout.feature_candidates)]
    monitor, chosen = workplace.monitor, workplace.monitor.features
    entity = monitor.sequence.entity if monitor.sequence else ()
    found = features.infer(candidates, exclude=(*chosen.exclude, *entity), overrides=chosen.kinds)
    found = _without_leaks(found, leaks.found(frame, monitor.source.label, found.kinds), monitor)
    if monitor.sequence is not None:
        _refuse_images(found.kinds)
    return found


def _without_leaks(
    found: features.Inferred, given_away: Mapping[str, str], monitor: Monitor
) -> features.Inferred:
    """Without the columns that tell the label, unless the monitor itself asks for one of them."""
    for column in monitor.features.kinds:
        if column in given_away:
            raise FeatureError(
                f"Column '{column}' {given_away[column]}, and is to be a feature.",
                expected="features that do not tell the label",
                mend=f"take '{column}' out of `features: {{kinds: ...}}`, or, where it is no copy, "
                "`label` out of `source`",
            )
    kinds = {name: kind for name, kind in found.kinds.items() if name not in given_away}
    return features.Inferred(kinds, {**found.left_out, **given_away})


def _refuse_images(kinds: Mapping[str, str]) -> None:
    for column, kind in kinds.items():
        if kind == "image":
            raise FeatureError(
                f"Column '{column}' holds images, which are not seen with their past.",
                expected="a sequence of numbers, or images without `sequence`",
                mend=f"Exclude '{column}' in the monitor's features, or leave `sequence` out.",
            )


def too_few(monitor: Monitor, window: Window, found: int) -> TrainingRefused:
    """The refusal to train on so few good records."""
    start = window.start.isoformat() if window.start else "the first record"
    return TrainingRefused(
        f"{found} good records are there to train on, from {start} to {window.end.isoformat()}.",
        expected=f"at least {monitor.training.at_least} (training: at_least)",
        mend="wait for more records, widen `training: {window: ...}`, or take a later --as-of",
    )
