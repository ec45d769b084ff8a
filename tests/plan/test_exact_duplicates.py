from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from augtool.plan.exact_duplicates import find_exact_duplicates
from augtool.sources import open_source
from tests.packed_data import gray


def _twins(path: Path) -> list[set[str]]:
    source = open_source(path)
    samples = source.listing().samples
    found = find_exact_duplicates(source, samples, range(len(samples)))
    return sorted([{samples[index].id for index in each} for each in found], key=sorted)


def test_files_with_the_same_bytes_are_found_across_classes(tiny_tree: Path) -> None:
    shutil.copy(tiny_tree / "cat/00.png", tiny_tree / "dog/77.png")
    shutil.copy(tiny_tree / "cat/00.png", tiny_tree / "deer/77.png")
    shutil.copy(tiny_tree / "cat/01.png", tiny_tree / "cat/77.png")
    assert _twins(tiny_tree) == [
        {"cat/00.png", "dog/77.png", "deer/77.png"},
        {"cat/01.png", "cat/77.png"},
    ]


def test_files_that_differ_in_one_byte_anywhere_are_no_twins(tiny_tree: Path) -> None:
    data = os.urandom(10_000)
    for number, place in enumerate((0, 5_000, 9_999)):
        other = bytearray(data)
        other[place] ^= 1
        (tiny_tree / f"cat/x{number}.png").write_bytes(other)
    (tiny_tree / "cat/y.png").write_bytes(data)
    assert _twins(tiny_tree) == []


def test_file_that_cannot_be_read_has_no_twin(tiny_tree: Path) -> None:
    source = open_source(tiny_tree)
    samples = source.listing().samples
    for name in ("00", "01"):
        (tiny_tree / f"cat/{name}.png").unlink()
    assert find_exact_duplicates(source, samples, range(len(samples))) == []


def test_pictures_of_packed_data_are_compared_by_pixels(tmp_path: Path) -> None:
    images = np.concatenate([gray(5), gray(2)])
    np.savez(tmp_path / "a.npz", x=images, y=np.arange(7) % 2)
    assert _twins(tmp_path / "a.npz") == [
        {"train/00000", "train/00005"},
        {"train/00001", "train/00006"},
    ]


@pytest.mark.parametrize("kept", [range(4), range(1, 12)])
def test_only_the_given_samples_are_looked_at(tiny_tree: Path, kept: range) -> None:
    shutil.copy(tiny_tree / "cat/00.png", tiny_tree / "dog/77.png")
    source = open_source(tiny_tree)
    assert find_exact_duplicates(source, source.listing().samples, kept) == []
