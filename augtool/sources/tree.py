"""Class-per-folder trees, with or without train, val and test folders above the classes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import ClassVar

from augtool.core.records import TRAIN, Failure, Listing, Sample
from augtool.errors import InputError
from augtool.images.codec import EXTENSIONS
from augtool.sources.classes import choose_classes
from augtool.sources.file_list import Selection
from augtool.storage.files import read_regular

__all__ = ["TreeSource"]

#: Folder name to split.
SPLITS = {"train": TRAIN, "val": "val", "valid": "val", "validation": "val", "test": "test"}
#: Extensions of images that can't be read: reported as failures, not silently skipped.
_UNREAD = frozenset(
    {".avif", ".heic", ".heif", ".jp2", ".j2k", ".jxl", ".ico", ".tga", ".psd", ".raw", ".dng"}
    | {".cr2", ".nef", ".exr", ".hdr", ".svg"}
)
#: Split and class name to where names start in the ids, and the ids.
_Found = dict[tuple[str, str], tuple[int, list[str]]]
#: Folders that tools leave behind.
_LITTER = frozenset({"__MACOSX", "lost+found", "$RECYCLE.BIN", "System Volume Information"})


class TreeSource:
    """A folder of class folders of images.

    Parameters
    ----------
    root
        The data root; ids are paths below it.
    follow_links
        Also read symbolic links that lead out of the data root.
    only
        Paths below the data root: only these images are used; None for all.
    """

    name: ClassVar[str] = "tree"
    has_files: ClassVar[bool] = True
    extension: ClassVar[str] = ""

    def __init__(
        self, root: str | Path, *, follow_links: bool = False, only: Sequence[str] | None = None
    ) -> None:
        self.root = os.fspath(root)
        self.follow_links = follow_links
        self._selection = None if only is None else Selection(self.root, only)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_selection": None}  # reading needs no list

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a folder."""
        return os.path.isdir(path)  # noqa: PTH112

    def describe(self) -> dict[str, object]:
        """Return what changes the listing."""
        settings = {"from": self.name, "follow_links": self.follow_links}
        return settings | ({"only": self._selection.digest()} if self._selection else {})

    def path_of(self, sample: Sample) -> str:
        """Return the path of the sample's file."""
        return f"{self.root}/{sample.id}"

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of the sample's file."""
        return read_regular(self.path_of(sample))

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all images below the class folders, sorted by split, class and id."""
        walk = _Walk(self.root, self.follow_links)
        splits = walk.splits()
        found: _Found = {}
        for folder, split in splits.items() if splits else [("", TRAIN)]:
            for class_name in walk.class_folders(folder):
                below = f"{folder}/{class_name}/" if folder else f"{class_name}/"
                found[split, class_name] = len(below), sorted(walk.pictures(below))
        if self._selection is not None:
            found = self._select(found, walk)
        names = sorted({class_name for _, class_name in found})
        if not names:
            raise InputError(
                f"no class folders with images in {self.root!r}"
                f" (looked for {' '.join(sorted(EXTENSIONS))} in its sub-folders);"
                " expected one folder per class, e.g. data/cat/1.jpg"
            )
        chosen = choose_classes(names, classes, self.root)
        labels = {name: label for label, name in enumerate(chosen)}
        samples = [
            Sample(sample_id, split, labels[class_name], start)
            for (split, class_name), (start, sample_ids) in sorted(found.items())
            if class_name in labels
            for sample_id in sample_ids
        ]
        _require_pictures(self.root, chosen, samples)
        ignored = dict(sorted(walk.ignored.items()))
        return Listing(samples, chosen, bool(splits), sorted(walk.failures), ignored)

    def _select(self, found: _Found, walk: _Walk) -> _Found:
        """Return what is on the list, and drop what the walk recorded about the rest."""
        selection = self._selection
        assert selection is not None
        kept = {
            key: (start, [each for each in ids if each in selection])
            for key, (start, ids) in found.items()
        }
        taken = [each for _, ids in kept.values() for each in ids]
        walk.failures = selection.failures(taken, walk.failures)
        walk.ignored.clear()
        if not taken:
            raise InputError(
                f"none of the listed files is an image in a class folder of {self.root!r}"
                f" (e.g. {walk.failures[0].source!r}: {walk.failures[0].reason})"
            )
        return {key: value for key, value in kept.items() if value[1]}


def _require_pictures(root: str, classes: Sequence[str], samples: Sequence[Sample]) -> None:
    """Raise an error for a class that has nothing to train on."""
    counts = Counter(sample.label for sample in samples if sample.split == TRAIN)
    empty = [name for label, name in enumerate(classes) if not counts[label]]
    if empty:
        raise InputError(
            f"class {empty[0]!r} in {root!r} has no images to train on"
            f"{f' (nor have {len(empty) - 1} others)' if len(empty) > 1 else ''};"
            " add some, remove the folder, or leave it out with classes"
        )


class _Walk:
    """One walk over the tree, which records what was not an image."""

    def __init__(self, root: str, follow_links: bool) -> None:
        self.root = root
        self.follow_links = follow_links
        self.failures: list[Failure] = []
        self.ignored: Counter[str] = Counter()
        self._real_root = os.path.realpath(root)

    def splits(self) -> dict[str, str]:
        """Return split folders by name; empty if the folders in the root are classes.

        Folders are splits if all of them are named like splits, and one of them is train and
        contains folders (a class may also be called "train").
        """
        folders = [entry.name for entry in self._entries("") if self._is_folder(entry)]
        if "train" not in folders or any(name not in SPLITS for name in folders):
            return {}
        if not any(self._is_folder(entry) for entry in self._entries("train")):
            return {}
        splits = {name: SPLITS[name] for name in folders}
        if len(set(splits.values())) < len(splits):
            raise InputError(
                f"{self.root!r} has more than one validation folder"
                f" ({', '.join(name for name in folders if splits[name] == 'val')});"
                " keep one of them"
            )
        self._report_strays("")
        return splits

    def class_folders(self, folder: str) -> list[str]:
        """Return the names of the class folders below `folder`."""
        self._report_strays(folder)
        return [entry.name for entry in self._entries(folder) if self._is_folder(entry)]

    def pictures(self, below: str) -> Iterator[str]:
        """Yield the ids of all images below a class folder, in any order."""
        folders = [(below, frozenset({os.path.realpath(f"{self.root}/{below}")}))]
        while folders:
            prefix, above = folders.pop()
            for entry in self._entries(prefix):
                sample_id = prefix + entry.name
                if self._is_folder(entry):
                    real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                    if real not in above:  # a link to a folder above would never end
                        folders.append((f"{sample_id}/", above | {real}))
                elif self._is_picture(entry, sample_id):
                    yield sample_id

    def _report_strays(self, folder: str) -> None:
        """Record the images that are next to class folders instead of in one."""
        prefix = f"{folder}/" if folder else ""
        for entry in self._entries(folder):
            if not entry.is_dir() and self._is_picture(entry, prefix + entry.name):
                reason = "is not in a class folder; move it into one"
                self.failures.append(Failure(prefix + entry.name, "list", reason))

    def _is_picture(self, entry: os.DirEntry[str], sample_id: str) -> bool:
        extension = entry.name[entry.name.rfind(".") :].lower() if "." in entry.name else ""
        if extension in _UNREAD:
            reason = f"{extension} is a format that augtool does not read; convert it to PNG"
            self.failures.append(Failure(sample_id, "list", reason))
            return False
        if extension not in EXTENSIONS:
            self.ignored[extension or "(none)"] += 1
            return False
        if entry.is_symlink() and not self._may_follow(entry):
            reason = "is a link that leads out of the data; pass --follow-links to read it"
            self.failures.append(Failure(sample_id, "list", reason))
            return False
        return True

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        return entry.is_dir() and (not entry.is_symlink() or self._may_follow(entry))

    def _may_follow(self, entry: os.DirEntry[str]) -> bool:
        real = os.path.realpath(entry.path)
        return self.follow_links or real.startswith(self._real_root + os.sep)

    def _entries(self, below: str) -> list[os.DirEntry[str]]:
        """Return the entries of a folder, except hidden ones and litter, sorted by name."""
        try:
            with os.scandir(f"{self.root}/{below}") as entries:
                seen = [
                    entry
                    for entry in entries
                    if not entry.name.startswith(".") and entry.name not in _LITTER
                ]
        except OSError as error:
            if not below:
                raise InputError(f"can't list {self.root!r}: {error.strerror}") from error
            reason = f"can't be listed: {error.strerror}; fix its permissions"
            self.failures.append(Failure(below.rstrip("/"), "list", reason))
            return []
        return sorted(seen, key=attrgetter("name"))
