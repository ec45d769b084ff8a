"""WebDataset: tar shards of members that belong together by their key.

The class is taken from ``.cls``, else from ``class`` or ``label`` in ``.json``. What augtool wrote
tells its source too, so that ids survive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby, islice
from typing import Any, ClassVar, NamedTuple

from augtool.core.records import AUGMENTED, HIDDEN, ORIGINAL, Sample
from augtool.errors import InputError
from augtool.images.codec import format_of_name
from augtool.sources.catalogue import Catalogue, Label
from augtool.sources.file_index import Place
from augtool.sources.shard_files import Shard
from augtool.sources.sharded import ShardedSource
from augtool.storage.containers import Member, tar_members
from augtool.storage.random_access import open_seekable

__all__ = ["WebDatasetSource"]

#: How many members of a shard are examined to detect it.
_PEEK = 12
#: More bytes than a label, and than a record about an image, ever have.
_MOST_LABEL_BYTES = 2**12
_MOST_JSON_BYTES = 2**20
_MOST_FILE_BYTES = 2**31
#: Where a record may tell its class.
_CLASS_KEYS = ("class", "label", "cls", "class_name")


class _Part(NamedTuple):
    """A member of a tar: its key, what comes after the key's dot, and the member."""

    key: str
    kind: str
    member: Member


class WebDatasetSource(ShardedSource):
    """Images in tar shards, read in place."""

    name: ClassVar[str] = "webdataset"
    endings: ClassVar[tuple[str, ...]] = (".tar",)

    @classmethod
    def _recognises(cls, path: str) -> bool:
        """Return whether one of the first members is an image that has a class beside it.

        So it is said of one that is damaged before that, too: the listing then says why.
        """
        kinds: dict[str, set[str]] = {}
        try:
            with open_seekable(path, decompress=False) as file:
                for part in map(_split, islice(tar_members(file, path), _PEEK)):
                    kind = "image" if format_of_name(f".{part.kind}") else part.kind
                    kinds.setdefault(part.key, set()).add(kind)
        except InputError:
            return True
        return any("image" in each and each & {"cls", "json"} for each in kinds.values())

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of an image file."""
        place = self._place_of(sample)
        return self._bytes_at(self._shards[place.shard], place.start, place.size)

    def place_of(self, sample: Sample) -> None:
        """Return None: the records in the shards say themselves what they are."""

    def _read_shard(self, number: int, shard: Shard, catalogue: Catalogue) -> None:
        file = self._file(shard)
        parts = map(_split, tar_members(file, shard.path, is_whole=True))
        for key, group in groupby(parts, lambda part: part.key):
            if key.rpartition("/")[2] == "":
                catalogue.ignored[HIDDEN] = catalogue.ignored.get(HIDDEN, 0) + 1
            else:
                self._add(number, shard, list(group), catalogue)

    def _add(self, number: int, shard: Shard, parts: list[_Part], catalogue: Catalogue) -> None:
        key = parts[0].key
        images = [part for part in parts if format_of_name(f".{part.kind}")]
        if len(images) != 1:
            listed = ", ".join(part.kind for part in parts[:8])
            what = "no image" if not images else "several images"
            catalogue.fail(key, f"has {what} in {shard.name} (only {listed}); keep one")
            return
        (image,) = images
        try:
            facts = self._facts(shard, parts)
            label = self._label(shard, parts, facts)
        except InputError as error:
            catalogue.fail(key, error.reason)
            return
        if image.member.size >= _MOST_FILE_BYTES:
            catalogue.fail(key, f"is {image.member.size:,} bytes long, larger than any image")
            return
        place = Place(number, 0, image.member.start, image.member.size)
        source = _source_of(facts)
        if source is None:
            catalogue.add(f"{key}.{image.kind}", shard.split, label, place)
        elif facts["kind"] == ORIGINAL:
            catalogue.add(source, shard.split, label, place, is_id=True)
        else:
            name = f"{source}__aug{facts.get('copy')}.{image.kind}"
            sample_id = catalogue.add(name, shard.split, label, place, is_id=True)
            if sample_id is not None:
                catalogue.copies[sample_id] = source

    def _facts(self, shard: Shard, parts: list[_Part]) -> Mapping[str, Any]:
        """Return what the .json of an image says; nothing where there is none."""
        data = self._content(shard, parts, "json", _MOST_JSON_BYTES)
        if data is None:
            return {}
        try:
            facts = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InputError(f"its .json is damaged ({error!s:.60}); fix it") from error
        return facts if isinstance(facts, dict) else {}

    def _label(self, shard: Shard, parts: list[_Part], facts: Mapping[str, Any]) -> Label:
        """Return the class of an image.

        Raises
        ------
        InputError
            When there is none.
        """
        text = self._content(shard, parts, "cls", _MOST_LABEL_BYTES)
        if _source_of(facts) is not None:
            return Label(facts["label"], facts.get("class", ""))
        if text is not None:
            return _parse(text.decode("utf-8", "surrogateescape").strip())
        for key in _CLASS_KEYS:
            value = facts.get(key)
            if isinstance(value, str) or type(value) is int:
                return _parse(str(value))
        raise InputError("has no class: no .cls, and no class or label in a .json; add one")

    def _content(self, shard: Shard, parts: list[_Part], kind: str, most: int) -> bytes | None:
        found = next((part.member for part in parts if part.kind == kind), None)
        if found is None:
            return None
        if found.size > most:
            raise InputError(f"its .{kind} has {found.size:,} bytes, more than {most:,}; fix it")
        return self._bytes_at(shard, found.start, found.size)


def _split(member: Member) -> _Part:
    """Return a member by its key: its path up to the first dot of its name.

    >>> _split(Member("./a/b.c.jpg", 0, 1))[:2]
    ('a/b', 'c.jpg')
    """
    folder, slash, name = member.path.removeprefix("./").rpartition("/")
    stem, _, kind = name.partition(".")
    return _Part(f"{folder}{slash}{stem}", kind.lower(), member)


def _source_of(facts: Mapping[str, Any]) -> str | None:
    """Return the id that an augtool run gave an image's source; None if it did not write it."""
    is_own = (
        isinstance(facts.get("source"), str)
        and isinstance(facts.get("class", ""), str)
        and type(facts.get("label")) is int
        and facts.get("kind") in (ORIGINAL, AUGMENTED)
    )
    return facts["source"] if is_own else None


def _parse(text: str) -> Label:
    """Return a label as a number where it is one, else as a name."""
    if not text:
        raise InputError("has an empty class; fill it in")
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return Label(number=int(text)) if is_number else Label(name=text)
