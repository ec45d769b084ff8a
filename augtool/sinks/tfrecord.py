"""TFRecord: shards of `tf.train.Example` messages, written without TensorFlow.

A record is its length (64 bits, little-endian), the masked CRC-32C of those eight bytes, the
message, and the masked CRC-32C of the message.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
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
