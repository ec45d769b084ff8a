"""MDS: the shards of MosaicML Streaming, read without the package.

A shard says itself what columns it has, so that `index.json` is not needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import Sample
from augtool.errors import InputError
from augtool.images.codec import format_of_bytes
from augtool.sources.catalogue import Catalogue, Found, Label
from augtool.sources.classes import names_beside
from augtool.sources.file_index import Place
from augtool.sources.shard_files import Shard
from augtool.sources.sharded import ShardedSource
from augtool.storage.mds import MdsShard

__all__ = ["MdsSource"]

#: Where each value of a sample begins, and its length, by column.
_Values = Mapping[str, "tuple[int, int]"]

#: Names of columns: of augtool, and of the package's own converters.
_IMAGE, _LABEL = ("image", "x"), ("label", "y")
_TEXT, _NAME = ("class", *_LABEL), ("id", "filename")
_FILES = ("bytes", "jpeg", "png")
_SIGNED = ("int", "int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
#: The longest text that is read, and the longest image.
_MOST_TEXT_BYTES = 2**12
_MOST_IMAGE_BYTES = 2**31
_PEEK_BYTES = 16


class _Columns(NamedTuple):
    """Which columns have what; None where there is none."""

    image: str
    number: str | None
    is_signed: bool
    text: str | None
    name: str | None


class MdsSource(ShardedSource):
    """Images in MDS shards, read in place."""

    name: ClassVar[str] = "mds"
    endings: ClassVar[tuple[str, ...]] = (".mds",)

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self._found: list[Found] = []

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of an image file."""
        place = self._place_of(sample)
        return self._bytes_at(self._shards[place.shard], place.start, place.size)

    def _class_names(self) -> dict[int, str] | None:
        return names_beside(self.root)

    def _read_shard(self, number: int, shard: Shard, catalogue: Catalogue) -> None:
        file = self._file(shard)
        try:
            head = MdsShard.read(file)
        except ValueError as error:
            raise InputError(
                f"{shard.path}: is no sound MDS shard ({error}); get the file again"
            ) from error
        columns = _columns(head.encodings, shard.path)
        for place in range(len(head)):
            where = f"{shard.name}[{place}]"
            try:
                self._add(shard, (number, place), head.values(file, place), columns)
            except ValueError as error:
                catalogue.fail(where, f"is damaged ({error}); get the shard again")
            except InputError as error:
                catalogue.fail(where, error.reason)

    def _add(self, shard: Shard, at: tuple[int, int], values: _Values, columns: _Columns) -> None:
        label = self._label(shard, values, columns)
        name = columns.name and self._text(shard, values, columns.name)
        start, size = values[columns.image]
        if size >= _MOST_IMAGE_BYTES:
            raise InputError(f"is {size:,} bytes long, larger than any image; remove it")
        self._found.append(Found(name, shard.split, label, Place(*at, start, size)))

    def _label(self, shard: Shard, values: _Values, columns: _Columns) -> Label:
        """Return the class of a sample.

        Raises
        ------
        InputError
            When it has none.
        """
        text = columns.text and self._text(shard, values, columns.text)
        number = None
        if columns.number is not None:
            data = self._bytes_at(shard, *values[columns.number])
            number = int.from_bytes(data, "little", signed=columns.is_signed)
        if text is None and (number is None or number < 0):
            what = "has an empty class" if number is None else f"has the label {number}"
            raise InputError(f"{what}, which stands for none; leave the sample out")
        return Label(number, text)

    def _text(self, shard: Shard, values: _Values, column: str) -> str | None:
        """Return a text; None where it is empty."""
        start, size = values[column]
        if size > _MOST_TEXT_BYTES:
            raise InputError(f"has a {column} of {size:,} bytes; shorten it")
        return self._bytes_at(shard, start, size).decode("utf-8", "surrogateescape") or None

    def _finish(self, catalogue: Catalogue) -> None:
        catalogue.add_all(self._found, self._format_of)
        self._found = []

    def _format_of(self, found: Found) -> str:
        place = found.place
        shard, size = self._shards[place.shard], min(_PEEK_BYTES, place.size)
        return format_of_bytes(self._bytes_at(shard, place.start, size))


def _columns(encodings: Mapping[str, str], path: str) -> _Columns:
    """Return which columns have what.

    Raises
    ------
    InputError
        When there is none of images, or none of classes.
    """

    def first(names: tuple[str, ...], kinds: tuple[str, ...]) -> str | None:
        return next((name for name in names if encodings.get(name) in kinds), None)

    image, text = first(_IMAGE, _FILES), first(_TEXT, ("str",))
    number = first(_LABEL, (*_SIGNED, *_UNSIGNED))
    if image is None or (text is None and number is None):
        listed = ", ".join(f"{name} ({kind})" for name, kind in encodings.items())
        what = "images" if image is None else "labels"
        wanted = "image (bytes, jpeg or png)" if image is None else "label (int) or class (str)"
        raise InputError(
            f"{path}: has no column of {what}, only {listed}; write one that is called {wanted}"
        )
    is_signed = number is not None and encodings[number] in _SIGNED
    return _Columns(image, number, is_signed, text, first(_NAME, ("str",)))
