"""Images: each pixel a feature, from 0 for black to 1 for white."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from nightflag import monitors
from nightflag.errors import FeatureError
from nightflag.features.kind import Column, Kind, Matrix, Readable, wrong_values
from nightflag.features.picture import Picture, Reader, Shape, looks_like_image
from nightflag.features.wording import Expected

LARGEST_KEPT = DEFAULT_SIDE = 64
SAMPLE = 1_000
CHANNELS = {1: ("",), 3: (" red", " green", " blue")}
NO_SETTINGS = monitors.Image()


class Image(Kind):
    """A PNG, a JPEG or bare bytes, as pixels of one working size, row by row.

    Alone among the kinds it does not standardise: detectors of images compare pixels with each
    other. A NULL, and bytes that are no image, cannot be judged: ``prepare`` names them, and the
    night puts them into quarantine.
    """

    height: int = Field(ge=1, le=128)
    width: int = Field(ge=1, le=128)
    channels: int = Field(ge=1, le=3)
    raw_shape: tuple[int, ...] | None = Field(description="of bare bytes")
    most_pixels: int = Field(ge=1, description="in an image that is opened")

    @classmethod
    def claims(cls, values: Column) -> bool:
        """Whether most values begin like a PNG or a JPEG; bare bytes have to be named."""
        if pd.api.types.infer_dtype(values) not in {"bytes", "mixed"}:
            return False
        return sum(map(looks_like_image, values)) > len(values) / 2

    @classmethod
    def fit(cls, column: Column, settings: monitors.Image = NO_SETTINGS) -> Self:
        """The working size: as set, or that of the images where they share one that is small."""
        reader = Reader(settings.raw_shape, settings.most_pixels)
        height, width = _stated(settings) or _shared(column, reader)
        return cls(
            height=height,
            width=width,
            channels=3 if settings.colour else 1,
            raw_shape=settings.raw_shape,
            most_pixels=settings.most_pixels,
        )

    @property
    def shape(self) -> Shape:
        """Height, width and channels."""
        return self.height, self.width, self.channels

    def names(self, column: str) -> tuple[str, ...]:
        """A name for each pixel and channel, rows and columns counted from 0."""
        return tuple(
            f"{column} row {row} column {place}{channel}"
            for row in range(self.height)
            for place in range(self.width)
            for channel in CHANNELS[self.channels]
        )

    def prepare(self, column: Column) -> Readable:
        """The pictures (n,), and what is wrong with the values that are none."""
        pictures, wrong = np.empty(len(column), dtype=object), dict[int, str | None]()
        reader = self.reader
        for row, content in enumerate(column):
            if pd.api.types.is_scalar(content) and pd.isna(content):
                wrong[row] = None
                continue
            try:
                pictures[row] = reader.picture(content, self.shape)
            except FeatureError as error:
                wrong[row] = error.what
        return Readable(pd.Series(pictures, index=column.index, name=column.name), wrong)

    @property
    def reader(self) -> Reader:
        """What makes images of bytes."""
        return Reader(self.raw_shape, self.most_pixels)

    def transform(self, column: Column) -> Matrix:
        """Features (n, height * width * channels) from 0 to 1."""
        readable = self.prepare(column)
        if readable.wrong:
            raise wrong_values(column, expected="whole images and no NULL")
        pixels = [picture.values().ravel() for picture in readable.column]
        width = self.height * self.width * self.channels
        return np.array(pixels, np.float32).reshape(len(column), width) / np.float32(255)

    def expected(self, features: Matrix) -> NDArray[Any]:
        """The n pictures that features stand for."""
        pictures = np.empty(len(features), dtype=object)
        pixels = np.rint(np.clip(features, 0, 1) * 255).astype(np.uint8)
        for row, values in enumerate(pixels):
            pictures[row] = Picture(self.shape, values.tobytes(), (self.height, self.width))
        return pictures

    def words(self, column: Column, expected: Expected) -> list[str]:
        """That it is unlike the expected image; where, the heat maps say."""
        return ["unlike the image that was expected"] * len(column)


def _stated(settings: monitors.Image) -> tuple[int, int] | None:
    if settings.height is None or settings.width is None:
        return None
    return settings.height, settings.width


def _shared(column: Column, reader: Reader) -> tuple[int, int]:
    """The height and width that all images of the sample have, or else the default."""
    sizes = {_size(content, reader) for content in column.dropna().iloc[:SAMPLE]} - {None}
    found = sizes.pop() if len(sizes) == 1 else None
    if found is None or not 8 <= min(found) <= max(found) <= LARGEST_KEPT:
        return DEFAULT_SIDE, DEFAULT_SIDE
    return found


def _size(content: object, reader: Reader) -> tuple[int, int] | None:
    """Height and width, of a picture those it has been brought to; None where it is no image."""
    if isinstance(content, Picture):
        return content.shape[:2]
    try:
        image = reader.opened(content)
    except FeatureError:
        return None
    return image.height, image.width
