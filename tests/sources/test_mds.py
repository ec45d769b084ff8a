"""MDS shards as others write them, and as nobody should."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from augtool.errors import InputError
from augtool.sources import open_source
from tests.shard_data import file_of, mds_shard, write_mds

TEXTS = {"class": ("str", None), "image": ("png", None)}
NUMBERS = {"image": ("bytes", None), "label": ("int8", 1)}


def shard_of(folder: Path, columns: Any, *samples: tuple[bytes, ...]) -> Path:
    path = folder / "shard.00000.mds"
    path.write_bytes(mds_shard(columns, samples))
    return path


def test_what_the_packages_converters_write_is_read(tmp_path: Path) -> None:
    source = open_source(write_mds(tmp_path / "data"))
    listing = source.listing()
    assert [(each.id, each.label) for each in listing.samples] == [
        *((f"train/{at:05}.jpg", at % 2) for at in range(7)),
        *((f"val/{at:05}.jpg", at) for at in range(2)),
    ]
    assert source.read(listing.samples[6]) == file_of(6, ".jpg")
    assert source.place_of(listing.samples[6]) == "train/shard.00001.mds[2]"


@pytest.mark.parametrize(
    ("columns", "values", "classes"),
    [
        (TEXTS, [(b"dog", b"x"), ("dög".encode(), b"y")], ("dog", "dög")),
        (NUMBERS, [(b"x", b"\x05"), (b"y", b"\x07")], ("5", "7")),
        ({"x": ("jpeg", None), "y": ("str", None)}, [(b"x", b"b"), (b"y", b"a")], ("a", "b")),
        (
            {"x": ("jpeg", None), "y": ("uint16", 2)},
            [(b"x", b"\0\xff"), (b"y", b"\1\0")],
            ("1", "65280"),
        ),
    ],
)
def test_classes_are_texts_or_numbers(
    tmp_path: Path, columns: Any, values: Any, classes: tuple[str, ...]
) -> None:
    assert open_source(shard_of(tmp_path, columns, *values)).listing().classes == classes


@pytest.mark.parametrize(
    ("columns", "sample", "words"),
    [
        (NUMBERS, (b"x", b"\xff"), "has the label -1, which stands for none"),
        (TEXTS, (b"", b"x"), "has an empty class, which stands for none"),
        (TEXTS, (b"c" * 5000, b"x"), "has a class of 5,000 bytes; shorten it"),
    ],
)
def test_samples_that_can_not_be_used_are_failures(
    tmp_path: Path, columns: Any, sample: tuple[bytes, ...], words: str
) -> None:
    sound = (b"\0", b"\0")
    listing = open_source(shard_of(tmp_path, columns, sound, sample)).listing()
    assert [failure.source for failure in listing.failures] == ["shard.00000.mds[1]"]
    assert words in listing.failures[0].reason
    assert len(listing.samples) == 1


def test_what_is_larger_than_any_image_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augtool.sources.mds._MOST_IMAGE_BYTES", 2)
    listing = open_source(shard_of(tmp_path, NUMBERS, (b"x", b"\0"), (b"xy", b"\0"))).listing()
    assert [failure.source for failure in listing.failures] == ["shard.00000.mds[1]"]
    assert "is 2 bytes long, larger than any image" in listing.failures[0].reason


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"image": ("pil", None), "label": ("int", 8)}, r"no column of images, only image \(pil\)"),
        ({"image": ("pkl", None), "label": ("int", 8)}, r"no column of images, only image \(pkl\)"),
        ({"image": ("png", None)}, r"no column of labels, only image \(png\); write one"),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, columns: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_source(shard_of(tmp_path, columns)).listing()


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (0, 2**32 - 1, r"is no sound MDS shard \(4,294,967,295 samples don't fit into"),
        (4, 2**31, "its offsets are not in order"),
        (4, 0, "its offsets are not in order"),
        (8, 2**31, "its offsets are not in order"),
        (12, 77, r"it has \d+ bytes, and should have 77"),
    ],
)
def test_heads_that_lie_are_refused(tmp_path: Path, at: int, value: int, words: str) -> None:
    path = shard_of(tmp_path, NUMBERS, (b"x", b"\0"), (b"y", b"\1"))
    data = path.read_bytes()
    path.write_bytes(data[:at] + struct.pack("<I", value) + data[at + 4 :])
    with pytest.raises(InputError, match=words):
        open_source(path).listing()


def test_a_sample_whose_values_are_not_as_long_as_it_is_a_failure(tmp_path: Path) -> None:
    path = shard_of(tmp_path, NUMBERS, (b"x", b"\0"), (b"wrong", b"\1"))
    data = path.read_bytes()
    at = data.index(struct.pack("<I", 5) + b"wrong")
    path.write_bytes(data[:at] + struct.pack("<I", 2**32 - 1) + data[at + 4 :])
    listing = open_source(path).listing()
    assert [failure.source for failure in listing.failures] == ["shard.00000.mds[1]"]
    assert "is damaged (sample 1 ends at byte" in listing.failures[0].reason
