"""WebDataset: tar shards that a training job reads from end to end.

Each record is three members with one key: the image, ``.cls`` (its label as text), and ``.json``
(its manifest row).  Headers are the same in every run.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from functools import lru_cache
from typing import BinaryIO, ClassVar

from pydantic_core import PydanticSerializationError, to_json

from augtool.config.schema import Config
from augtool.core.pipeline import GEOMETRY_COLUMNS
from augtool.core.records import MATRIX_COLUMNS, Record
from augtool.sinks.shards import Shard, ShardSink
from augtool.storage.containers import tar_members

__all__ = ["WebDatasetSink"]

_BLOCK = 512
#: Longest stem in a member name; key, dot and extension then stay well below the limit of tar.
_LONGEST_STEM = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
#: What follows the name in a header: mode 644, user and group 0, then size; time 0.
_BEFORE_SUM = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" + b"0" * 11 + b"\0"
_AFTER_SUM = b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167)
_PADDING = [bytes(count) for count in range(_BLOCK)]


class WebDatasetSink(ShardSink):
    """Writes tar shards."""

    name: ClassVar[str] = "webdataset"
    tail: ClassVar[bytes] = bytes(2 * _BLOCK)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._drawn = (*GEOMETRY_COLUMNS, *config.photometric_columns)

    def pack(self, planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:
        """Return the picture's member name, and the three members."""
        key = _key(planned_path)
        picture = f"{key}.{planned_path.rpartition('.')[2].lower()}"
        members = (
            *_member(picture, data),
            *_member(f"{key}.cls", b"%d" % record.label),
            *_member(f"{key}.json", _json(self._facts(key, record))),
        )
        return picture, b"".join(members)

    def _facts(self, key: str, record: Record) -> dict[str, object]:
        """Return the manifest row by column, without empty values; the key in place of the path."""
        facts: dict[str, object] = {
            "key": key,
            "split": record.split,
            "class": record.class_name,
            "label": record.label,
            "kind": record.kind,
            "source": record.source,
            "copy": record.copy,
            "width": record.width,
            "height": record.height,
            "sha256": record.sha256,
            "source_sha256": record.source_sha256,
        }
        if record.copy is None:
            del facts["copy"]
        if record.matrix is not None and record.params is not None:
            facts.update(zip(MATRIX_COLUMNS, record.matrix))
            drawn = record.params
            if len(drawn) > len(GEOMETRY_COLUMNS):  # those come first, in order
                drawn = {name: drawn[name] for name in self._drawn if name in drawn}
            facts |= drawn
        return facts

    def shard_name(self, shard: Shard, *, has_splits: bool) -> str:
        """Return ``train/shard-000000.tar``, or without the folder if there are no splits."""
        return f"{shard.folder}/" * has_splits + f"shard-{shard.number:06d}.tar"

    def index_shard(self, file: BinaryIO) -> dict[str, tuple[int, int]]:
        """Return where each member begins, by its name."""
        return {path: (start, size) for path, start, size in tar_members(file, "its shard")}


def _key(path: str) -> str:
    """Return a name without dots and slashes, unique through the path's hash."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    readable = _UNSAFE.sub("_", stem)[:_LONGEST_STEM]
    return f"{readable}-{hashlib.sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def _json(facts: dict[str, object]) -> bytes:
    """Return JSON; a name whose bytes are not UTF-8 is written with escapes."""
    try:
        return to_json(facts)
    except PydanticSerializationError:
        return json.dumps(facts, separators=(",", ":")).encode()


def _member(name: str, data: bytes) -> tuple[bytes, ...]:
    """Return a tar member in the ustar form: its header, data, and zeros to the next block."""
    field = name.encode("ascii").ljust(100, b"\0")
    before, rest = _before_sum(len(data))
    return field, before, _from_sum(_sum(field) + rest), data, _PADDING[-len(data) % _BLOCK]


@lru_cache(2**12)
def _before_sum(size: int) -> tuple[bytes, int]:
    """Return what lies between name and checksum, and its part of the sum, with what is last."""
    before = _BEFORE_SUM % size
    return before, _sum(before + b" " * 8 + _AFTER_SUM)


@lru_cache(2**12)
def _from_sum(checksum: int) -> bytes:
    """Return the end of a header: the sum of its bytes, its own eight taken as spaces, and on."""
    return b"%06o\0 " % checksum + _AFTER_SUM


def _sum(data: bytes) -> int:
    """Return the sum of bytes below 65,521: the lower half of Adler-32, less 1.

    (In a tenth of the time of `sum`.)
    """
    return (zlib.adler32(data) & 0xFFFF) - 1
