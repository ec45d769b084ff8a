"""The file that a worker writes for one chunk, for the conductor to assemble, and its reader.

A payload is the bytes of the records one after another, then an index row for each, then the number
of rows. It is renamed to its final name when complete, before the chunk result that relies on it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from augtool.core.records import Record
from augtool.core.rng import shuffle_key
from augtool.errors import OutputError
from augtool.sinks.sink import ChunkPlaces, Payload
from augtool.storage.confined import ConfinedFolder
from augtool.storage.descriptors import open_to_read, read_at
from augtool.storage.files import cannot_write, clean_errors

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Pack", "PayloadWriter", "SplitRecords"]

#: Takes a record's planned path, the record and its data, and returns its name within its shard (""
#: where it has only a number), and its bytes there.
Pack = Callable[[str, Record, bytes], tuple[str, bytes]]

_INDEX = np.dtype(
    [("size", "<u8"), ("shuffle_key", "<u8"), ("label", "<u4"), ("is_original", "<u4")]
)
_COUNT = np.dtype("<u8")
#: How many payloads may be open at the same time while shuffled records are collected.
_MOST_OPEN = 128
#: How many neighbours are read at once.
_MOST_TOGETHER = 64
#: Records are small: this much of them is written at once.
_BUFFER_BYTES = 2**20


class PayloadWriter:
    """Writes the payload of one chunk.

    Parameters
    ----------
    folder, places
        The output folder, and the places for payloads in it.
    pack
        Makes the bytes of a record.
    shuffled_by
        The seed that records are shuffled with; None to keep their order.
    """

    def __init__(
        self, folder: ConfinedFolder, places: ChunkPlaces, pack: Pack, shuffled_by: int | None
    ) -> None:
        self._folder, self._places = folder, places
        self._pack = pack
        self._seed = shuffled_by
        self._rows: list[tuple[int, int, int, int]] = []
        self._paths: list[str] = []
        self._temporary = f"{places.scratch}/{secrets.token_hex(6)}"
        self._path = folder.path_of(self._temporary)
        self._state = sha256()
        with clean_errors(self._path):
            fd = folder.create(self._temporary, readable=True)
            self._file = os.fdopen(fd, "w+b", _BUFFER_BYTES)

    def write(
        self,
        planned_path: str,
        record: Record,
        data: bytes,
        link_to: str | None = None,  # noqa: ARG002 - nothing is linked
    ) -> str:
        """Append a record, and return its number in this payload and its name."""
        name, packed = self._pack(planned_path, record, data)
        try:  # clean_errors would take 1.5 us a record
            self._file.write(packed)
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._state.update(packed)
        self._rows.append((len(packed), self._rank(record), record.label, record.copy is None))
        self._paths.append(planned_path)
        return f"{len(self._rows) - 1}/{name}"

    def _rank(self, record: Record) -> int:
        if self._seed is None:
            return 0
        return shuffle_key(self._seed, f"shuffle {record.copy}", record.source)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove the last records, as long as their names are in `paths`."""
        unwanted, kept = set(paths), len(self._paths)
        while kept and self._paths[kept - 1] in unwanted:
            kept -= 1
        if kept < len(self._paths):
            size = sum(row[0] for row in self._rows[:kept])
            del self._rows[kept:], self._paths[kept:]
            with clean_errors(self._path):
                self._file.seek(size)
                self._file.truncate()
                self._hash_again()

    def _hash_again(self) -> None:
        self._state = sha256()
        self._file.seek(0)
        while block := self._file.read(2**20):
            self._state.update(block)

    def close(self, name: str) -> str:
        """Append the index, rename the file to its final name, and return its checksum."""
        index = np.array(self._rows, _INDEX).tobytes() + np.array(len(self._rows), _COUNT).tobytes()
        self._state.update(index)
        with clean_errors(self._path):
            self._file.write(index)
            self._file.close()
            checksum = self._state.hexdigest()
            self._folder.rename(self._temporary, self._places.payload(name, checksum))
        return checksum

    def abandon(self) -> None:
        """Close and remove the file."""
        with contextlib.suppress(OSError):  # a full disk, which was already reported
            self._file.close()
        with contextlib.suppress(OSError):
            self._folder.unlink(self._temporary)


class SplitRecords:
    """The records of one split, in storage order.

    Holds a few numbers per record; the bytes are read on demand.

    Parameters
    ----------
    payloads
        The payloads of all splits, in the order of the plan.
    split
        The split to read.
    is_shuffled
        Order by shuffle key, not by plan.

    Raises
    ------
    OutputError
        When a payload is incomplete.
    """

    def __init__(self, payloads: Sequence[Payload], split: str, *, is_shuffled: bool) -> None:
        self._payloads = [each for each in payloads if each.split == split and each.count]
        rows = [_read_index(each) for each in self._payloads]
        index = np.concatenate(rows) if rows else np.empty(0, _INDEX)
        self._starts = np.cumsum([0, *(len(each) for each in rows)])
        offsets = [np.cumsum(each["size"]) - each["size"] for each in rows]
        self._offsets = np.concatenate(offsets) if rows else np.empty(0, np.uint64)
        self.sizes: npt.NDArray[np.uint64] = index["size"].copy()
        self.labels: npt.NDArray[np.uint32] = index["label"].copy()
        self.is_original: npt.NDArray[np.bool_] = index["is_original"].astype(bool)
        is_sorted_by = index["shuffle_key"] if is_shuffled else np.zeros(len(index))
        #: Numbers of records (in the order of the plan) in the order of storage.
        self.order: npt.NDArray[np.int64] = np.argsort(is_sorted_by, kind="stable")
        self._first = _first_records(payloads, split)
        self._open: OrderedDict[int, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self.order)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all open files."""
        while self._open:
            os.close(self._open.popitem()[1])

    def record_of(self, payload: int, place: str) -> int:
        """Return the number of the record that a writer put at `place`."""
        return self._first[payload] + int(place.partition("/")[0])

    def positions(self) -> npt.NDArray[np.int64]:
        """Return where each record of the plan is stored: the inverse of `order`."""
        inverse = np.empty_like(self.order)
        inverse[self.order] = np.arange(len(self.order))
        return inverse

    def read(self, records: npt.NDArray[np.int64]) -> Iterator[bytes]:
        """Yield the bytes of records.

        Raises
        ------
        OutputError
            When they are missing.
        """
        for block, sizes in self._runs(records):
            ends = list(accumulate(sizes))
            yield from (block[end - size : end] for size, end in zip(sizes, ends))

    def read_together(self, records: npt.NDArray[np.int64]) -> Iterator[bytes]:
        """Yield the same bytes, those of neighbours at once."""
        return (block for block, _ in self._runs(records))

    def _runs(self, records: npt.NDArray[np.int64]) -> Iterator[tuple[bytes, list[int]]]:
        """Yield the bytes of records that lie one after another, with their sizes."""
        if not len(records):
            return
        homes = np.searchsorted(self._starts, records, "right") - 1
        follows = (np.diff(records) == 1) & (np.diff(homes) == 0)
        follows[_MOST_TOGETHER - 1 :: _MOST_TOGETHER] = False
        for run in np.split(np.arange(len(records)), np.flatnonzero(~follows) + 1):
            home, first = int(homes[run[0]]), int(records[run[0]])
            path = self._payloads[home].path
            sizes = self.sizes[first : first + len(run)].tolist()
            size = sum(sizes)
            try:
                data = read_at(self._descriptor(home), size, int(self._offsets[first]))
            except OSError as error:
                raise OutputError(f"{path}: can't be read: {error.strerror}") from error
            if len(data) != size:
                raise _cut_off(path)
            yield data, sizes

    def _descriptor(self, number: int) -> int:
        """Return an open payload; the least recently used one is closed."""
        if number not in self._open:
            if len(self._open) >= _MOST_OPEN:
                os.close(self._open.popitem(last=False)[1])
            path = self._payloads[number].path
            self._open[number] = open_to_read(path)
        self._open.move_to_end(number)
        return self._open[number]


def _first_records(payloads: Sequence[Payload], split: str) -> list[int]:
    """Return for each payload how many records of the split come before it."""
    first, so_far = [], 0
    for each in payloads:
        first.append(so_far)
        so_far += each.count if each.split == split else 0
    return first


def _read_index(payload: Payload) -> npt.NDArray[Any]:
    """Return the index of a payload, after checking that it is complete."""
    try:
        with payload.path.open("rb") as file:
            end = file.seek(-_COUNT.itemsize, os.SEEK_END)
            (count,) = np.frombuffer(file.read(), _COUNT)
            start = end - payload.count * _INDEX.itemsize
            file.seek(max(start, 0))
            index = np.frombuffer(file.read(payload.count * _INDEX.itemsize), _INDEX)
    except (OSError, ValueError) as error:
        raise _cut_off(payload.path) from error
    if count != payload.count or int(index["size"].sum()) != start:
        raise _cut_off(payload.path)
    return index


def _cut_off(path: Path) -> OutputError:
    return OutputError(f"{path}: is incomplete; run the same command again, without --shard")
