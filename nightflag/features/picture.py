"""Pictures: what is left of an image's bytes once they are read and brought to one size.

Bytes come from strangers. The size is looked at before anything is unpacked, only PNG and JPEG are
tried, and whatever is wrong with them becomes a reason, never an exception of another library.
"""

import math
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from nightflag.errors import FeatureError

Shape = tuple[int, int, int]

FORMATS = ("PNG", "JPEG")
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
MOST_BYTES = 64 * 2**20
DEEP = 65_535
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What the image library raises for bytes that are no whole image, found by mutilating some."""


@dataclass(frozen=True)
class Picture:
    """An image in the size the detector sees: one byte a pixel and channel, row by row.

    ``shape`` is (height, width, channels); ``size`` is (height, width) of the image it came from.
    """

    shape: Shape
    pixels: bytes
    size: tuple[int, int]

    def values(self) -> NDArray[np.uint8]:
        """The pixels, of the picture's shape."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape)


@dataclass(frozen=True)
class Reader:
    """How bytes become images: ``raw_shape`` where they may be bare, and the largest allowed."""

    raw_shape: tuple[int, ...] | None
    most_pixels: int

    def opened(self, content: object) -> Image.Image:
        """The image of these bytes, not unpacked yet; FeatureError saying what is wrong."""
        if not isinstance(content, bytes):
            raise unreadable(f"a {type(content).__name__} is no image")
        if self.raw_shape is not None and len(content) == math.prod(self.raw_shape):
            return _of_bytes(content, self.raw_shape)
        if not content.startswith(SIGNATURES) or len(content) > MOST_BYTES:
            raise unreadable(self._neither(content))
        try:
            image = Image.open(BytesIO(content), formats=FORMATS)
        except UnidentifiedImageError:
            raise unreadable(f"{len(content):,} bytes that only begin like an image") from None
        except BROKEN as error:
            raise unreadable(f"{len(content):,} bytes: {_brief(error)}") from None
        return self._of_bearable_size(image)

    def picture(self, content: object, shape: Shape) -> Picture:
        """The image of these bytes brought to ``shape``; FeatureError saying what is wrong."""
        if isinstance(content, Picture):
            return content
        image = self.image(content)
        return Picture(shape, _resized(image, shape), (image.height, image.width))

    def image(self, content: object) -> Image.Image:
        """The whole image of these bytes, eight bits deep; FeatureError saying what is wrong."""
        if isinstance(content, Picture):
            return _of_bytes(content.pixels, content.shape)
        image = self.opened(content)
        try:
            return _eight_bits(image)
        except BROKEN as error:
            found = f"{image.format} of {image.width} x {image.height}"
            raise unreadable(f"{found}: {_brief(error)}") from None

    def _of_bearable_size(self, image: Image.Image) -> Image.Image:
        pixels = image.width * image.height
        if pixels > self.most_pixels:
            raise unreadable(
                f"{image.format} of {image.width} x {image.height}: {pixels:,} pixels, more than "
                f"{self.most_pixels:,}"
            )
        return image

    def _neither(self, content: bytes) -> str:
        if len(content) > MOST_BYTES:
            return f"{len(content):,} bytes, more than {MOST_BYTES:,}"
        raw = ""
        if self.raw_shape is not None:
            shape = " x ".join(map(str, self.raw_shape))
            raw = f" nor {math.prod(self.raw_shape):,} bytes of {shape}"
        return f"{len(content):,} bytes that are neither PNG nor JPEG{raw}"


def looks_like_image(value: object) -> bool:
    """Whether a value is a picture, or bytes that begin like a PNG or a JPEG."""
    return isinstance(value, Picture) or (isinstance(value, bytes) and value.startswith(SIGNATURES))


def unreadable(what: str) -> FeatureError:
    """The error for bytes that are no image; ``what`` says what they are."""
    return FeatureError(
        what,
        expected="a whole PNG or JPEG, or bare bytes of the shape stated in `features: image`",
        mend="Write the image anew, or leave the record out in the source's query.",
    )


def _of_bytes(content: bytes, shape: tuple[int, ...]) -> Image.Image:
    return Image.frombytes("RGB" if shape[2:] == (3,) else "L", (shape[1], shape[0]), content)


def _resized(image: Image.Image, shape: Shape) -> bytes:
    height, width, channels = shape
    plain = image.convert("RGB" if channels == 3 else "L")
    if plain.size != (width, height):
        plain = plain.resize((width, height), Image.Resampling.BILINEAR)
    return plain.tobytes()


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image, unpacked, its 16-bit greys scaled: the library's own conversion cuts them off."""
    image.load()
    if not image.mode.startswith(("I", "F")):
        return image
    grey = np.clip(np.asarray(image, np.float64), 0, DEEP) / DEEP * 255
    return Image.fromarray(np.rint(grey).astype(np.uint8))


def _brief(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].replace("\0", "\\0")[:200]
