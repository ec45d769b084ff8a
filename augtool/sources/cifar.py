"""CIFAR-10 and CIFAR-100, in their python and binary versions, as archive or folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from augtool.core.geometry import Image
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import TRAIN, Sample
from augtool.errors import InputError
from augtool.sources.cifar_batches import LAYOUTS, Layout, Rows
from augtool.sources.packed import Batch, Contents, PackedSource
from augtool.storage.containers import ARCHIVES, Container, Folder, TarArchive
from augtool.storage.files import file_names

__all__ = ["CifarSource"]

#: How many members of an archive are examined to detect it.
_PEEK = 12


class CifarSource(PackedSource):
    """CIFAR's batches. One batch is in memory at a time.

    Parameters
    ----------
    root
        The archive, the folder with the batches, or a folder that contains one of them.
    label
        ``fine`` or ``coarse``: which of CIFAR-100's two sets of classes.
    max_pixels
        Larger images are refused.
    """

    name: ClassVar[str] = "cifar"

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        label: str = "fine",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self.label = label
        self._container = _container(self.root)
        self._layout: Layout | None = None
        self._seen: set[str] = set()
        self._loaded: tuple[str, Rows] | None = None

    def __getstate__(self) -> dict[str, object]:
        # The layout holds functions, which the other side looks up again.
        layout = LAYOUTS.index(self._layout) if self._layout else None
        return {**self.__dict__, "_layout": layout, "_seen": set(), "_loaded": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._layout = None if state["_layout"] is None else LAYOUTS[state["_layout"]]

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is, or contains, a folder or an archive of CIFAR batches."""
        return any(_homes(path))

    def describe(self) -> dict[str, object]:
        """Return what changes the labels."""
        return {**super().describe(), "label": self.label}

    def read(self, sample: Sample) -> Image:
        """Return a picture's pixels, of shape (32, 32, 3)."""
        place = self._place_of(sample)
        rows = self._rows(place.batch)
        if place.row >= len(rows.planes):
            raise InputError(
                f"{self._container.where(place.batch)}: became shorter during the run; it ends"
                f" before row {place.row}"
            )
        return rows.picture(place.row)

    def path_of(self, sample: Sample) -> str:
        """Return the path of the archive, or of the batch's file."""
        return self._container.path_of(self._place_of(sample).batch)

    def _contents(self) -> Contents:
        batches = self._batches()  # notes on its way whether there are names
        return Contents(self.root, batches, self._names(), has_splits=True)

    def _rows(self, name: str) -> Rows:
        """Return a batch, which is kept until another one is asked for."""
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None  # frees its memory before the next one is loaded
            self._loaded = name, self._load(name)
        return self._loaded[1]

    def _load(self, name: str) -> Rows:
        layout = self._known_layout()
        key = layout.levels[self.label]
        with self._container.open(name) as file:
            return layout.read(file, self._container.where(name), key)

    def _known_layout(self) -> Layout:
        if self._layout is None:
            raise InputError(
                f"no CIFAR batches in {self.root!r}; expected data_batch_1 and test_batch,"
                " their .bin forms, or train and test"
            )
        if self.label not in self._layout.levels:
            raise InputError(
                f"{self.root}: {self._layout.title} has no {self.label} labels; leave out --label"
            )
        return self._layout

    def _batches(self) -> list[Batch]:
        """Return all batches without their pixels, in the order of ids."""
        found: dict[str, Batch] = {}
        for name in self._container.walk():
            self._seen.add(name)
            layout = next((each for each in LAYOUTS if each.batches.fullmatch(name)), None)
            if layout is None:
                continue
            if self._layout not in (None, layout):
                raise InputError(
                    f"{self.root}: contains files of {self._known_layout().title} and of"
                    f" {layout.title}, such as {name!r}; use one of them"
                )
            self._layout = layout
            labels = self._load(name).labels
            where = self._container.where(name)
            found[name] = Batch(layout.split_of(name), name, where, labels)
        layout = self._known_layout()
        ordered = sorted(
            found.values(), key=lambda batch: (layout.number_of(batch.name), batch.name)
        )
        self._require_all([each for each in ordered if each.split == TRAIN], layout)
        return ordered

    def _require_all(self, batches: Sequence[Batch], layout: Layout) -> None:
        numbers = [layout.number_of(batch.name) for batch in batches]
        missing = sorted(set(range(1, max(numbers, default=1) + 1)) - set(numbers))
        if missing:
            raise InputError(
                f"{self.root}: {layout.title} has no training batch {missing[0]}, so the ids of"
                " the others would shift; get the file again"
            )

    def _names(self) -> list[str] | None:
        """Return the class names in the metadata, None if there is none."""
        layout = self._known_layout()
        file_name, key = layout.names[self.label]
        if file_name not in self._seen:
            return None
        with self._container.open(file_name) as file:
            names = layout.read_names(file, self._container.where(file_name), key)
        if len(set(names)) < len(names):
            raise InputError(
                f"{self._container.where(file_name)}: lists a class twice; get the file again"
            )
        return names


def _container(root: str) -> Container:
    """Return the container of the batches.

    Raises
    ------
    InputError
        When there are several places, or none.
    """
    homes = list(_homes(root))
    if not homes:
        return TarArchive(root) if os.path.isfile(root) else Folder(root)  # noqa: PTH113
    if len(homes) > 1:
        raise InputError(
            f"{root!r} contains more than one CIFAR data set ({', '.join(homes)}); use one of them"
        )
    return Folder(homes[0]) if os.path.isdir(homes[0]) else TarArchive(homes[0])  # noqa: PTH112


def _homes(path: str) -> Iterator[str]:
    """Yield the folders and archives of batches that `path` is or contains."""
    if os.path.isfile(path):  # noqa: PTH113
        if path.lower().endswith(ARCHIVES) and _is_archive_of_batches(path):
            yield path
        return
    if _holds_batches(path):
        yield path
        return
    below = sorted(name for name in _names_in(path) if name.lower().startswith("cifar"))
    folders = [f"{path}/{name}" for name in below if not name.lower().endswith(ARCHIVES)]
    found = [folder for folder in folders if _holds_batches(folder)]
    archives = [f"{path}/{name}" for name in below if name.lower().endswith(ARCHIVES)]
    yield from found or [archive for archive in archives if _is_archive_of_batches(archive)]


def _holds_batches(folder: str) -> bool:
    names = file_names(folder)
    return any(
        layout.marks.issubset(names) and any(map(layout.batches.fullmatch, names))
        for layout in LAYOUTS
    )


def _is_archive_of_batches(path: str) -> bool:
    """Return whether an early member is a batch, or a broken archive is named like CIFAR."""
    try:
        for _, name in zip(range(_PEEK), TarArchive(path).walk()):
            if any(layout.batches.fullmatch(name) for layout in LAYOUTS):
                return True
    except InputError:
        return os.path.basename(path).lower().startswith("cifar")  # noqa: PTH119
    return False


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []
