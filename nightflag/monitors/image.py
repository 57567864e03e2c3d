"""How the images of a column are read."""

from pydantic import Field, ValidationInfo, field_validator

from nightflag.monitors.section import Section

MOST_VALUES = 16_384


class Image(Section):
    """How images in a binary column are read, and what size the detector sees them in."""

    height: int | None = Field(
        default=None,
        ge=8,
        le=128,
        description="Rows the detector sees; by default those of the images where all have one "
        "size of at most 64 x 64, or else 64.",
    )
    width: int | None = Field(
        default=None,
        ge=8,
        le=128,
        validate_default=True,
        description="Columns the detector sees; given together with height, or not at all.",
    )
    colour: bool = Field(
        default=False,
        validate_default=True,
        description="Whether the detector sees red, green and blue, or shades of grey.",
    )
    raw_shape: tuple[int, ...] | None = Field(
        default=None,
        strict=False,
        min_length=2,
        max_length=3,
        description="Height, width and (3: colour) channels of images kept as bare bytes, one a "
        "pixel and channel, row by row; PNG and JPEG need none.",
    )
    most_pixels: int = Field(
        default=25_000_000,
        ge=64,
        le=80_000_000,
        description="Larger images are not opened; they go into quarantine.",
    )

    @field_validator("width")
    @classmethod
    def _with_height(cls, width: int | None, info: ValidationInfo) -> int | None:
        if (width is None) != (info.data.get("height") is None):
            raise ValueError("expected both height and width, or neither")
        return width

    @field_validator("colour")
    @classmethod
    def _not_too_many_values(cls, colour: bool, info: ValidationInfo) -> bool:
        pixels = (info.data.get("height") or 1) * (info.data.get("width") or 1)
        if pixels * (3 if colour else 1) > MOST_VALUES:
            raise ValueError(f"expected at most {MOST_VALUES:,} values: height x width x channels")
        return colour

    @field_validator("raw_shape")
    @classmethod
    def _of_pixels(cls, shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if shape is not None and (min(shape) < 1 or shape[2:] not in ((), (1,), (3,))):
            raise ValueError("expected [height, width], or [height, width, 3] for colour")
        return shape
