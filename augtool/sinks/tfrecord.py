"""TFRecord: shards of `tf.train.Example` messages, written without TensorFlow.

A record is its length (64 bits, little-endian), the masked CRC-32C of those eight bytes, the
message, and the masked CRC-32C of the message.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import BinaryIO, ClassVar

from augtool.core.crc32c import masked_crc32c
from augtool.core.records import Record
from augtool.images.codec import format_of_name
from augtool.sinks.shards import Shard, ShardSink

__all__ = ["TFRecordSink", "decode_example", "encode_example"]

_LENGTH, _CRC = struct.Struct("<Q"), struct.Struct("<I")


class TFRecordSink(ShardSink):
    """Writes TFRecord shards of encoded images."""

    name: ClassVar[str] = "tfrecord"

    def pack(self, planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:
        """Return the framed message of a record, which has no name there."""
        format = format_of_name(planned_path)
        message = encode_example(
            [
                ("image/class/label", record.label),
                ("image/class/text", _bytes(record.class_name)),
                ("image/encoded", data),
                ("image/filename", _bytes(planned_path)),
                ("image/format", b"jpeg" if format == "jpg" else format.encode()),
                ("image/height", record.height),
                ("image/width", record.width),
            ]
        )
        return "", _framed(message)

    def shard_name(self, shard: Shard, *, has_splits: bool) -> str:
        """Return ``train/shard-000000.tfrecord``, or without the folder."""
        return f"{shard.folder}/" * has_splits + f"shard-{shard.number:06d}.tfrecord"

    def index_shard(self, file: BinaryIO) -> dict[str, tuple[int, int]]:
        """Return where each message begins, by its number."""
        places: dict[str, tuple[int, int]] = {}
        end = file.seek(0, os.SEEK_END)
        at = file.seek(0)
        while at < end:
            length = int.from_bytes(file.read(_LENGTH.size), "little")
            at += _LENGTH.size + _CRC.size
            places[str(len(places))] = (at, length)
            at += length + _CRC.size
            file.seek(min(at, end))
        return places

    def read_record(
        self, file: BinaryIO, inside: str, index: Mapping[str, tuple[int, int]]
    ) -> bytes:
        """Return the image in a message."""
        return decode_example(super().read_record(file, inside, index))["image/encoded"]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _framed(message: bytes) -> bytes:
    return b"".join((_length(len(message)), message, _CRC.pack(masked_crc32c(message))))


@lru_cache(2**12)
def _length(size: int) -> bytes:
    length = _LENGTH.pack(size)
    return length + _CRC.pack(masked_crc32c(length))


def encode_example(features: Sequence[tuple[str, bytes | int]]) -> bytes:
    """Return a serialized `tf.train.Example`, with its features in the given order.

    In the protocol buffers wire format a field is its number and type, its length, and its value.
    ``Example{1: Features{1: map of {1: name, 2: Feature{1: bytes list | 3: int list}}}}``, and
    each list has its values in field 1.
    """
    parts: list[bytes] = []
    for name, value in features:
        if isinstance(value, bytes):
            parts += _before(name, len(value)), value
        else:
            parts.append(_number(name, value))
    return _field(1, b"".join(parts))


def decode_example(message: bytes) -> dict[str, bytes]:
    """Return the bytes features of a serialized `tf.train.Example` by name; others are b"".

    >>> decode_example(encode_example([("a", b"xyz"), ("b", 300)]))
    {'a': b'xyz', 'b': b''}
    """
    features = {}
    (entries,) = (value for _, value in _fields(message))
    for _, entry in _fields(entries):
        name, feature = (value for _, value in _fields(entry))
        ((kind, values),) = _fields(feature)
        features[name.decode()] = next(_fields(values), (0, b""))[1] if kind == 1 else b""
    return features


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and value of each field that has a length, as all of an Example have."""
    at = 0
    while at < len(message):
        number, length, shift = message[at] >> 3, 0, 0
        at += 1
        while True:
            part = message[at]
            length |= (part & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if part < 0x80:
                break
        yield number, message[at : at + length]
        at += length


@lru_cache(2**12)
def _before(name: str, size: int) -> bytes:
    """Return all of a bytes feature that comes before its value, from the inside out."""
    before = _head(1, size)
    before = _head(1, len(before) + size) + before
    before = _field(1, name.encode()) + _head(2, len(before) + size) + before
    return _head(1, len(before) + size) + before


@lru_cache(2**12)
def _number(name: str, value: int) -> bytes:
    """Return an integer feature."""
    feature = _field(3, _field(1, _varint(value)))
    return _field(1, _field(1, name.encode()) + _field(2, feature))


def _field(number: int, value: bytes) -> bytes:
    return _head(number, len(value)) + value


def _head(number: int, size: int) -> bytes:
    return bytes([number << 3 | 2]) + _varint(size)


def _varint(value: int) -> bytes:
    """Return a non-negative integer, seven bits per byte, the lowest first."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
