"""TFRecord: shards of `tf.train.Example` messages with encoded images, read without TensorFlow.

A record is its length (64 bits, little-endian), the masked CRC-32C of those eight bytes, the
message, and the masked CRC-32C of the message.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, ClassVar

from augtool.core.crc32c import masked_crc32c
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import Sample
from augtool.errors import InputError
from augtool.images.codec import format_of_bytes
from augtool.sources.catalogue import Catalogue, Found, Label
from augtool.sources.classes import names_beside
from augtool.sources.file_index import Place
from augtool.sources.shard_files import Shard
from augtool.sources.sharded import ShardedSource
from augtool.sources.tf_example import Bytes, Feature, FileBytes, read_example

__all__ = ["TFRecordSource"]

_LENGTH, _CRC = struct.Struct("<Q"), struct.Struct("<I")
_AROUND = _LENGTH.size + 2 * _CRC.size
#: Names of features, of TensorFlow's own scripts and of TensorFlow Datasets.
_ENCODED = ("image/encoded", "image", "image_raw")
_LABEL = ("image/class/label", "label")
_TEXT = ("image/class/text", "class", "label")
_NAME = ("image/filename", "filename", "file_name")
_WANTED = frozenset((*_ENCODED, *_LABEL, *_TEXT, *_NAME))
#: The longest text that is read.
_MOST_TEXT_BYTES = 2**12
_MOST_RECORD_BYTES = 2**31
_PEEK_BYTES = 16
#: Longer records are not read whole to list them.
_WHOLE_BYTES = 2**17


class TFRecordSource(ShardedSource):
    """Images in TFRecord shards, read in place; checksums are compared before use."""

    name: ClassVar[str] = "tfrecord"
    endings: ClassVar[tuple[str, ...]] = (".tfrecord", ".tfrecords")

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self._found: list[Found] = []

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of an image file."""
        place = self._place_of(sample)
        shard = self._shards[place.shard]
        message = self._bytes_at(shard, place.start, place.size)
        (expected,) = _CRC.unpack(self._bytes_at(shard, place.start + place.size, _CRC.size))
        if masked_crc32c(message) != expected:
            raise InputError(
                f"record {place.number} of {shard.name} is damaged: its checksum does not fit;"
                " get the shard again"
            )
        features = read_example(message, len(message), _WANTED)
        image = _first(features, _ENCODED)
        assert image is not None  # it was there when the shard was listed
        return message[image.start : image.start + image.size]

    def _class_names(self) -> dict[int, str] | None:
        return names_beside(self.root)

    def _read_shard(self, number: int, shard: Shard, catalogue: Catalogue) -> None:
        file = self._file(shard)
        for place, (start, size) in enumerate(_records(file, shard.path)):
            where, at = f"{shard.name}[{place}]", Place(number, place, start, size)
            try:
                self._add(self._message(shard, start, size), shard, at)
            except ValueError as error:
                catalogue.fail(where, f"is not a tf.train.Example ({error}); write it again")
            except InputError as error:
                catalogue.fail(where, error.reason)

    def _message(self, shard: Shard, start: int, size: int) -> bytes | FileBytes:
        """Return a message; a long one is read as far as it is looked at."""
        if size > _WHOLE_BYTES:
            return FileBytes(self._file(shard), start)
        return self._bytes_at(shard, start, size)

    def _add(self, message: bytes | FileBytes, shard: Shard, at: Place) -> None:
        features = read_example(message, at.size, _WANTED)
        image = _first(features, _ENCODED)
        if image is None or image.number is not None:
            raise InputError(f"has no {_ENCODED[0]}; write the encoded image there")
        if at.size >= _MOST_RECORD_BYTES:
            raise InputError(f"is {at.size:,} bytes long, larger than any image; remove it")
        number = next((each.number for key in _LABEL if (each := features.get(key))), None)
        text = _text(message, features, _TEXT)
        if text is None and number is None:
            raise InputError(f"has no {_LABEL[0]} and no {_TEXT[0]}; write its class there")
        if number is not None and number < 0 and text is None:
            raise InputError(f"has the label {number}, which stands for none; leave the record out")
        name = _text(message, features, _NAME)
        self._found.append(Found(name, shard.split, Label(number, text), at))

    def _finish(self, catalogue: Catalogue) -> None:
        catalogue.add_all(self._found, self._format_of)
        self._found = []

    def _format_of(self, found: Found) -> str:
        place = found.place
        message = self._message(self._shards[place.shard], place.start, place.size)
        image = _first(read_example(message, place.size, _WANTED), _ENCODED)
        assert image is not None  # it was there when the shard was listed
        return format_of_bytes(message[image.start : image.start + min(_PEEK_BYTES, image.size)])


def _records(file: BinaryIO, path: str) -> Iterator[tuple[int, int]]:
    """Yield where each message begins, and how many bytes it has.

    Raises
    ------
    InputError
        When a length is damaged, or the file ends within a record.
    """
    file.seek(0, os.SEEK_END)
    at, end = 0, file.tell()
    while at < end:
        file.seek(at)
        head = file.read(_LENGTH.size + _CRC.size)
        is_sound = len(head) == _LENGTH.size + _CRC.size and (
            masked_crc32c(head[: _LENGTH.size]) == _CRC.unpack_from(head, _LENGTH.size)[0]
        )
        if not is_sound:
            what = "is no TFRecord file" if not at else f"is damaged or cut off at byte {at:,}"
            raise InputError(f"{path}: {what}; get the file again")
        (size,) = _LENGTH.unpack_from(head)
        if size > end - at - _AROUND:
            raise InputError(
                f"{path}: is cut off: the record at byte {at:,} has {size:,} bytes, and the file"
                f" ends at {end:,}; get the file again"
            )
        yield at + len(head), size
        at += size + _AROUND


def _first(features: dict[str, Feature], names: tuple[str, ...]) -> Feature | None:
    return next((features[name] for name in names if name in features), None)


def _text(message: Bytes, features: dict[str, Feature], names: tuple[str, ...]) -> str | None:
    """Return the text of the first of these features that has one."""
    for name in names:
        feature = features.get(name)
        if feature is None or feature.number is not None or feature.size == 0:
            continue
        if feature.size > _MOST_TEXT_BYTES:
            raise InputError(f"has a {name} of {feature.size:,} bytes; shorten it")
        text = message[feature.start : feature.start + feature.size]
        return text.decode("utf-8", "surrogateescape")
    return None
