"""The settings of each detector. Light: importing them imports no network."""

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Frozen, and no other names than these; the defaults are those quality was measured at."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Trimmed(Settings):
    """What is left out where anomalies may be among the training rows."""

    trimmed_share: float = Field(
        0.05,
        ge=0,
        le=0.3,
        description="share of the worst-fitting training records that is left out, where the "
        "training rows are unlabelled",
    )


class StepSettings(Trimmed):
    """How a network is trained by gradient steps."""

    steps: int = Field(
        1_000, ge=50, le=100_000, description="gradient steps; each sees one batch of records"
    )
    batch_size: int = Field(256, ge=16, le=8_192, description="records in one gradient step")
    learning_rate: float = Field(
        1e-3, gt=0, le=1, description="Adam's rate at the start; it falls to 0 along a cosine"
    )


class AutoencoderSettings(StepSettings):
    """How the dense autoencoder is trained."""

    code_width: int | None = Field(
        None,
        ge=1,
        le=512,
        description="width of the bottleneck; by default the root of the feature count, rounded up",
    )


class ConvolutionalSettings(StepSettings):
    """How the convolutional autoencoder is trained."""

    steps: int = Field(
        500, ge=50, le=100_000, description="gradient steps; each sees one batch of windows"
    )
    filters: int = Field(32, ge=4, le=256, description="patterns that each layer looks for")


class RecurrentSettings(StepSettings):
    """How the recurrent autoencoder is trained."""

    steps: int = Field(
        500, ge=50, le=100_000, description="gradient steps; each sees one batch of windows"
    )
    batch_size: int = Field(128, ge=16, le=8_192, description="windows in one gradient step")
    learning_rate: float = Field(
        3e-3, gt=0, le=1, description="Adam's rate at the start; it falls to 0 along a cosine"
    )
    units: int = Field(32, ge=4, le=256, description="width of the recurrent state, the code")
    cells: int = Field(
        32,
        ge=2,
        le=128,
        description="steps of the recurrence at most: a longer window is read several records at "
        "a time",
    )


class DensitySettings(StepSettings):
    """How the autoregressive density is trained."""

    orders: int = Field(
        4, ge=1, le=16, description="random orders of the features, each with a network of its own"
    )


class RandomFeaturesSettings(Settings):
    """What the random-feature head looks at; by default what suits the monitor's training rows."""

    cosines: int = Field(
        512, ge=64, le=4_096, description="random features; more are finer and slower"
    )
    breadth: float | None = Field(
        None,
        gt=0,
        le=10,
        description="inverse width of the kernel: higher looks closer; by default 1.4 for clean "
        "training rows, 0.7 for unlabelled ones",
    )
    ridge: float | None = Field(
        None,
        gt=0,
        le=1,
        description="share of the variance that counts as noise: higher learns less of each row; "
        "by default 0.00001 for clean training rows, 0.01 for unlabelled ones",
    )


class LogEnergySettings(Trimmed):
    """How images are looked at."""

    filters: int = Field(
        32, ge=4, le=128, description="random filters at each scale; more are finer and slower"
    )


class AutoSettings(Trimmed):
    """What the default recipe can be told."""

    cosines: int = Field(
        512, ge=64, le=4_096, description="random features of each head; more are finer and slower"
    )
