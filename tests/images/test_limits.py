"""How large an image may be: files that are small on disk and claim much."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.errors import InputError
from augtool.images import codec, source_image
from augtool.images.limits import counted_pixels, require_within
from tests.memory import cost_of_first_copy
from tests.pictures import picture

#: A process that has loaded everything and has read a small image takes about 90 MB.
SMALL_MB = 200


def png(width: int, height: int, colour: int, bits: int) -> bytes:
    """Return a black PNG of colour type 0 (gray), 2 (colour) or 6 (colour with alpha)."""
    pixel = {0: 1, 2: 3, 6: 4}[colour] * bits // 8
    packer = zlib.compressobj(1)
    row = b"\0" + bytes(width * pixel)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def saved(format: str, **params: Any) -> bytearray:
    buffer = io.BytesIO()
    Pillow.fromarray(picture(0, 16, 16)).save(buffer, format, **params)
    return bytearray(buffer.getvalue())


def claiming(format: str, side: int) -> bytes:
    """Return a small file whose header claims an image of `side` x `side`."""
    if format == "png":
        return png(side, 1, 2, 8)[:20] + struct.pack(">I", side) + png(side, 1, 2, 8)[24:]
    data = saved({"jpg": "JPEG", "ppm": "PPM", "tif": "TIFF"}.get(format, format.upper()))
    if format == "jpg":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", side, side)
    elif format == "bmp":
        # RLE, so that the file may be short.
        data[18:34] = struct.pack("<iiHHI", side, side, 1, 8, 1)
    elif format == "gif":
        data[6:10] = struct.pack("<HH", side, side)
    elif format == "ppm":
        return b"P3 %d %d 255\n" % (side, side)
    elif format == "tif":
        return (
            bytes(data)
            .replace(struct.pack("<HHII", 256, 4, 1, 16), struct.pack("<HHII", 256, 4, 1, side))
            .replace(struct.pack("<HHII", 257, 4, 1, 16), struct.pack("<HHII", 257, 4, 1, side))
            .replace(
                struct.pack("<HHIHH", 256, 3, 1, 16, 0), struct.pack("<HHIHH", 256, 3, 1, side, 0)
            )
            .replace(
                struct.pack("<HHIHH", 257, 3, 1, 16, 0), struct.pack("<HHIHH", 257, 3, 1, side, 0)
            )
        )
    else:
        at = data.index(b"VP8 ") + 14
        data[at : at + 4] = struct.pack("<HH", side & 0x3FFF, side & 0x3FFF)
    return bytes(data)


@pytest.mark.parametrize("format", ["png", "jpg", "webp", "tif", "bmp", "ppm", "gif"])
def test_what_claims_more_than_the_limit_is_refused_unread(tmp_path: Path, format: str) -> None:
    side = 16_000
    (tmp_path / "cat").mkdir()
    (tmp_path / f"cat/x.{format}").write_bytes(claiming(format, side))
    said, megabytes = cost_of_first_copy(tmp_path)
    assert f"claims {side} x {side} pixels, more than the limit of 64,000,000" in said
    assert f"pass --max-pixels {side * side} " in said
    assert megabytes < SMALL_MB


@pytest.mark.slow
@pytest.mark.parametrize(
    ("colour", "bits", "height"),
    [(0, 8, 8000), (2, 8, 8000), (6, 8, 8000), (2, 16, 4000), (6, 16, 4000)],
)
def test_the_largest_image_stays_below_a_gigabyte(
    tmp_path: Path, colour: int, bits: int, height: int
) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat/x.png").write_bytes(png(8000, height, colour, bits))
    assert cost_of_first_copy(tmp_path) < ("", 1000)
    said, megabytes = cost_of_first_copy(tmp_path, max_pixels=63_000_000)
    assert "more than the limit of 63,000,000; if it is really that large" in said
    assert "pass --max-pixels 64000000" in said
    assert megabytes < SMALL_MB


@pytest.mark.parametrize(
    ("pixel_bytes", "counted"), [(1, 200), (2, 200), (3, 200), (4, 200), (6, 400), (8, 400)]
)
def test_pixels_of_16_bit_colour_count_double(pixel_bytes: int, counted: int) -> None:
    size = Size(10, 20)
    assert counted_pixels(size, pixel_bytes) == counted
    require_within(size, pixel_bytes, counted)
    with pytest.raises(InputError, match=f"pass --max-pixels {counted} "):
        require_within(size, pixel_bytes, counted - 1)


@pytest.mark.parametrize("format", ["png", "tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_header_tells_the_bytes_of_a_pixel(format: str, dtype: Any, channels: int) -> None:
    image = picture(0, 7, 4, channels, dtype)
    header = codec.probe(codec.encode(image, format, 95), 1000)
    assert header.pixel_bytes == channels * image.itemsize


def test_a_camera_of_61_megapixels_is_within_the_default() -> None:
    require_within(Size(6336, 9504), 3, Config().max_pixels)


def test_pixels_that_come_as_an_array_are_counted_too() -> None:
    image = picture(0, 10, 10)
    source_image.load(image, Config(max_pixels=100))
    with pytest.raises(InputError, match="claims 10 x 10 pixels, more than the limit of 99"):
        source_image.load(image, Config(max_pixels=99))


def test_a_tiff_whose_tile_is_huge_is_refused() -> None:
    tags = [(256, 3, 8), (257, 3, 8), (258, 3, 8), (259, 3, 1), (262, 3, 1), (277, 3, 1)]
    tags += [(322, 4, 30_000), (323, 4, 30_000), (324, 4, 8), (325, 4, 64)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    with pytest.raises(InputError, match="claims 30000 x 30000 pixels"):
        codec.probe(data, 1_000_000)


def test_a_jpeg_of_many_components_is_refused() -> None:
    data = saved("JPEG")
    at = data.index(b"\xff\xc0") + 9
    data[at] = 10
    with pytest.raises(InputError, match="a JPEG of 10 channels"):
        codec.probe(bytes(data), 1000)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_flattening_in_bands_changes_nothing(channels: int, dtype: Any) -> None:
    image = picture(0, 700, 900, channels, dtype)
    rows = [codec.flatten(image[row : row + 1], "#ff8000") for row in range(0, 700, 50)]
    np.testing.assert_array_equal(codec.flatten(image, "#ff8000")[::50], np.concatenate(rows))
    eights = [codec.to_8_bits(image[row : row + 1]) for row in range(0, 700, 50)]
    np.testing.assert_array_equal(codec.to_8_bits(image)[::50], np.concatenate(eights))
