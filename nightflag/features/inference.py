"""Which kind each column is, and which columns are left out and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from nightflag.errors import FeatureError
from nightflag.features.columns import check_columns
from nightflag.features.kind import Column, type_names
from nightflag.features.kinds import KINDS, named, suggestion


@dataclass(frozen=True)
class Inferred:
    """``kinds``: column -> kind; ``left_out``: column -> reason. Both in the frame's order."""

    kinds: dict[str, str]
    left_out: dict[str, str]


def infer(
    frame: pd.DataFrame,
    *,
    exclude: Collection[str] = (),
    overrides: Mapping[str, str] | None = None,
) -> Inferred:
    """The kind of each column of a sample, and the columns that carry nothing to learn.

    Text of dates is a timestamp, other text categorical if it has at most 50 levels and two rows a
    level. Left out: constants, columns of NULL, free text and identifiers, other types. Excluded
    columns appear in neither part. Overrides win over all of this, and over ``exclude``. Beside an
    image nothing else is seen. FeatureError if an override names a column or a kind that does not
    exist, or cannot be followed because of an image.
    """
    overrides = overrides or {}
    for column, kind in overrides.items():
        _check(column, kind, frame)
    check_columns(frame, frame.columns)
    kinds: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name in frame.columns:
        if name in overrides:
            kinds[name] = overrides[name]
        elif name not in exclude:
            kind, reason = _judged(frame[name])
            (kinds if kind else left_out)[name] = kind or reason
    return _image_alone(Inferred(kinds=kinds, left_out=left_out), overrides)


def _image_alone(inferred: Inferred, overrides: Mapping[str, str]) -> Inferred:
    """The image without the columns beside it, which are left out; the rest as it is."""
    images = [name for name, kind in inferred.kinds.items() if kind == "image"]
    if not images:
        return inferred
    image = next((name for name in images if name in overrides), images[0])
    others = [name for name in inferred.kinds if name != image]
    asked_for = [name for name in others if name in overrides or name in images]
    if asked_for:
        raise FeatureError(
            f"'{image}' holds images, and {', '.join(asked_for)} would be features too.",
            expected="an image alone: detectors of images see nothing else",
            mend=f"Leave them out: `features: {{exclude: [{', '.join(asked_for)}]}}`; or exclude "
            f"'{image}', and watch it with a monitor of its own.",
        )
    beside = dict.fromkeys(others, f"not seen beside the image '{image}'")
    return Inferred(kinds={image: "image"}, left_out={**inferred.left_out, **beside})


def _check(column: str, kind: str, frame: pd.DataFrame) -> None:
    """Nothing, if an override can be followed."""
    named(kind, column=column)
    if column not in frame.columns:
        raise FeatureError(
            f"The kind '{kind}' is given for column '{column}', which the records do not have.",
            expected=f"one of {', '.join(map(str, frame.columns))}",
            mend=suggestion(column, map(str, frame.columns)),
        )


def _judged(column: Column) -> tuple[str, str]:
    """A kind, or else the reason why there is none; the other is empty."""
    values = column.dropna()
    if values.empty:
        return "", "every value is NULL"
    kind = next((name for name, kind in KINDS.items() if kind.claims(values)), "")
    if not kind:
        return "", _reason(values)
    if len(values) == len(column) and values.nunique() == 1:
        return "", f"every value is {_shown(values.iloc[0])}"
    return kind, ""


def _shown(value: object) -> str:
    return f"the same {len(value):,} bytes" if isinstance(value, bytes) else f"{value!s:.40}"


def _reason(values: Column) -> str:
    """Why no kind claims these values, none of them NULL."""
    if pd.api.types.infer_dtype(values) not in {"string", "categorical"}:
        return f"no kind reads {type_names(values)} values"
    return f"free text or an identifier: {values.nunique()} different values in {len(values)} rows"
