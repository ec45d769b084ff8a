"""Reads single images of the arrays that the array sinks wrote, without loading the arrays."""

from __future__ import annotations

import math
import re
import struct
import zipfile
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image
from augtool.core.standardize import Standardization
from augtool.errors import InputError, OccupiedError
from augtool.sinks.sink import RecordReader
from augtool.storage.confined import ConfinedFolder

__all__ = ["array_reader"]

#: ``data.npz/x_train[7]`` or ``x_train.npy[7]``.
_PLACE = re.compile(r"(?P<file>[\w.-]+?)(?:/(?P<array>\w+))?\[(?P<index>\d+)\]")
#: Where the lengths of name and extra field stand in a zip's local header, and its own length.
_ZIP_LENGTHS, _ZIP_HEADER = 26, 30


def array_reader(folder: ConfinedFolder, steps: Standardization) -> RecordReader:
    """Return what reads images as levels.

    Rescaled numbers are divided by the factor again; what was standardised otherwise can't be shown
    as it was, and is an InputError.
    """

    @lru_cache
    def array_in(name: str, member: str | None) -> _Array:
        with folder.open(name) as file:
            return _find_array(file, member)

    def read(path: str) -> Image:
        place = _PLACE.fullmatch(path)
        if place is None:
            raise InputError(f"{path}: is not the path of an image in an array")
        name, member = place["file"], place["array"]
        try:
            array = array_in(name, member)
            with folder.open(name) as file:
                numbers = array.row(file, int(place["index"]))
        except (OSError, ValueError, LookupError, OccupiedError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: can't be read: {error}") from error
        return _in_opencv_order(_levels(numbers, steps))

    return read


class _Array(NamedTuple):
    """Where the numbers of an array begin in a file, and what they are."""

    start: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def row(self, file: BinaryIO, index: int) -> npt.NDArray[Any]:
        if index >= self.shape[0]:
            raise IndexError(f"there are only {self.shape[0]:,} images")
        shape = self.shape[1:]
        size = math.prod(shape) * self.dtype.itemsize
        file.seek(self.start + index * size)
        return np.frombuffer(file.read(size), self.dtype).reshape(shape)


def _find_array(file: BinaryIO, member: str | None) -> _Array:
    """Return the array of an .npy file, or of a stored member of an .npz."""
    if member is not None:
        with zipfile.ZipFile(file) as archive:
            header = archive.getinfo(f"{member}.npy").header_offset
        file.seek(header + _ZIP_LENGTHS)
        name, extra = struct.unpack("<HH", file.read(4))
        file.seek(header + _ZIP_HEADER + name + extra)
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return _Array(file.tell(), shape, dtype)


def _levels(numbers: npt.NDArray[Any], steps: Standardization) -> Image:
    """Return the levels that numbers were made from."""
    if numbers.dtype in (np.uint8, np.uint16):
        return numbers
    if steps.samplewise_center or steps.featurewise_center:
        raise InputError("holds standardised numbers, which have no levels to show")
    levels = np.rint(numbers.astype(np.float64) / (steps.rescale or 1))
    if levels.min() < 0 or not levels.max() <= 65535:
        raise InputError("holds numbers that are no levels")
    return levels.astype(np.uint8 if levels.max() <= 255 else np.uint16)


def _in_opencv_order(levels: Image) -> Image:
    """Return R, G, B(, A) as B, G, R(, A), and a single channel without its axis."""
    channels = levels.shape[2]
    if channels == 1:
        return np.ascontiguousarray(levels[..., 0])
    if channels == 2:
        return np.ascontiguousarray(levels)
    code = cv2.COLOR_RGB2BGR if channels == 3 else cv2.COLOR_RGBA2BGRA
    return cv2.cvtColor(np.ascontiguousarray(levels), code)
