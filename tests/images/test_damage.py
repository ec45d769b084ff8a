"""Damage that decoders hide: over any complaint that isn't known to be harmless, no pixels."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from augtool.errors import InputError
from augtool.images import codec
from augtool.images.codec.complaints import damage_in
from augtool.images.codec.stderr_capture import captured_lines
from tests.conftest import Run
from tests.decoding import decode
from tests.drawing import numbers
from tests.pictures import make_tree, photo, picture

LIMIT = 10_000_000
PAGE = 512


def read(data: bytes) -> Any:
    return decode(data)


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(data)
    return str(caught.value)


def jpeg(image: Any = None, **params: Any) -> bytes:
    buffer = io.BytesIO()
    pixels = photo() if image is None else image
    Pillow.fromarray(pixels).save(buffer, "JPEG", **{"quality": 90, **params})
    return buffer.getvalue()


def before(data: bytes, marker: int, junk: bytes) -> bytes:
    at = data.index(bytes((0xFF, marker)))
    return data[:at] + junk + data[at:]


@pytest.mark.parametrize("marker", [0xDB, 0xC0, 0xC4, 0xDA])
@pytest.mark.parametrize("junk", [b"\0", b"stray", b"\xff", b"a\xff\0b\xff\xff"])
def test_stray_bytes_in_a_header_are_harmless(marker: int, junk: bytes) -> None:
    data = jpeg()
    np.testing.assert_array_equal(read(before(data, marker, junk)), read(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_stray_bytes_in_a_header_hide_no_damage(progressive: bool) -> None:
    """Libjpeg reports its first complaint only, and that was the harmless one."""
    data = before(jpeg(progressive=progressive), 0xDB, b"stray")
    half = data[: len(data) // 2] + b"\xff\xd9"
    assert "stray" not in refusal(half)
    assert "premature end" in refusal(half)


def test_an_unknown_jfif_version_is_harmless_and_hides_no_damage() -> None:
    data = bytearray(jpeg())
    data[data.index(b"JFIF\0") + 5] = 3
    np.testing.assert_array_equal(read(bytes(data)), read(jpeg()))
    assert "premature end" in refusal(bytes(data[: len(data) // 2]) + b"\xff\xd9")


@pytest.mark.parametrize("junk", [bytes(1), bytes(15)])
def test_a_cameras_padding_is_harmless(junk: bytes) -> None:
    data = jpeg()
    np.testing.assert_array_equal(read(data[:-2] + junk + data[-2:]), read(data))


@pytest.mark.parametrize("junk", [b"\1" * 12, bytes(40), bytes(12) + b"\1"])
def test_other_stray_bytes_before_the_end_are_damage(junk: bytes) -> None:
    """They are what is left over when decoding lost its way."""
    data = jpeg()
    assert "extraneous bytes before marker 0xd9" in refusal(data[:-2] + junk + data[-2:])


@pytest.mark.parametrize("marker", [0xC4, 0xDA])
def test_stray_bytes_between_scans_are_damage(marker: int) -> None:
    data = jpeg(progressive=True)
    at = data.index(bytes((0xFF, marker)), data.index(b"\xff\xda") + 2)
    assert f"before marker {marker:#x}" in refusal(data[:at] + b"stray" + data[at:])


def test_stray_bytes_before_a_restart_are_damage() -> None:
    data = jpeg(restart_marker_blocks=20)
    assert "before marker 0xd0" in refusal(before(data, 0xD0, b"stray"))


def test_a_second_picture_or_frame_in_a_header_is_damage() -> None:
    data = jpeg()
    frame = data[data.index(b"\xff\xc0") : data.index(b"\xff\xc4")]
    assert "two frame headers" in refusal(before(data, 0xC4, frame))
    refusal(before(data, 0xC4, data))


FORMS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "optimized": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "grey": {},
}


def zeroed(data: bytes, page: int, size: int) -> bytes:
    start = page * size
    middle = bytes(min(size, len(data) - start))
    return data[:start] + middle + data[start + size :]


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_with_a_zeroed_page_is_refused_or_right(form: str) -> None:
    """What a disk that lost a block leaves."""
    image = photo()[..., 0] if form == "grey" else photo()
    data = jpeg(image, **FORMS[form])
    sound = read(data)
    pages = len(data) // PAGE
    assert pages > 20
    for page in range(pages):
        try:
            got = read(zeroed(data, page, PAGE))
        except InputError:
            continue
        np.testing.assert_array_equal(got, sound, f"page {page}")


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_large_areas_of_one_colour_are_not_damage(
    optimize: bool, progressive: bool, channels: int
) -> None:
    """With tables made for them, encoders write thousands of zeros."""
    image = np.full((1500, 2000, 3), 90, np.uint8)
    image[40:50, 100:160] = 200
    pixels = image[..., 0] if channels == 1 else image
    data = jpeg(pixels, optimize=optimize, progressive=progressive)
    assert np.abs(read(data).astype(int) - pixels).max() <= 80


def test_zeros_after_the_end_are_harmless() -> None:
    np.testing.assert_array_equal(read(jpeg() + bytes(4096)), read(jpeg()))


SAID = [
    ("[ WARN:0@0.020] global system.cpp:2532 IPPInitSingleton WARNING: IPP was disabled by"
     " OPENCV_IPP environment variable", True),
    ("[ERROR:0@0.019] global system.cpp:2546 IPPInitSingleton ERROR: Improper value of OPENCV_IPP:"
     " bogus. Correct values are: disabled, sse42, avx2, avx512 (Intel64 only)", True),
    ("[ INFO:0@0.2] global registry.cpp:1 f core(parallel): Enabled backends(3)", True),
    ("[ WARN:0@0.2] global registry.cpp:1 f core(parallel): Enabled backends(3)", False),
    ("libpng warning: iCCP: known incorrect sRGB profile", True),
    ("libpng warning: tEXt: CRC error", True),
    ("libpng warning: tRNS: CRC error", False),
    ("libpng warning: PLTE: CRC error", False),
    ("libpng warning: eXIf: invalid", False),
    ("libpng warning: Invalid bit depth in IHDR", False),
    ("libpng error: IDAT: CRC error", False),
    ("[ WARN:0@0.1] global grfmt_tiff.cpp:123 TIFF_Warning TIFFReadDirectory: Unknown field with"
     " tag 42112 (0xa480) encountered", True),
    ("[ WARN:0@0.1] global grfmt_tiff.cpp:123 TIFF_Warning TIFFReadDirectoryCheckOrder: Invalid"
     " TIFF directory; tags are not sorted in ascending order", True),
    ('[ WARN:0@0.1] global grfmt_tiff.cpp:123 TIFF_Warning TIFFFetchNormalTag: ASCII value for tag'
     ' "DateTime" does not end in null byte', True),
    ("[ WARN:0@0.1] global grfmt_tiff.cpp:123 TIFF_Warning TIFFFetchNormalTag: IO error during"
     ' reading of "JPEGTables"; tag ignored', False),
    ("[ERROR:0@0.1] global grfmt_tiff.cpp:117 TIFF_Error TIFFFillStrip: Seek error", False),
    ("Corrupt JPEG data: 3 extraneous bytes before marker 0xd9", True),
    ("Corrupt JPEG data: 4 extraneous bytes before marker 0xd9", False),
    ("Corrupt JPEG data: 3 extraneous bytes before marker 0xd0", False),
    ("Corrupt JPEG data: 3 extraneous bytes before marker 0xdb", False),
    ("Corrupt JPEG data: premature end of data segment", False),
    ("Corrupt JPEG data: bad Huffman code", False),
    ("Warning: unknown JFIF revision number 3.01", False),
    ("Invalid SOS parameters for sequential JPEG", False),
    ("Inconsistent progression sequence for component 1 coefficient 0", False),
    ("iCCP", False),
    ("something that nobody has seen before", False),
]  # fmt: skip


@pytest.mark.parametrize(("line", "is_harmless"), SAID)
def test_a_line_is_harmless_only_by_its_text(line: str, is_harmless: bool) -> None:
    data = jpeg()
    padded = data[:-2] + bytes(3) + data[-2:]
    damage = damage_in(line, padded)
    assert (damage is None) == is_harmless
    assert damage is None or "@" not in damage


def test_a_png_with_a_wrong_colour_profile_is_read() -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(picture()).save(buffer, "PNG", icc_profile=b"not a profile" * 20)
    np.testing.assert_array_equal(read(buffer.getvalue()), picture()[..., ::-1])


@pytest.mark.parametrize("value", ["disabled", "bogus"])
def test_what_opencv_says_about_itself_damages_no_picture(
    spawn_cli: Run, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    make_tree(tmp_path / "data", {"cat": 2, "dog": 2}, ".jpg", height=200, width=300)
    monkeypatch.setenv("OPENCV_IPP", value)
    done = spawn_cli("expand", "data", "out", "--workers", "2", "--resize", "40x40")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "out/failures.csv").exists()


def test_opencv_reads_what_is_refused_here() -> None:
    """Otherwise these tests would test nothing."""
    data = jpeg()
    broken = zeroed(data, len(data) // PAGE // 2, PAGE)
    assert cv2.imdecode(np.frombuffer(broken, np.uint8), cv2.IMREAD_COLOR) is not None


def test_overwritten_photos_never_decode_over_a_complaint() -> None:
    """Noise in place of a page: what stays unnoticed is what no library complains about."""
    data = jpeg()
    for number in range(20):
        where, seed = numbers("noise", number, 2)
        noise = np.random.default_rng(int(seed * 2**32)).bytes(PAGE)
        at = int(where * (len(data) - PAGE))
        broken = data[:at] + noise + data[at + PAGE :]
        with codec.capture_stderr():
            cv2.imdecode(np.frombuffer(broken, np.uint8), cv2.IMREAD_UNCHANGED)
            if captured_lines():
                refusal(broken)
