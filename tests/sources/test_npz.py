from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.sources import Source, open_source
from tests import packed_data as packed


def _source(path: Path, compressed: bool = True, **arrays: Any) -> Source:
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return open_source(path)


def _pixels(source: Source) -> list[Any]:
    return [source.read(sample) for sample in source.listing().samples]


@pytest.mark.parametrize("compressed", [True, False])
def test_arrays_of_keras_come_in_splits(tmp_path: Path, compressed: bool) -> None:
    arrays = packed.keras_arrays()
    source = _source(tmp_path / "mnist.npz", compressed, **arrays)
    listing = source.listing()
    assert listing.has_splits
    assert [sample.id for sample in listing.samples][29:31] == ["test/00029", "train/00000"]
    assert np.array_equal(_pixels(source), np.vstack([arrays["x_test"], arrays["x_train"]]))


@pytest.mark.parametrize(("x", "y"), [("x", "y"), ("images", "labels"), ("x", "labels")])
def test_arrays_without_splits_are_all_training(tmp_path: Path, x: str, y: str) -> None:
    listing = _source(tmp_path / "a.npz", **{x: packed.gray(4), y: [0, 1, 0, 1]}).listing()
    assert not listing.has_splits
    assert {sample.split for sample in listing.samples} == {"train"}


@pytest.mark.parametrize(
    "shape", [(5, 7, 9), (5, 7, 9, 1), (5, 7, 9, 2), (5, 7, 9, 3), (5, 7, 9, 4)]
)
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_shape_depth_and_order_are_kept(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, order: Any
) -> None:
    images = np.random.default_rng(0).integers(0, 2**16, shape).astype(dtype, order=order)
    source = _source(tmp_path / "a.npz", x=images, y=np.zeros((5, 1), int))
    pixels = _pixels(source)
    assert np.array_equal(pixels, images)
    assert pixels[0].dtype == np.dtype(dtype).newbyteorder("=")


def test_classes_array_names_the_labels(tmp_path: Path) -> None:
    source = _source(tmp_path / "a.npz", x=packed.gray(3), y=[0, 1, 1], classes=["cat", "dog"])
    assert source.listing().classes == ("cat", "dog")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
def test_one_hot_and_float_labels_are_read(tmp_path: Path, dtype: Any) -> None:
    """As this package writes them with `class_mode`."""
    labels = [2, 0, 1]
    one_hot = _source(tmp_path / "a.npz", x=packed.gray(3), y=np.eye(3)[labels].astype(dtype))
    assert [each.label for each in one_hot.listing().samples] == labels
    if dtype is not bool:
        column = _source(tmp_path / "b.npz", x=packed.gray(3), y=np.array(labels, dtype))
        assert [each.label for each in column.listing().samples] == labels


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": 1}, "contains a; expected x_train and y_train"),
        ({"x_train": 1}, "has x_train but no y_train"),
        ({"x_test": packed.gray(1), "y_test": [1]}, "expected x_train and y_train"),
        ({"x": packed.gray(2), "y": [1]}, "x: has 2 images, but y has 1 labels"),
        ({"x": packed.gray(2)[0], "y": [1]}, r"x: has shape \(28, 28\); expected \(n, h, w\)"),
        ({"x": np.zeros((2, 3, 8, 8), np.uint8), "y": [0, 1]}, r"shape \(2, 3, 8, 8\).*last"),
        ({"x": np.zeros((0, 8, 8), np.uint8), "y": []}, "there are no images"),
        ({"x": np.zeros((2, 8, 8), np.float32), "y": [0, 1]}, "x: has float32 levels"),
        ({"x": packed.gray(2), "y": np.eye(2)[None]}, r"y: has shape \(1, 2, 2\) .*one-hot rows"),
        ({"x": packed.gray(2), "y": [[1, 0], [1, 1]]}, "y: row 1 is not one-hot"),
        ({"x": packed.gray(2), "y": [0.5, 1]}, "y: row 0 has label 0.5, which is not a label"),
        ({"x": packed.gray(2), "y": [0, np.nan]}, "y: row 1 has label nan, which is not a label"),
        ({"x": packed.gray(2), "y": [0, -1]}, "row 1 has label -1"),
        ({"x": packed.gray(2), "y": np.array([{}, 1], object)}, "contains Python objects"),
        ({"x": packed.gray(2), "y": [0, 2], "classes": ["a", "b"]}, "row 1 has label 2, but"),
    ],
)
def test_other_arrays_are_refused_with_what_was_seen(
    tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    source = _source(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=rf"a\.npz: .*{words}"):
        source.listing()


def test_pickled_object_is_never_loaded(tmp_path: Path) -> None:
    witness = tmp_path / "witness"

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (witness,)

    evil = np.empty(1, object)
    evil[0] = Evil()
    source = _source(tmp_path / "a.npz", x=evil, y=[0])
    with pytest.raises(InputError, match="Python objects"):
        source.listing()
    assert not witness.exists()


def test_array_shorter_than_its_shape_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=packed.gray(2), y=[0, 1])
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data[:-5] if name == "x.npy" else data)
    with pytest.raises(InputError, match=r"a\.npz: x: has 1,691 bytes, but shape .* needs 1,696"):
        open_source(path).listing()


def test_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"a\.npz: is not a complete \.npz archive"):
        open_source(tmp_path / "a.npz").listing()


@pytest.mark.parametrize("compressed", [True, False])
def test_damaged_picture_is_named(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "a.npz"
    source = _source(path, compressed, x=packed.gray(50), y=np.arange(50) % 2)
    samples = source.listing().samples
    data = bytearray(path.read_bytes())
    data[5000:5100] = bytes(100)
    path.write_bytes(data)
    fresh = open_source(path)
    fresh.listing()
    with pytest.raises(InputError, match=r"a\.npz"):
        [fresh.read(sample) for sample in samples]


def test_the_archive_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").touch()
    with pytest.raises(InputError, match=r"/a\.npz: is not a complete \.npz archive"):
        open_source(tmp_path).listing()
