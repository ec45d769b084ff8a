"""Shared code of sinks with numbered shards: cutting by size, and tracking what went where."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, ClassVar

import numpy as np
import numpy.typing as npt

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import TRAIN, Record
from augtool.errors import InputError, OccupiedError
from augtool.sinks.payload import PayloadWriter, SplitRecords
from augtool.sinks.sink import ChunkOutputs, ChunkPlaces, PathResolver, RecordReader
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors

__all__ = ["DEFAULT_SHARD_SIZE", "Shard", "ShardSink"]

DEFAULT_SHARD_SIZE = 256_000_000
#: Shards of which a reader remembers the places of all records.
_MOST_INDEXED = 16


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a split: its number from 0, the number of shards, and its records.

    `folder` is what the folder of its split is called.
    """

    split: str
    folder: str
    number: int
    count: int
    records: npt.NDArray[np.int64]


class ShardSink:
    """Packs records in the workers, and joins them into shards when all have arrived.

    Subclasses define how a record is packed and read, and how a shard is named; if a shard is just
    its packed records one after another, only `tail` has to be set.
    """

    name: ClassVar[str]
    one_file_per_record: ClassVar[bool] = False
    stores_pixels: ClassVar[bool] = False
    takes: ClassVar[frozenset[str]] = frozenset({"shard_size", "shuffle"})
    tail: ClassVar[bytes] = b""
    #: What the head of a shard has for each record.
    bytes_in_head: ClassVar[int] = 0

    def __init__(self, config: Config) -> None:
        self._shard_size = config.output.shard_size or DEFAULT_SHARD_SIZE
        self._shuffled_by = config.seed if config.output.shuffle else None

    def pack(self, planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:
        """Return a record's name within its shard, "" for its number there, and its bytes."""
        raise NotImplementedError

    def shard_name(self, shard: Shard, *, has_splits: bool) -> str:
        """Return the path of a shard below the output."""
        raise NotImplementedError

    def write_shard(
        self,
        path: Path,
        stock: SplitRecords,
        shard: Shard,
        classes: Sequence[str],  # noqa: ARG002 - for subclasses that store them
    ) -> None:
        """Write one shard file."""
        with clean_errors(path), path.open("wb") as file:
            file.writelines(stock.read_together(shard.records))
            file.write(self.tail)

    def list_shards(self, paths: Sequence[Path], shards: Sequence[Shard]) -> None:
        """Write what lists the shards of a split beside them: nothing, in most formats."""

    def check(self, classes: Sequence[str], spec: ImageSpec | None) -> None:
        """Accept any data set."""

    def open(self, folder: ConfinedFolder, places: ChunkPlaces) -> PayloadWriter:
        """Return a writer that packs records into a payload."""
        return PayloadWriter(folder, places, self.pack, self._shuffled_by)

    def finish(self, outputs: ChunkOutputs, into: Path) -> PathResolver:
        """Write all shards, and return where each record went."""
        places = {split: self._finish_split(outputs, split, into) for split in outputs.splits()}

        def resolve(payload: int, place: str) -> str:
            return places[outputs.payloads[payload].split](payload, place)

        return resolve

    def index_shard(self, file: BinaryIO) -> Mapping[str, tuple[int, int]]:
        """Return where each record's file begins in a shard, and its length: by name or number."""
        raise NotImplementedError

    def read_record(
        self, file: BinaryIO, inside: str, index: Mapping[str, tuple[int, int]]
    ) -> bytes:
        """Return a record's file, from an open shard.

        It raises a ValueError where the shard is not what the sink writes.
        """
        start, length = index[inside]
        if length > file.seek(0, os.SEEK_END) - start:  # or all that it claims would be allocated
            raise ValueError("its shard is cut off")
        file.seek(start)
        return file.read(length)

    def reader(self, folder: ConfinedFolder) -> RecordReader:
        """Return what reads records, and remembers what lies where in the last shards."""

        @lru_cache(maxsize=_MOST_INDEXED)
        def index_of(shard: str) -> Mapping[str, tuple[int, int]]:
            with folder.open(shard) as file:
                return self.index_shard(file)

        def read(path: str) -> bytes:
            is_numbered = path.endswith("]")
            shard, _, inside = path.rstrip("]").rpartition("[" if is_numbered else "/")
            try:
                with folder.open(shard) as file:
                    return self.read_record(file, inside, index_of(shard))
            except (OSError, ValueError, LookupError, OccupiedError, InputError) as error:
                raise InputError(f"{path}: can't be read: {error}") from error

        return read

    def _finish_split(self, outputs: ChunkOutputs, split: str, into: Path) -> PathResolver:
        is_shuffled = self._shuffled_by is not None and split == TRAIN
        with SplitRecords(outputs.payloads, split, is_shuffled=is_shuffled) as stock:
            sizes = stock.sizes[stock.order] + np.uint64(self.bytes_in_head)
            starts = _cuts(sizes.tolist(), self._shard_size)
            folder = outputs.split_folders.get(split, split)
            shards = [
                Shard(split, folder, number, len(starts), records)
                for number, records in enumerate(np.split(stock.order, starts[1:]))
            ]
            names = [self.shard_name(each, has_splits=outputs.has_splits) for each in shards]
            paths = [into / name for name in names]
            for path, shard in zip(paths, shards):
                with clean_errors(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                self.write_shard(path, stock, shard, outputs.classes)
            self.list_shards(paths, shards)
        positions = stock.positions().tolist()

        def resolve(payload: int, place: str) -> str:
            position = positions[stock.record_of(payload, place)]
            number = bisect_right(starts, position) - 1
            name = place.partition("/")[2]
            inside = f"/{name}" if name else f"[{position - starts[number]}]"
            return names[number] + inside

        return resolve


def _cuts(sizes: Sequence[int], limit: int) -> list[int]:
    """Return where each shard begins; a record larger than the limit gets its own shard."""
    starts, filled = [0], 0
    for position, size in enumerate(sizes):
        if filled and filled + size > limit:
            starts.append(position)
            filled = 0
        filled += size
    return starts
