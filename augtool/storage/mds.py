"""The layout of an MDS shard, the format of MosaicML Streaming, and a reader of where things lie.

A shard is its number of samples n; n + 1 offsets from its start, where each sample begins and the
last one ends; a JSON object that names the columns; and the samples. A sample is the sizes of its
values that have no fixed size, then the values, both in the order of the columns. All these numbers
are little-endian and have 32 bits. Source: ``streaming/base/format/mds`` of mosaicml-streaming.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from augtool.storage.json_fields import JsonFields

__all__ = ["NUMBER", "MdsShard"]

NUMBER = np.dtype("<u4")
_MOST_HEAD_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class MdsShard:
    """What the head of a shard says.

    Parameters
    ----------
    encodings
        How values are stored, by column, in the order of the columns.
    sizes
        Bytes of a value, by column; None where each sample has its own.
    offsets
        Where each sample begins, and where the last one ends.
    """

    encodings: Mapping[str, str]
    sizes: Mapping[str, int | None]
    offsets: npt.NDArray[np.uint32]

    @classmethod
    def read(cls, file: BinaryIO) -> MdsShard:
        """Read the head of a shard, and hold it against the size of the file.

        Raises
        ------
        ValueError
            When they don't agree.
        """
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        count = int(_numbers(file, 1)[0])
        begins = NUMBER.itemsize * (count + 2)
        if begins > end:
            raise ValueError(f"{count:,} samples don't fit into {end:,} bytes")
        offsets = _numbers(file, count + 1)
        if offsets[-1] != end:
            raise ValueError(f"it has {end:,} bytes, and should have {offsets[-1]:,}")
        size = int(offsets[0]) - begins
        if not 0 < size <= _MOST_HEAD_BYTES or (offsets[1:] < offsets[:-1]).any():
            raise ValueError("its offsets are not in order")
        fields = JsonFields.parse(file.read(size))
        names = fields.items("column_names", str)
        encodings = fields.items("column_encodings", str)
        sizes = _sizes(fields.as_dict().get("column_sizes"))
        if not len(set(names)) == len(names) == len(encodings) == len(sizes):
            raise ValueError("its columns don't each have a name, an encoding and a size")
        return cls(dict(zip(names, encodings)), dict(zip(names, sizes)), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def values(self, file: BinaryIO, number: int) -> dict[str, tuple[int, int]]:
        """Return where each value of a sample begins, and its length, by column.

        Raises
        ------
        ValueError
            When they are not just as long as the sample.
        """
        at, end = self.offsets[number : number + 2].tolist()
        file.seek(at)
        own = _numbers(file, list(self.sizes.values()).count(None))
        at, left = at + own.nbytes, iter(own.tolist())
        places = {}
        for name, fixed in self.sizes.items():
            size = next(left) if fixed is None else fixed
            places[name] = at, size
            at += size
        if at != end:
            raise ValueError(f"sample {number} ends at byte {end:,}, its values at {at:,}")
        return places


def _numbers(file: BinaryIO, count: int) -> npt.NDArray[np.uint32]:
    data = file.read(NUMBER.itemsize * count)
    if len(data) < NUMBER.itemsize * count:
        raise ValueError("it is cut off")
    return np.frombuffer(data, NUMBER)


def _sizes(value: object) -> list[int | None]:
    """Return sizes of columns; 0 stands for none, too."""
    if not isinstance(value, list) or not all(
        each is None or (type(each) is int and each >= 0) for each in value
    ):
        raise ValueError(f"column_sizes: expected a list of sizes, got {value!r:.40}")
    return [each or None for each in value]
