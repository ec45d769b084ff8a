"""Shared code of sources that read image files out of shards."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from typing import BinaryIO, ClassVar

from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import Listing, Sample
from augtool.errors import InputError
from augtool.sources.catalogue import Catalogue
from augtool.sources.file_index import FileIndex, Place
from augtool.sources.packed_files import PackedFiles
from augtool.sources.shard_files import Shard, find_shards
from augtool.storage.random_access import is_gzip, open_seekable

__all__ = ["ShardedSource"]

#: How many shards to keep open.
_MOST_OPEN = 64


class ShardedSource(PackedFiles):
    """A source whose samples are image files in shards; each kind says how it reads a shard.

    Parameters
    ----------
    root
        A shard, or a folder of shards, with or without folders for splits.
    max_pixels
        Larger images are refused: by the codec, from the header of each.
    """

    name: ClassVar[str]
    extension: ClassVar[str] = ""
    #: Endings of the names of shards.
    endings: ClassVar[tuple[str, ...]]

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__()
        self.root = self.files_root = os.fspath(root).rstrip("/") or "/"
        self.max_pixels = max_pixels
        self._shards: Sequence[Shard] = ()
        self._split_folders: dict[str, str] = {}
        self._index: FileIndex | None = None
        self._open: OrderedDict[str, BinaryIO] = OrderedDict()

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open": OrderedDict()}

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a shard, or a folder with shards and no class folders."""
        found = find_shards(path, cls.endings)
        return found is not None and cls._recognises(found.shards[0].path)

    @classmethod
    def _recognises(cls, path: str) -> bool:  # noqa: ARG003 - for kinds whose endings say too little
        """Return whether a shard is of this kind, by how it begins."""
        return True

    def describe(self) -> dict[str, object]:
        """Return what changes what is read: nothing else."""
        return {"from": self.name}

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all images, sorted by split and id; `classes` may name the labels."""
        listing = self._catalogue().listing(classes)
        listing.split_folders = self._split_folders
        return listing

    def path_of(self, sample: Sample) -> str:
        """Return the path of the sample's shard."""
        return self._shards[self._place_of(sample).shard].path

    def place_of(self, sample: Sample) -> str | None:
        """Return where a sample lies as a manifest says it: ``shard[number]``."""
        place = self._place_of(sample)
        return f"{self._shards[place.shard].name}[{place.number}]"

    def _read_shard(self, number: int, shard: Shard, catalogue: Catalogue) -> None:
        """Add what a shard holds."""
        raise NotImplementedError

    def _class_names(self) -> dict[int, str] | None:
        """Return class names by number, where the data set has them beside its images."""
        return None

    def _catalogue(self) -> Catalogue:
        found = find_shards(self.root, self.endings)
        if found is None:
            raise InputError(
                f"{self.root!r} contains no shards ({', '.join(self.endings)}), or class folders"
                " and images beside them; pass a folder of shards"
            )
        self._shards, self._split_folders = found.shards, found.split_folders
        catalogue = Catalogue(self.root, has_splits=found.has_splits, names=self._class_names())
        for number, shard in enumerate(found.shards):
            self._read_shard(number, shard, catalogue)
        self._finish(catalogue)
        self._index = catalogue.index()
        return catalogue

    def _finish(self, catalogue: Catalogue) -> None:
        """Add what can only be told once all shards were read."""

    def _place_of(self, sample: Sample) -> Place:
        """Return where a sample lies, reading the shards' heads where nobody has listed them."""
        if self._index is None:
            self._catalogue()
        assert self._index is not None
        return self._index.place_of(sample.id)

    def _file(self, shard: Shard) -> BinaryIO:
        """Return a shard as an open file, whose position is anywhere."""
        file = self._open.get(shard.path)
        if file is None:
            if is_gzip(shard.path):
                raise InputError(
                    f"{shard.path}: is compressed as a whole, so that its images can't be read one"
                    " by one; decompress it with gunzip"
                )
            file = self._open[shard.path] = open_seekable(shard.path, decompress=False)
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(shard.path)
        return file

    def _bytes_at(self, shard: Shard, start: int, size: int) -> bytes:
        """Return a part of a shard.

        Raises
        ------
        InputError
            When the shard ends before it does.
        """
        file = self._file(shard)
        file.seek(start)
        data = file.read(size)
        if len(data) < size:
            raise InputError(f"{shard.path}: is cut off at byte {start + len(data):,}")
        return data
