"""NumPy arrays of images and labels: ``x_train, y_train, x_test, y_test``, or ``x`` and ``y``.

They lie in one archive, or as files in a folder.
"""

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
from augtool.sources.classes import names_beside
from augtool.sources.packed import Batch, Contents, PackedSource
from augtool.sources.shard_files import names_of_packed
from augtool.sources.stored_array import ArrayFolder, Arrays, NpzArrays, StoredArray

__all__ = ["NpySource", "NpzSource"]

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


class _ArraySource(PackedSource):
    """Arrays of images and labels. Images are read one by one.

    Parameters
    ----------
    root
        What holds the arrays.
    max_pixels
        Larger images are refused, before one is read.
    """

    #: How a manifest says where an image is.
    _path_form: ClassVar[str]
    #: What it is where nothing is damaged, for errors.
    _sound: ClassVar[str]

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self._path = self.root
        self._open: dict[str, StoredArray] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open": {}}

    def _arrays(self) -> Arrays:
        """Return where the arrays lie."""
        raise NotImplementedError

    def path_of(self, sample: Sample) -> str:
        """Return the path of the file with a sample's split."""
        return self._arrays().file_of(self._place_of(sample).batch)

    def place_of(self, sample: Sample) -> str:
        """Return where a sample lies as a manifest says it: ``file[number]``."""
        place = self._place_of(sample)
        file = os.path.basename(self.path_of(sample))  # noqa: PTH119
        return self._path_form.format(file=file, array=place.batch, number=place.row)

    def _contents(self) -> Contents:
        with self._damage():
            arrays = self._arrays()
            members = set(arrays.names())
            splits = _splits(self.root, members)
            batches = [self._batch(arrays, split, x, y) for split, (x, y) in sorted(splits.items())]
            names = self._class_names(arrays, members)
        has_splits = next(iter(splits.values()))[0] not in {x for x, _ in _ALONE}
        return Contents(self.root, batches, names, has_splits)

    def read(self, sample: Sample) -> Image:
        """Return a picture's pixels, of shape (h, w) or (h, w, c), uint8 or uint16."""
        place = self._place_of(sample)
        with self._damage():
            if place.batch not in self._open:
                self._open[place.batch] = StoredArray(self._arrays(), place.batch)
            pixels = self._open[place.batch].row(place.row)
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)

    def _batch(self, arrays: Arrays, split: str, x: str, y: str) -> Batch:
        """Return the labels of one split, checked against its images."""
        where = arrays.where(x)
        pictures = StoredArray(arrays, x)
        _check_pictures(pictures, where)
        self._check_claims(pictures.shape, pictures.dtype.itemsize, arrays.file_of(x), where)
        if not pictures.has_rows and pictures.size_bytes > _WHOLE_BYTES * self.max_pixels:
            raise InputError(
                f"{where}: is in Fortran order, so that all of its {pictures.size_bytes:,} bytes"
                " must be in memory at once; save it again with np.ascontiguousarray, or pass"
                f" --max-pixels {-(-pictures.size_bytes // _WHOLE_BYTES)}"
            )
        stored = StoredArray(arrays, y)
        _check_labels(stored, arrays.where(y))
        if stored.shape[0] != pictures.shape[0]:
            raise InputError(
                f"{where}: has {pictures.shape[0]:,} images, but {y} has {stored.shape[0]:,}"
                " labels; save them again"
            )
        labels = _labels(stored, arrays.where(y))
        return Batch(split, x, arrays.where(y), labels)

    def _class_names(self, arrays: Arrays, members: Set[str]) -> list[str] | None:
        """Return the names in an array ``classes``, or in what augtool wrote beside; else None."""
        if "classes" not in members:
            beside = names_beside(arrays.path)
            return None if beside is None else list(beside.values())
        stored = StoredArray(arrays, "classes")
        if stored.dtype.kind != "U" or len(stored.shape) != 1:
            return None
        if stored.size_bytes > _MOST_NAME_BYTES:
            raise InputError(
                f"{arrays.where('classes')}: has {stored.size_bytes:,} bytes of names, more than"
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
                f"{self._path}: is not {self._sound} ({error}); get it again"
            ) from error


class NpzSource(_ArraySource):
    """A ``.npz`` archive, or a folder in which there is one."""

    name: ClassVar[str] = "npz"
    _path_form: ClassVar[str] = "{file}/{array}[{number}]"
    _sound: ClassVar[str] = "a complete .npz archive"

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self._path = _archive(self.root) or self.root

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a file named like a NumPy archive, or a folder with just one."""
        return _archive(path) is not None

    def path_of(self, sample: Sample) -> str:  # noqa: ARG002 - all lie in one file
        """Return the archive's path."""
        return self._path

    def _arrays(self) -> NpzArrays:
        return NpzArrays(self._path)


class NpySource(_ArraySource):
    """A folder of ``.npy`` files, named like the arrays."""

    name: ClassVar[str] = "npy"
    _path_form: ClassVar[str] = "{file}[{number}]"
    _sound: ClassVar[str] = "a folder of complete .npy files"

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a folder with a file of images and one of labels."""
        names = set(names_of_packed(path))
        pairs = [*_IN_SPLITS.values(), *_ALONE]
        return any({f"{x}.npy", f"{y}.npy"} <= names for x, y in pairs)

    def _arrays(self) -> ArrayFolder:
        return ArrayFolder(self.root.rstrip("/"))


def _archive(path: str) -> str | None:
    """Return the archive that `path` is, or the only one in that folder; None without."""
    if os.path.isfile(path):  # noqa: PTH113
        return path if path.lower().endswith(".npz") else None
    found = [name for name in names_of_packed(path) if name.lower().endswith(".npz")]
    return f"{path.rstrip('/')}/{found[0]}" if len(found) == 1 else None


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
    shape, kind = stored.shape, stored.dtype.kind
    is_column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    is_one_hot = len(shape) == 2 and shape[1] > 1
    if not (is_column or is_one_hot) or kind not in "biuf" or not stored.has_rows:
        raise InputError(
            f"{where}: has shape {shape} of {stored.dtype}; expected labels of shape (n,) or"
            " (n, 1), or one-hot rows of shape (n, classes); save them again"
        )


def _labels(stored: StoredArray, where: str) -> list[int]:
    """Return the labels: whole numbers, in any dtype, or the places of the ones in one-hot rows."""
    values: list[int] = []
    is_one_hot = len(stored.shape) == 2 and stored.shape[1] > 1
    for block in stored.blocks():
        if is_one_hot:
            is_one = block == 1
            is_sound = (is_one | (block == 0)).all(axis=1) & (is_one.sum(axis=1) == 1)
            numbers = block.argmax(axis=1)
            what = "is not one-hot: one 1, and zeros"
        else:
            numbers = block.ravel()
            is_sound = (numbers >= 0) & (numbers < 2**32)
            is_sound &= numbers == np.floor(numbers)
            what = "is not a label; labels are whole numbers that count from 0"
        if not is_sound.all():
            at = int(is_sound.argmin())
            said = "" if is_one_hot else f" has label {numbers[at]}, which"
            raise InputError(f"{where}: row {len(values) + at}{said} {what}; save them again")
        values += numbers.astype(np.int64).tolist()
    return values


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
