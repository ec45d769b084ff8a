"""MNIST's IDX files, gzipped or not: one file of images and one of labels per split."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import ClassVar

from augtool.core.geometry import Image
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import TRAIN, Sample
from augtool.errors import InputError
from augtool.sources.idx_files import Pictures, read_labels
from augtool.sources.packed import Batch, Contents, PackedSource
from augtool.storage.files import file_names

__all__ = ["IdxSource"]

_NAME = re.compile(
    r"(?P<prefix>.*?)(?P<split>train|t10k|test)[-_.](?P<what>images|labels)"
    r"[-_.]idx(?P<axes>[13])[-_.]ubyte(\.gz)?"
)
_SPLITS = {"train": TRAIN, "t10k": "test", "test": "test"}


class IdxSource(PackedSource):
    """A folder of IDX files. Pictures are read one by one.

    Parameters
    ----------
    root
        The folder, its parent (also with ``raw/`` between), or one of the files, which selects
        the files with the same prefix.
    max_pixels
        Larger images are refused, before one is read.
    """

    name: ClassVar[str] = "idx"

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self._open: dict[str, Pictures] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open": {}}

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether there are IDX images."""
        return bool(_sets(path))

    def read(self, sample: Sample) -> Image:
        """Return a picture's pixels, of shape (h, w)."""
        place = self._place_of(sample)
        if place.batch not in self._open:
            self._open[place.batch] = Pictures(place.batch)
        return self._open[place.batch].picture(place.row)

    def path_of(self, sample: Sample) -> str:
        """Return the path of the pictures' file."""
        return self._place_of(sample).batch

    def _contents(self) -> Contents:
        batches = [
            self._batch(split, pair.get("images"), pair.get("labels"))
            for split, pair in sorted(_only_set(self.root).items())
        ]
        return Contents(self.root, batches, None, has_splits=True)

    def _batch(self, split: str, pictures: str | None, labels: str | None) -> Batch:
        """Return the labels of a split, checked against its images."""
        if pictures is None or labels is None:
            have, lack = ("labels", "images") if pictures is None else ("images", "labels")
            raise InputError(
                f"{pictures or labels}: has {have} but no {lack}; put the file of {lack} next to it"
            )
        sizes = Pictures(
            pictures, lambda sizes: self._check_claims(sizes, 1, pictures, pictures)
        ).header.sizes
        values = read_labels(labels, sizes[0], pictures)
        return Batch(split, pictures, labels, values)


def _only_set(path: str) -> dict[str, dict[str, str]]:
    """Return the files of the one data set at `path`, by split and by images and labels."""
    found = _sets(path)
    if not found:
        raise InputError(
            f"no IDX images in {path!r}; expected train-images-idx3-ubyte and"
            " train-labels-idx1-ubyte, gzipped or not"
        )
    if len(found) > 1:
        raise InputError(
            f"{path!r} holds more than one IDX data set"
            f" ({', '.join(sorted(f'{prefix}train-images...' for prefix in found))});"
            " pass a file of the one you want"
        )
    return next(iter(found.values()))


def _sets(path: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return the files of each data set by file name prefix."""
    folder, wanted = path, None
    if os.path.isfile(path):  # noqa: PTH113
        folder, _, base = path.rpartition("/")
        match = _NAME.fullmatch(base)
        if match is None:
            return {}
        folder, wanted = folder or ".", match["prefix"]
    sets: dict[str, dict[str, dict[str, str]]] = {}
    for each in _places(folder) if wanted is None else [folder]:
        for name in file_names(each):  # sorted: the plain one before its gzipped twin
            match = _NAME.fullmatch(name)
            if match and wanted in (None, match["prefix"]):
                key = match["prefix"] if each == folder else f"{each}/{match['prefix']}"
                of_split = sets.setdefault(key, {}).setdefault(_SPLITS[match["split"]], {})
                of_split.setdefault(match["what"], f"{each}/{name}")
        if sets and each == folder:
            break
    return {
        key: splits for key, splits in sets.items() if any("images" in of for of in splits.values())
    }


def _places(folder: str) -> Iterator[str]:
    """Yield the folder, and the places below it where torchvision puts the files."""
    yield folder
    yield f"{folder}/raw"
    try:
        with os.scandir(folder) as entries:
            yield from sorted(f"{folder}/{entry.name}/raw" for entry in entries if entry.is_dir())
    except OSError:
        return
