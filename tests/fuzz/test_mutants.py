"""Broken pictures: each mutant is decoded as an independent decoder sees it, or refused.

A flipped byte of a format without checksums can make another picture that is whole in every
respect; no reader can tell. What may never happen is a picture that Pillow refuses or sees
differently: a gray tail, invented rows, other colours.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from augtool.errors import InputError
from tests.decoding import decode
from tests.drawing import numbers
from tests.pictures import photo, picture

NIGHTLY = bool(os.environ.get("AUGTOOL_FUZZ"))
MUTANTS = 4000 if NIGHTLY else 250
LIMIT = 10_000_000

FORMS: dict[str, dict[str, Any]] = {
    "jpg": {"format": "JPEG", "quality": 90},
    "jpg-progressive": {"format": "JPEG", "quality": 90, "progressive": True},
    "jpg-gray": {"format": "JPEG", "quality": 90},
    "png": {"format": "PNG"},
    "png-alpha": {"format": "PNG"},
    "webp": {"format": "WEBP", "quality": 90},
    "webp-lossless": {"format": "WEBP", "lossless": True},
    "bmp": {"format": "BMP"},
    "tiff": {"format": "TIFF"},
    "tiff-lzw": {"format": "TIFF", "compression": "tiff_lzw"},
    "gif": {"format": "GIF"},
    "ppm": {"format": "PPM"},
}


def made(name: str) -> bytes:
    channels = {"jpg-gray": 1, "png-alpha": 4}.get(name, 3)
    buffer = io.BytesIO()
    Pillow.fromarray(picture(3, 40, 56, channels)).save(buffer, **FORMS[name])
    return buffer.getvalue()


def mutant(data: bytes, name: str, number: int) -> bytes:
    """Return the data with a byte flipped, a stretch overwritten or cut out, or the end cut off."""
    kind, where, what, length = numbers(name, number, 4)
    at = int(where * len(data))
    stretch = 1 + int(length * 64)
    if kind < 0.4:
        return data[:at] + bytes([data[at] ^ (1 << int(what * 8))]) + data[at + 1 :]
    if kind < 0.6:
        return data[:at] + bytes([int(what * 256)]) * stretch + data[at + stretch :]
    if kind < 0.8:
        return data[:at] + data[at + stretch :]
    return data[:at]


def seen_by_pillow(data: bytes) -> Any:
    """Return Pillow's pixels in OpenCV's order, None where it refuses."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            if image.mode not in ("L", "RGB", "RGBA"):
                image = image.convert("RGBA" if "transparency" in image.info else "RGB")
            pixels = np.asarray(image)
    except Exception:  # noqa: BLE001 - Pillow raises many kinds
        return None
    if pixels.ndim == 3:
        pixels = np.concatenate([pixels[..., 2::-1], pixels[..., 3:]], axis=2)
    return pixels


def verdict(data: bytes, sound: bytes = b"") -> str:
    """Compare with Pillow, and where it refuses, with the picture before it was damaged."""
    try:
        got = decode(data)
    except InputError:
        return "refused"
    expected = seen_by_pillow(data)
    if expected is None and sound:
        expected = seen_by_pillow(sound)
    if expected is None or expected.size == 0:
        return "only here"
    if got.shape != expected.shape:
        return "other form"
    # Two builds of libjpeg differ by a few levels where the data are extreme.
    difference = np.abs(got.astype(int) - expected)
    return "right" if np.mean(difference > 16) < 0.01 else "other pixels"


@pytest.mark.skipif(not NIGHTLY, reason="tests/images/test_damage.py has a small one")
@pytest.mark.parametrize("size", [512, 4096])
@pytest.mark.parametrize("name", ["jpg", "jpg-progressive", "jpg-gray"])
def test_photos_with_a_zeroed_page_are_refused_or_right(name: str, size: int) -> None:
    wrong = []
    for seed in range(20):
        image = photo(seed, 480, 640)
        buffer = io.BytesIO()
        pixels = image[..., 0] if name == "jpg-gray" else image
        Pillow.fromarray(pixels).save(buffer, **FORMS[name])
        data = buffer.getvalue()
        sound = decode(data)
        for start in range(0, len(data), size):
            broken = data[:start] + bytes(size) + data[start + size :]
            try:
                got = decode(broken)
            except InputError:
                continue
            # Zeros in the last bits of the means of a progressive JPEG can't be told from a
            # picture, and move them by less than this.
            if np.abs(got.astype(int) - sound).max() > 8:
                wrong.append((seed, start))
    assert not wrong


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FORMS)
def test_mutants_are_decoded_right_or_refused(name: str) -> None:
    data = made(name)
    assert verdict(data) == "right"
    counts = Counter[str]()
    wrong = []
    for number in range(MUTANTS):
        broken = mutant(data, name, number)
        said = "right" if broken == data else verdict(broken, data)
        counts[said] += 1
        if said not in ("right", "refused"):
            wrong.append((number, said))
    assert not wrong, (wrong[:10], counts)


@pytest.mark.processes
def test_mutated_trees_never_end_a_run(tmp_path: Path) -> None:
    from augtool import Config, Options, expand

    folder = tmp_path / "data" / "cat"
    folder.mkdir(parents=True)
    (folder / "sound.png").write_bytes(made("png"))
    for name in FORMS:
        for number in range(6):
            suffix = name.partition("-")[0]
            (folder / f"{name}-{number}.{suffix}").write_bytes(mutant(made(name), name, number))
    report = expand(
        tmp_path / "data", tmp_path / "out", config=Config(per_image=1), options=Options(workers=2)
    )
    assert report.exit_code == 3
    assert report.files + report.missing == report.plan.total_records
