"""Images as features: what is read, what size it gets, and what is refused with which words."""

import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightflag.errors import FeatureError
from nightflag.features import Pipeline, fit, infer
from nightflag.features.image import Image
from nightflag.features.picture import Picture
from nightflag.monitors import Image as Settings
from tests.nightflag.features.images import column, encoded, picture

WHOLE = {"PNG": encoded(picture()), "JPEG": encoded(picture(), "JPEG")}


def fitted(*contents, **how):
    return Image.fit(column(*contents), Settings(**how))


def wrong(kind, content):
    """What is said of one value that cannot be read."""
    return kind.prepare(column(WHOLE["PNG"], content)).wrong[1]


def test_a_png_becomes_its_pixels_from_black_0_to_white_1():
    pixels = picture(12, 9)
    features = fitted(encoded(pixels)).transform(column(encoded(pixels)))
    np.testing.assert_array_equal(features, pixels.reshape(1, -1).astype(np.float32) / 255)


def test_a_jpeg_and_bare_bytes_give_nearly_the_same():
    pixels = picture()
    kind = fitted(pixels.tobytes(), raw_shape=(28, 28))
    png, jpeg, raw = kind.transform(
        column(encoded(pixels), encoded(pixels, "JPEG", quality=95), pixels.tobytes())
    )
    np.testing.assert_array_equal(raw, png)
    assert np.abs(jpeg - png).max() < 0.1


def test_colour_is_kept_where_the_monitor_says_so():
    pixels = picture(16, 10, channels=3)
    kind = fitted(encoded(pixels), colour=True)
    assert kind.shape == (16, 10, 3)
    np.testing.assert_array_equal(
        kind.transform(column(encoded(pixels)))[0], pixels.ravel().astype(np.float32) / 255
    )
    assert kind.names("scan")[:4] == (
        "scan row 0 column 0 red",
        "scan row 0 column 0 green",
        "scan row 0 column 0 blue",
        "scan row 0 column 1 red",
    )


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off():
    deep = picture().astype(np.uint16) * 257
    features = fitted(encoded(deep)).transform(column(encoded(deep)))
    np.testing.assert_allclose(features[0], picture().ravel() / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        pytest.param([(28, 20), (28, 20)], (28, 20, 1), id="one small size"),
        pytest.param([(28, 20), (28, 28)], (64, 64, 1), id="several"),
        pytest.param([(200, 300)], (64, 64, 1), id="a large one"),
        pytest.param([(7, 7)], (64, 64, 1), id="a tiny one"),
    ],
)
def test_the_working_size_is_the_images_own_where_they_share_a_small_one(sizes, shape):
    assert fitted(*(encoded(picture(*size)) for size in sizes)).shape == shape


def test_the_monitor_can_state_the_working_size():
    kind = fitted(WHOLE["PNG"], height=16, width=24)
    assert kind.shape == (16, 24, 1)
    assert kind.transform(column(encoded(picture(100, 50)))).shape == (1, 16 * 24)


def test_a_shrunken_image_keeps_its_brightness():
    large = picture(300, 200)
    features = fitted(encoded(large)).transform(column(encoded(large)))
    assert features.mean() == pytest.approx(large.mean() / 255, abs=0.01)


def bomb(side):
    """A PNG of side x side black pixels in a few hundred bytes, however large the side."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(9))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, None, id="NULL"),
        pytest.param(b"", "0 bytes that are neither PNG nor JPEG", id="nothing"),
        pytest.param(b"GIF89a", "6 bytes that are neither PNG nor JPEG", id="another format"),
        pytest.param(b"\xff\xd8\xff", "3 bytes that only begin like an image", id="a signature"),
        pytest.param(WHOLE["PNG"][:300], "PNG of 28 x 28: image file is truncated", id="half"),
        pytest.param("text", "a str is no image", id="text"),
        pytest.param(
            bomb(5_001), "PNG of 5001 x 5001: 25,010,001 pixels, more than 25,000,000", id="bomb"
        ),
    ],
)
def test_what_is_no_image_is_named_with_the_reason(content, said):
    assert wrong(fitted(WHOLE["PNG"]), content) == said


def test_a_bomb_too_large_for_the_image_library_itself_is_named_too():
    assert "decompression bomb" in wrong(fitted(WHOLE["PNG"]), bomb(60_000))


def test_bare_bytes_of_another_length_are_named_with_the_length_wanted():
    kind = fitted(picture().tobytes(), raw_shape=(28, 28))
    said = "100 bytes that are neither PNG nor JPEG nor 784 bytes of 28 x 28"
    assert wrong(kind, bytes(100)) == said


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG"]), st.data())
def test_bytes_mutilated_anyhow_give_a_picture_or_a_reason_and_never_an_exception(kind, data):
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    read = fitted(WHOLE["PNG"]).prepare(column(bytes(content[:cut])))
    assert isinstance(read.column[0], Picture) != bool(read.wrong)


def test_pictures_read_once_are_not_read_again_and_give_the_same_features():
    kind = fitted(WHOLE["PNG"])
    raw = column(WHOLE["PNG"], WHOLE["JPEG"])
    read = kind.prepare(raw).column
    np.testing.assert_array_equal(kind.transform(read), kind.transform(raw))
    assert Image.fit(read) == kind
    assert read[0].size == (28, 28)


def test_a_value_that_is_no_image_is_not_turned_into_features():
    with pytest.raises(FeatureError, match=r"(?s)'scan' holds bytes.*whole images and no NULL"):
        fitted(WHOLE["PNG"]).transform(column(WHOLE["PNG"], b"none"))


def test_expected_features_come_back_as_pictures():
    kind = fitted(WHOLE["PNG"])
    [made] = kind.expected(kind.transform(column(WHOLE["PNG"])))
    np.testing.assert_array_equal(made.values()[..., 0], picture())


def table(**columns):
    scans = [encoded(picture(seed=seed)) for seed in range(30)]
    return pd.DataFrame({"scan": scans, **columns})


def test_a_column_that_mostly_begins_like_images_is_one_of_images():
    frame = table()
    frame.loc[:8, "scan"] = b"broken"
    frame.loc[9:11, "scan"] = None
    assert infer(frame).kinds == {"scan": "image"}


def test_other_bytes_are_no_images_unless_the_monitor_says_so():
    bare = table()["scan"].map(lambda _: None).to_frame()
    bare["scan"] = [picture(seed=seed).tobytes() for seed in range(30)]
    assert infer(bare).left_out == {"scan": "no kind reads bytes values"}
    assert infer(bare, overrides={"scan": "image"}).kinds == {"scan": "image"}


def test_images_that_are_all_the_same_are_left_out_without_quoting_their_bytes():
    frame = pd.DataFrame({"scan": [WHOLE["PNG"]] * 3})
    assert infer(frame).left_out == {"scan": f"every value is the same {len(WHOLE['PNG'])} bytes"}


def test_beside_an_image_other_columns_are_left_out_and_say_so():
    inferred = infer(table(age=range(30), ward=["a", "b"] * 15))
    assert inferred.kinds == {"scan": "image"}
    beside = "not seen beside the image 'scan'"
    assert inferred.left_out == {"age": beside, "ward": beside}


def test_an_image_and_a_column_that_was_asked_for_are_refused_with_advice():
    with pytest.raises(FeatureError, match=r"(?s)holds images, and age.*exclude: \[age\]"):
        infer(table(age=range(30)), overrides={"age": "numeric"})


def test_two_columns_of_images_are_refused_with_advice():
    with pytest.raises(FeatureError, match=r"(?s)'scan' holds images, and other.*\[other\]"):
        infer(table(other=table()["scan"][::-1].to_list()))


def test_a_pipeline_of_one_image_has_its_shape_and_survives_json():
    pipeline = fit(table(), kinds={"scan": "image"}, image=Settings(colour=True))
    assert pipeline.shape == (28, 28, 3)
    assert Pipeline.from_json(pipeline.to_json()) == pipeline


def test_a_pipeline_names_the_records_it_cannot_read_and_reads_the_others():
    frame = table(key=range(30))
    frame.loc[[4, 7], "scan"] = [None, b"none"]
    pipeline = fit(frame, kinds={"scan": "image"})
    read, unreadable = pipeline.prepare(frame)
    assert unreadable.to_dict("records") == [
        {"row": 4, "rule": "image_is_readable", "column": "scan", "value": None},
        {
            "row": 7,
            "rule": "image_is_readable",
            "column": "scan",
            "value": "4 bytes that are neither PNG nor JPEG",
        },
    ]
    assert read["key"].tolist() == list(range(30))
    assert pipeline.transform(read.drop([4, 7])).shape == (28, 784)


def test_a_pipeline_without_images_leaves_records_as_they_are():
    frame = pd.DataFrame({"age": [1, 2]})
    read, unreadable = fit(frame, kinds={"age": "numeric"}).prepare(frame)
    pd.testing.assert_frame_equal(read, frame)
    assert unreadable.empty
