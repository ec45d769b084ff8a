"""NumPy archives: ``x_train, y_train, x_test, y_test``, or ``x`` and ``y``."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import ClassVar

import numpy as np

from augtool.core.geometry import Image
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import TRAIN, Sample
from augtool.errors import InputError
from augtool.sources.npz_arrays import StoredArray
from augtool.sources.packed import Batch, Contents, PackedSource
from augtool.storage.random_access import open_seekable

__all__ = ["NpzSource"]

_IN_SPLITS = {
    TRAIN: ("x_train", "y_train"),
    "val": ("x_val", "y_val"),
    "test": ("x_test", "y_test"),
}
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
#: An array that must be in memory whole may take so many bytes for each pixel of --max-pixels.
_WHOLE_BYTES = 4
_MOST_NAME_BYTES = 2**24
_ALONE = [(x, y) for x in ("x", "images") for y in ("y", "labels")]


class NpzSource(PackedSource):
    """Arrays of pictures and labels. Pictures are read one by one.

    Parameters
    ----------
    root
        The ``.npz`` file.
    max_pixels
        Larger images are refused, before one is read.
    """

    name: ClassVar[str] = "npz"

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self._open: dict[str, StoredArray] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open": {}}

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a file named like a NumPy archive."""
        return path.lower().endswith(".npz") and os.path.isfile(path)  # noqa: PTH113

    def path_of(self, sample: Sample) -> str:  # noqa: ARG002 - all lie in one file
        """Return the archive's path."""
        return self.root

    def _contents(self) -> Contents:
        with self._damage(), _zip(self.root) as archive:
            members = {name.removesuffix(".npy") for name in archive.namelist()}
            splits = _splits(self.root, members)
            batches = [
                self._batch(archive, split, x, y) for split, (x, y) in sorted(splits.items())
            ]
            names = self._class_names(archive, members)
        has_splits = next(iter(splits.values()))[0] not in {x for x, _ in _ALONE}
        return Contents(self.root, batches, names, has_splits)

    def read(self, sample: Sample) -> Image:
        """Return a picture's pixels, of shape (h, w) or (h, w, c), uint8 or uint16."""
        place = self._place_of(sample)
        with self._damage():
            if place.batch not in self._open:
                self._open[place.batch] = StoredArray(_zip(self.root), place.batch, self.root)
            pixels = self._open[place.batch].row(place.row)
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)

    def _batch(self, archive: zipfile.ZipFile, split: str, x: str, y: str) -> Batch:
        """Return the labels of one split, checked against its images."""
        where = f"{self.root}: {x}"
        pictures = StoredArray(archive, x, self.root)
        _check_pictures(pictures, where)
        self._check_claims(pictures.shape, pictures.dtype.itemsize, self.root, where)
        if not pictures.has_rows and pictures.size_bytes > _WHOLE_BYTES * self.max_pixels:
            raise InputError(
                f"{where}: is in Fortran order, so that all of its {pictures.size_bytes:,} bytes"
                " must be in memory at once; save it again with np.ascontiguousarray, or pass"
                f" --max-pixels {-(-pictures.size_bytes // _WHOLE_BYTES)}"
            )
        stored = StoredArray(archive, y, self.root)
        _check_labels(stored, f"{self.root}: {y}")
        if stored.shape[0] != pictures.shape[0]:
            raise InputError(
                f"{where}: has {pictures.shape[0]:,} images, but {y} has {stored.shape[0]:,}"
                " labels; save them again"
            )
        labels = self._labels(stored, f"{self.root}: {y}")
        return Batch(split, x, f"{self.root}: {y}", labels)

    def _labels(self, stored: StoredArray, where: str) -> list[int]:
        values: list[int] = stored.whole().ravel().tolist()
        for row, value in enumerate(values):
            if value < 0:
                raise InputError(f"{where}: row {row} has label {value}; labels count from 0")
        return values

    def _class_names(self, archive: zipfile.ZipFile, members: Set[str]) -> list[str] | None:
        """Return the names in an array ``classes``, if there is one."""
        if "classes" not in members:
            return None
        stored = StoredArray(archive, "classes", self.root)
        if stored.dtype.kind != "U" or len(stored.shape) != 1:
            return None
        if stored.size_bytes > _MOST_NAME_BYTES:
            raise InputError(
                f"{self.root}: classes: has {stored.size_bytes:,} bytes of names, more than"
                f" {_MOST_NAME_BYTES:,}; shorten them"
            )
        return [str(name) for name in stored.whole()]

    @contextmanager
    def _damage(self) -> Iterator[None]:
        """Name the file in errors about its content."""
        try:
            yield
        except _DAMAGE as error:
            raise InputError(
                f"{self.root}: is not a complete .npz archive ({error}); get the file again"
            ) from error


def _zip(path: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(open_seekable(path, decompress=False))


def _splits(root: str, members: Set[str]) -> dict[str, tuple[str, str]]:
    """Return the names of images and labels by split."""
    found = {}
    for split, (x, y) in _IN_SPLITS.items():
        if (x in members) != (y in members):
            have, lack = (x, y) if x in members else (y, x)
            raise InputError(f"{root}: has {have} but no {lack}; save both")
        if x in members:
            found[split] = x, y
    alone = [(x, y) for x, y in _ALONE if x in members and y in members]
    if not found and alone:
        return {TRAIN: alone[0]}
    if TRAIN not in found:
        listed = ", ".join(sorted(members)[:20]) or "nothing"
        raise InputError(
            f"{root}: contains {listed}; expected x_train and y_train (also x_val, x_test with"
            " their labels), or x and y, or images and labels"
        )
    return found


def _check_labels(stored: StoredArray, where: str) -> None:
    is_column = len(stored.shape) == 1 or (len(stored.shape) == 2 and stored.shape[1] == 1)
    if not is_column or stored.dtype.kind not in "iu":
        raise InputError(
            f"{where}: has shape {stored.shape} of {stored.dtype}; expected integers of"
            " shape (n,) or (n, 1); turn one-hot labels into numbers with argmax(axis=1)"
        )


def _check_pictures(stored: StoredArray, where: str) -> None:
    shape, dtype = stored.shape, stored.dtype
    if dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        raise InputError(f"{where}: has {dtype} levels; expected uint8 or uint16; convert it")
    if len(shape) not in (3, 4) or (len(shape) == 4 and not 1 <= shape[3] <= 4):
        raise InputError(
            f"{where}: has shape {shape}; expected (n, h, w) or (n, h, w, c) with 1 to 4"
            " channels last"
        )
    if not all(shape):
        raise InputError(f"{where}: has shape {shape}; there are no images")
