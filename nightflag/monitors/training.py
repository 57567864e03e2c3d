"""What the detector is, and when and on what it is retrained."""

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from nightflag.monitors.durations import Duration
from nightflag.monitors.section import Section


class Detector(Section):
    """The model that scores records."""

    name: Literal[
        "auto",
        "autoencoder",
        "convolutional",
        "density",
        "log_energy",
        "random_features",
        "recurrent",
    ] = Field(default="auto", description="Which detector is trained; auto suits most data.")
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="The same seed trains the same model."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The detector's own settings, checked by the detector."
    )


class Training(Section):
    """When and on what the detector is retrained."""

    every: Duration = Field(
        default=timedelta(days=7), description="How often to retrain; 0: every night."
    )
    window: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="How far back training records reach; by default all history.",
    )
    at_least: int = Field(
        default=200, ge=20, le=10_000_000, description="Refuse to train on fewer records."
    )
    at_most: int = Field(
        default=100_000,
        ge=20,
        le=10_000_000,
        validate_default=True,
        description="Train on a sample of so many records.",
    )
    calibration: float = Field(
        default=0.25,
        ge=0.05,
        le=0.5,
        description="Share of the newest training records held out to calibrate p-values.",
    )
    cross_calibration: bool = Field(
        default=False,
        description="Whether as large a share of every stretch of time calibrates in turn, and all "
        "records train: for few records, at the cost of 1 / calibration more trainings.",
    )
    verdicts: int = Field(
        default=20, ge=1, le=1_000_000, description="Retrain after so many new verdicts."
    )
    drift: bool = Field(
        default=True, description="Retrain when inputs or scores drifted three nights in a row."
    )
    snapshot: bool = Field(
        default=False,
        description="Whether the training records are kept with the model, every column of them, "
        "so that it can be made again when the source no longer holds them.",
    )
    promotion: Literal["automatic", "by hand"] = Field(
        default="automatic",
        description="Whether a model that is not worse takes over, or waits for a person.",
    )
    shadow: bool = Field(
        default=False,
        description="Whether a model that waits scores the nights beside the one in use, and flags "
        "nothing, so that both can be compared.",
    )

    @field_validator("at_most")
    @classmethod
    def _not_below_at_least(cls, at_most: int, info: ValidationInfo) -> int:
        if at_most < info.data.get("at_least", 0):
            raise ValueError("expected at_most to be no smaller than at_least")
        return at_most

    @field_validator("shadow")
    @classmethod
    def _only_of_a_model_that_waits(cls, shadow: bool, info: ValidationInfo) -> bool:
        if shadow and info.data.get("promotion") != "by hand":
            raise ValueError("expected promotion: by hand beside it, or else no model waits")
        return shadow
