"""The settings of each detector. Light: importing them imports no network."""

from pydantic import BaseModel, ConfigDict, Field


class AutoencoderSettings(BaseModel):
    """How the dense autoencoder is trained; the defaults are those its quality was measured at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(
        1_000, ge=50, le=100_000, description="gradient steps; each sees one batch of records"
    )
    batch_size: int = Field(256, ge=16, le=8_192, description="records in one gradient step")
    learning_rate: float = Field(
        1e-3, gt=0, le=1, description="Adam's rate at the start; it falls to 0 along a cosine"
    )
    code_width: int | None = Field(
        None,
        ge=1,
        le=512,
        description="width of the bottleneck; by default the root of the feature count, rounded up",
    )
    trimmed_share: float = Field(
        0.05,
        ge=0,
        le=0.3,
        description="share of the worst-fitting training records that is left out, where the "
        "training rows are unlabelled",
    )
