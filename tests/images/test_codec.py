"""What goes in comes out, or is refused by name."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from augtool.core.image_spec import ImageSpec
from augtool.errors import InputError
from augtool.images import codec
from tests.decoding import decode
from tests.pictures import picture

LIMIT = 1_000_000


def spec_of(image: Any) -> ImageSpec:
    channels = 1 if image.ndim == 2 else image.shape[2]
    return ImageSpec(*image.shape[:2], channels, 8 * image.itemsize)


def read(data: bytes) -> Any:
    return decode(data, LIMIT)


def save(image: Pillow.Image, format: str, **params: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **params)
    return buffer.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.stage == "decode"
    return str(caught.value)


@pytest.mark.parametrize("format", ["png", "tiff", "bmp", "webp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_a_format_holds_comes_back_to_the_last_bit(
    format: str, dtype: Any, channels: int
) -> None:
    image = picture(0, 7, 4, channels, dtype)
    if codec.unsupported_reason(format, spec_of(image)):
        pytest.skip("refused before it is encoded")
    if format == "webp":
        # Lossless is quality 101; it knows no gray, and drops colour that alpha hides.
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if channels == 1 else image.copy()
        image[..., 3:] = image[..., 3:] | 1
    back = read(codec.encode(image, format, 101 if format == "webp" else 95))
    np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize(
    ("format", "channels", "dtype", "flag"),
    [
        ("jpg", 4, np.uint8, "--flatten white"),
        ("jpg", 2, np.uint8, "--flatten white"),
        ("webp", 2, np.uint8, "--flatten white"),
        ("tiff", 4, np.uint8, "--format png"),
        ("jpg", 3, np.uint16, "--depth 8"),
        ("webp", 3, np.uint16, "--depth 8"),
        ("bmp", 1, np.uint16, "--depth 8"),
    ],
)
def test_what_a_format_would_lose_names_the_flag(
    format: str, channels: int, dtype: Any, flag: str
) -> None:
    loss = codec.unsupported_reason(format, spec_of(picture(0, 7, 4, channels, dtype)))
    assert loss is not None
    assert flag in loss


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_modes_are_what_pillow_sees(mode: str) -> None:
    source = Pillow.fromarray(picture(0, 7, 4, 4))
    if mode == "I;16":
        source = Pillow.fromarray(picture(0, 7, 4, 1, np.uint16))
    elif mode != "RGBA":
        source = source.convert("LA" if mode == "LA" else "RGB").convert(mode)
    data = save(source, "PNG")
    shown = source.convert("RGB") if mode == "P" else source
    shown = shown.convert("L") if mode == "1" else shown
    expected = np.asarray(shown)
    got = read(data)
    if got.ndim == 3 and got.shape[2] >= 3:
        got = np.concatenate([got[..., 2::-1], got[..., 3:]], axis=2)
    np.testing.assert_array_equal(got, expected)


def test_a_transparent_gray_level_becomes_alpha() -> None:
    gray = np.array([[5, 6], [7, 5]], np.uint8)
    data = save(Pillow.fromarray(gray), "PNG", transparency=5)
    got = read(data)
    np.testing.assert_array_equal(got[..., 0], gray)
    np.testing.assert_array_equal(got[..., 1], [[0, 255], [255, 0]])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(format: str, orientation: int) -> None:
    from PIL import ImageOps

    exif = Pillow.Exif()
    exif[0x0112] = orientation
    params = {"lossless": True} if format == "WEBP" else {}
    data = save(Pillow.fromarray(picture(0, 21, 34)), format, exif=exif, **params)
    expected = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))))[..., ::-1]
    header = codec.probe(data, LIMIT)
    assert header.orientation == orientation
    assert header.size == expected.shape[:2]
    # libjpeg versions differ by a level or two of rounding.
    assert np.abs(read(data).astype(int) - expected).max() <= (4 if format == "JPEG" else 0)


def test_webp_with_a_prefixed_exif_block_is_turned_too() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    data = save(Pillow.fromarray(picture(0, 20, 30)), "WEBP", exif=b"Exif\0\0" + exif.tobytes()[6:])
    assert read(data).shape[:2] == (30, 20)


@pytest.mark.parametrize("reduce", [2, 4, 8])
@pytest.mark.parametrize("channels", [1, 3])
def test_reduced_decoding_averages_blocks(reduce: int, channels: int) -> None:
    image = picture(0, 65, 99, channels)
    data = codec.encode(image, "jpg", 100)
    got = codec.decode(data, codec.probe(data, LIMIT), reduce)
    assert got.shape[:2] == (-(-65 // reduce), -(-99 // reduce))
    whole = read(data)[: 64 // reduce * reduce, : 96 // reduce * reduce].astype(float)
    blocks = whole.reshape(64 // reduce, reduce, 96 // reduce, reduce, channels).mean(axis=(1, 3))
    difference = np.abs(got[: 64 // reduce, : 96 // reduce].reshape(blocks.shape) - blocks)
    assert difference.mean() < 2  # another filter than the box, but the same place


def jpeg() -> bytes:
    return codec.encode(picture(0, 64, 96), "jpg", 90)


def png() -> bytes:
    return codec.encode(picture(0, 64, 96), "png", 90)


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "bmp", "tiff"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(format: str, share: float) -> None:
    data = codec.encode(picture(0, 64, 96), format, 90)
    refusal(data[: int(len(data) * share)])


def test_a_jpeg_whose_middle_is_missing_is_refused_though_opencv_returns_it() -> None:
    data = jpeg()
    broken = data[: len(data) // 2] + b"\xff\xd9"
    assert cv2.imdecode(np.frombuffer(broken, np.uint8), cv2.IMREAD_UNCHANGED) is not None
    assert "premature end" in refusal(broken)


def test_junk_after_the_picture_is_harmless() -> None:
    np.testing.assert_array_equal(read(jpeg() + b"junk" * 100), read(jpeg()))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"hello, I am text", "not an image that augtool reads (begins with b'hello, I')"),
        (b"\xff\xd8\xff", "it ends before its first scan"),
        (b"\x89PNG\r\n\x1a\n", "it ends before its last chunk"),
        (b"BM" + bytes(20), "it ends within its header"),
        (b"GIF89a" + bytes(7), "its header gives no size"),
        (b"P5 4 4 100\n" + bytes(16), "a PNM of levels up to 100"),
        (b"P5 4 4 255\n" + bytes(15), "is 26 bytes long and should be 27"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_bomb_is_refused_from_its_header() -> None:
    data = bytearray(png())
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    said = refusal(bytes(data))
    assert "claims 50000 x 50000 pixels, more than the limit of 1,000,000" in said
    assert "--max-pixels" in said


def test_a_side_that_the_warp_does_not_take_is_refused() -> None:
    data = codec.encode(np.zeros((1, 32_768), np.uint8), "png", 95)
    assert "the longest supported side is 32,766" in refusal(data)


def test_a_fourth_channel_changes_no_byte_of_a_jpeg() -> None:
    """What the warp leaves there is not taken off before a JPEG is encoded."""
    for image in (picture(0, 33, 47, 4), picture(1, 32, 32, 4)):
        colour = np.ascontiguousarray(image[..., :3])
        assert codec.encode(image, "jpg", 90) == codec.encode(colour, "jpg", 90)


def test_a_jpeg_of_hundreds_of_scans_is_refused() -> None:
    data = jpeg()
    at = data.index(b"\xff\xda")
    assert "scans" in refusal(data[:at] + b"\xff\xda\x00\x02" * 300 + data[at:])


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_moving_pictures_and_pages_are_refused(format: str) -> None:
    frames = [Pillow.fromarray(picture(seed, 20, 30)) for seed in range(2)]
    data = save(frames[0], format, save_all=True, append_images=frames[1:])
    assert "animated" in refusal(data) or "several pages" in refusal(data)


def test_a_still_gif_is_read() -> None:
    data = save(Pillow.fromarray(picture(0, 20, 30)), "GIF")
    expected = np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))[..., ::-1]
    np.testing.assert_array_equal(read(data), expected)


@pytest.mark.parametrize("mode", ["F", "CMYK", "RGBA", "LA"])
def test_tiffs_that_opencv_would_change_are_refused(mode: str) -> None:
    assert "convert it to PNG" in refusal(save(Pillow.new(mode, (7, 4)), "TIFF"))


def test_reasons_hold_no_clock(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(save(Pillow.fromarray(picture()), "TIFF", compression="tiff_lzw"))
    data[8 : len(data) // 2] = bytes(len(data) // 2 - 8)
    first = refusal(bytes(data))
    assert first == refusal(bytes(data))
    assert "@" not in first
    assert capfd.readouterr().err == ""


@pytest.mark.optional
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_fast_png_encoder_writes_the_same_pixels(channels: int, dtype: Any) -> None:
    pytest.importorskip("fpng")
    image = picture(0, 7, 4, channels, dtype)
    np.testing.assert_array_equal(read(codec.encode(image, "png", 95, png_encoder="fpng")), image)


def test_flatten_lays_alpha_on_a_colour() -> None:
    image = np.zeros((1, 2, 4), np.uint8)
    image[0, 0] = (10, 20, 30, 255)
    image[0, 1] = (10, 20, 30, 128)
    flat = codec.flatten(image, "#ff8000")
    share = 128 / 255
    expected = [round(0 + 10 * share), round(128 + (20 - 128) * share), round(255 - 225 * share)]
    assert flat.tolist() == [[[10, 20, 30], expected]]
    gray = codec.flatten(np.array([[[100, 0]]], np.uint8), "#ffffff")
    assert gray.tolist() == [[255]]


def test_16_bits_become_8_by_rounding() -> None:
    levels = np.array([[0, 128, 129, 257, 65535]], np.uint16)
    assert codec.to_8_bits(levels).tolist() == [[0, 0, 1, 1, 255]]
