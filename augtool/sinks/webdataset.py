"""WebDataset: tar shards that a training job reads from end to end.

Each record is three members with one key: the image, ``.cls`` (its label as text), and ``.json``
(its manifest row).  Headers are the same in every run.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from typing import BinaryIO, ClassVar

from pydantic_core import PydanticSerializationError, to_json

from augtool.config.schema import Config
from augtool.core.records import Record
from augtool.sinks.shards import Shard, ShardSink
from augtool.storage.containers import tar_members

__all__ = ["WebDatasetSink"]

_BLOCK = 512
#: Longest stem in a member name; key, dot and extension then stay well below the limit of tar.
_LONGEST_STEM = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
#: Mode 644, user and group 0, then size; time 0.
_BEFORE_SUM = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" + b"0" * 11 + b"\0"
_AFTER_SUM = b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167)
_REST_OF_SUM = 8 * 0x20 + sum(_AFTER_SUM)


class WebDatasetSink(ShardSink):
    """Writes tar shards."""

    name: ClassVar[str] = "webdataset"
    tail: ClassVar[bytes] = bytes(2 * _BLOCK)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._photometric = config.photometric_columns

    def pack(self, planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:
        """Return the picture's member name, and the three members."""
        key = _key(planned_path)
        picture = f"{key}.{planned_path.rpartition('.')[2].lower()}"
        facts = _json({"key": key, **record.facts(self._photometric)})
        members = (
            _member(picture, data),
            _member(f"{key}.cls", b"%d" % record.label),
            _member(f"{key}.json", facts),
        )
        return picture, b"".join(members)

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


def _member(name: str, data: bytes) -> bytes:
    """Return a tar member in the ustar form: header, data, and zeros to the next block."""
    before = name.encode("ascii").ljust(100, b"\0") + _BEFORE_SUM % len(data)
    # The checksum is the sum of all bytes, with its own field as spaces. The lower half of Adler-32
    # is that sum and 1 (below 65,521), in a tenth of the time of `sum`.
    checksum = (zlib.adler32(before) & 0xFFFF) - 1 + _REST_OF_SUM
    return b"".join((before, b"%06o\0 " % checksum, _AFTER_SUM, data, bytes(-len(data) % _BLOCK)))
