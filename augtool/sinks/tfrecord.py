"""TFRecord: shards of `tf.train.Example` messages, written without TensorFlow.

A record is its length (64 bits, little-endian), the masked CRC-32C of those eight bytes, the
message, and the masked CRC-32C of the message.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import ClassVar

from augtool.core.records import Record
from augtool.images.codec import format_of_name
from augtool.sinks.crc32c import masked_crc32c
from augtool.sinks.shards import Shard, ShardSink

__all__ = ["TFRecordSink", "encode_example"]

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
        return f"{shard.split}/" * has_splits + f"shard-{shard.number:06d}.tfrecord"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _framed(message: bytes) -> bytes:
    length = _LENGTH.pack(len(message))
    checks = (_CRC.pack(masked_crc32c(part)) for part in (length, message))
    return b"".join((length, next(checks), message, next(checks)))


def encode_example(features: Sequence[tuple[str, bytes | int]]) -> bytes:
    """Return a serialized `tf.train.Example`, with its features in the given order.

    In the protocol buffers wire format a field is its number and type, its length, and its value.
    ``Example{1: Features{1: map of {1: name, 2: Feature{1: bytes list | 3: int list}}}}``, and
    each list has its values in field 1.
    """
    entries = (
        _field(1, _field(1, name.encode()) + _field(2, _value(each))) for name, each in features
    )
    return _field(1, b"".join(entries))


def _value(value: bytes | int) -> bytes:
    if isinstance(value, bytes):
        return _field(1, _field(1, value))
    return _field(3, _field(1, _varint(value)))


def _field(number: int, value: bytes) -> bytes:
    size = len(value)
    if size <= 0x7F:  # most of them: worth the line
        return b"%c%c%b" % (number << 3 | 2, size, value)
    return b"".join((bytes([number << 3 | 2]), _varint(size), value))


def _varint(value: int) -> bytes:
    """Return a non-negative integer, seven bits per byte, the lowest first."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
