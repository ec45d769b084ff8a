"""The layouts of CIFAR files, and how their bytes become labels and pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from augtool.core.geometry import Image
from augtool.core.records import TRAIN
from augtool.errors import InputError
from augtool.sources.safe_pickle import load_dict, read_batch

__all__ = ["LAYOUTS", "Layout", "Rows"]

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch in memory.

    Parameters
    ----------
    labels
        An integer for each image.
    planes : ndarray of shape (n, 3072), uint8
        1024 red, 1024 green and 1024 blue levels per image, each row by row.
    """

    labels: Sequence[int]
    planes: Image

    def picture(self, row: int) -> Image:
        """Return an image's pixels, of shape (32, 32, 3), in the order R, G, B."""
        planes = self.planes[row].reshape(3, _SIDE, _SIDE)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))


@dataclass(frozen=True, slots=True)
class Layout:
    """One of the four layouts.

    Parameters
    ----------
    title
        Its name in messages.
    batches
        Pattern of a batch's file name; its first group is the number of a training batch.
    marks
        Files that identify the layout if the names of the batches alone do not.
    levels
        By ``fine`` and ``coarse``, where labels are: a key, or the column of a byte.
    names
        By ``fine`` and ``coarse``, the file with the class names, and the key in it.
    read
        Returns a batch.
    read_names
        Returns class names.
    """

    title: str
    batches: re.Pattern[str]
    marks: frozenset[str]
    levels: dict[str, Any]
    names: dict[str, tuple[str, str]]
    read: Callable[[BinaryIO, str, Any], Rows]
    read_names: Callable[[BinaryIO, str, str], list[str]]

    def split_of(self, name: str) -> str:
        """Return the split of a batch's file."""
        return "test" if name.startswith("test") else TRAIN

    def number_of(self, name: str) -> int:
        """Return the number of a training batch, 1 if there is only one."""
        found = self.batches.fullmatch(name)
        return int(found[1]) if found and found[1] else 1


def _read_python(file: BinaryIO, where: str, key: str) -> Rows:
    content = load_dict(file, where)
    planes = content.get("data")
    if not isinstance(planes, np.ndarray) or planes.dtype != np.uint8:
        raise InputError(f"{where}: has no uint8 array 'data'; get the file again")
    if planes.ndim != 2 or planes.shape[1] != _PIXELS:
        raise InputError(
            f"{where}: 'data' has shape {planes.shape}; expected (n, {_PIXELS}); get the file again"
        )
    labels = _labels(content.get(key), where, key)
    if len(labels) != len(planes):
        raise InputError(
            f"{where}: has {len(planes):,} images and {len(labels):,} labels in {key!r};"
            " get the file again"
        )
    return Rows(labels, planes)


def _labels(value: Any, where: str, key: str) -> list[int]:
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu":
        value = value.tolist()
    if not isinstance(value, list):
        raise InputError(f"{where}: has no list of labels {key!r}; get the file again")
    for row, label in enumerate(value):
        if type(label) is not int:
            raise InputError(
                f"{where}: {key!r} has {label!r:.40} in row {row}; expected an integer;"
                " get the file again"
            )
    return value


def _read_python_names(file: BinaryIO, where: str, key: str) -> list[str]:
    value = load_dict(file, where).get(key)
    if not isinstance(value, list) or not all(isinstance(each, (str, bytes)) for each in value):
        raise InputError(f"{where}: has no list of class names {key!r}; get the file again")
    return [
        each.decode("utf-8", "surrogateescape") if isinstance(each, bytes) else each
        for each in value
    ]


def _binary_reader(label_bytes: int) -> Callable[[BinaryIO, str, int], Rows]:
    def read(file: BinaryIO, where: str, column: int) -> Rows:
        record = label_bytes + _PIXELS
        data = read_batch(file, where)
        count, rest = divmod(len(data), record)
        if rest or not count:
            raise InputError(
                f"{where}: has {len(data):,} bytes, which is not a whole number of records of"
                f" {record:,}; record {count} at byte {count * record:,} is truncated;"
                " get the file again"
            )
        rows = np.frombuffer(data, np.uint8).reshape(count, record)
        return Rows(rows[:, column].tolist(), rows[:, label_bytes:])

    return read


def _read_binary_names(file: BinaryIO, where: str, key: str) -> list[str]:  # noqa: ARG001
    text = file.read(2**20).decode("utf-8", "surrogateescape")
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise InputError(f"{where}: contains no class names; get the file again")
    return names


LAYOUTS = (
    Layout(
        "CIFAR-10 (python)",
        re.compile(r"data_batch_(\d+)|test_batch"),
        frozenset(),
        {"fine": "labels"},
        {"fine": ("batches.meta", "label_names")},
        _read_python,
        _read_python_names,
    ),
    Layout(
        "CIFAR-10 (binary)",
        re.compile(r"data_batch_(\d+)\.bin|test_batch\.bin"),
        frozenset(),
        {"fine": 0},
        {"fine": ("batches.meta.txt", "")},
        _binary_reader(1),
        _read_binary_names,
    ),
    Layout(
        "CIFAR-100 (python)",
        re.compile(r"train()|test"),
        frozenset({"train", "meta"}),
        {"fine": "fine_labels", "coarse": "coarse_labels"},
        {"fine": ("meta", "fine_label_names"), "coarse": ("meta", "coarse_label_names")},
        _read_python,
        _read_python_names,
    ),
    Layout(
        "CIFAR-100 (binary)",
        re.compile(r"train()\.bin|test\.bin"),
        frozenset({"train.bin", "fine_label_names.txt"}),
        {"fine": 1, "coarse": 0},
        {"fine": ("fine_label_names.txt", ""), "coarse": ("coarse_label_names.txt", "")},
        _binary_reader(2),
        _read_binary_names,
    ),
)
