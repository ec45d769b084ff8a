"""Class-per-folder trees, with or without train, val and test folders above the classes.

The listing is the same for any order in which the disk tells what is in a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from augtool.core.records import TRAIN, Failure, Listing, Samples
from augtool.core.samples import Group
from augtool.core.texts import Texts
from augtool.errors import InputError
from augtool.images.codec import EXTENSIONS
from augtool.sources.classes import choose_classes
from augtool.sources.file_list import Selection
from augtool.sources.files_below import FilesBelow
from augtool.sources.links import OUTSIDE, Links
from augtool.sources.walk import Found, Walk
from augtool.storage.data_folder import LocalFolder, Located

__all__ = ["TreeSource"]


class TreeSource(FilesBelow):
    """A folder of class folders of images.

    Parameters
    ----------
    root
        The data root; ids are paths below it.
    follow_links
        Also read symbolic links that lead out of the data root.
    only
        Paths below the data root: only these images are used; None for all.
    located
        What is at the root, where that is remote.
    """

    name: ClassVar[str] = "tree"
    has_files: ClassVar[bool] = True
    extension: ClassVar[str] = ""

    def __init__(
        self,
        root: str | Path,
        *,
        follow_links: bool = False,
        only: Sequence[str] | None = None,
        located: Located | None = None,
    ) -> None:
        self.root = os.fspath(root)
        self.folder = (located or Located(LocalFolder(self.root), None)).folder
        self.follow_links = follow_links
        self._selection = None if only is None else Selection(self.folder, only)

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

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all images below the class folders, sorted by split, class and id."""
        wanted = self._selection.folders() if self._selection else None
        walk = Walk(self.folder, Links(self.folder, follow=self.follow_links), wanted)
        found = walk.classes()
        if self._selection is not None:
            walk.follow(found)
            found = self._select(found, walk)
        if not found:
            raise _no_classes(self.root, walk.entries.failures)
        chosen = choose_classes(sorted({name for _, name in found}), classes, self.root)
        wanted_names = set(chosen)
        found = {key: each for key, each in found.items() if key[1] in wanted_names}
        if self._selection is None:
            walk.follow(found)
        walk.add_linked(found)
        if classes is None:  # a class folder that is a link to another one is no class
            own = {name for split, name in found if (split, name) not in walk.repeated}
            chosen = tuple(name for name in chosen if name in own)
        return self._listing(walk, found, chosen)

    def _listing(self, walk: Walk, found: Found, classes: Sequence[str]) -> Listing:
        labels = {name: label for label, name in enumerate(classes)}
        folders = {key: folder for key, (folder, _) in found.items()}
        samples = Samples.joined(_groups(found, labels))
        failures = sorted(walk.entries.failures)
        _require_pictures(self.root, classes, samples, folders, failures)
        ignored = dict(sorted(walk.entries.ignored.items()))
        linked_files = {os.path.dirname(each.real): each.id for each in walk.linked}  # noqa: PTH120
        return Listing(
            samples,
            tuple(classes),
            bool(walk.splits),
            failures,
            ignored,
            linked_folders=walk.linked_folders,
            linked_files=linked_files,
            split_folders={split: name for name, split in walk.splits.items() if name != split},
        )

    def _select(self, found: Found, walk: Walk) -> Found:
        """Return what is on the list, and drop what the walk recorded about the rest."""
        selection = self._selection
        assert selection is not None
        kept = {
            key: (folder, Texts.of(name for name in names if f"{folder}/{name}" in selection))
            for key, (folder, names) in found.items()
        }
        walk.linked = [each for each in walk.linked if each.id in selection]
        taken = [f"{folder}/{name}" for folder, names in kept.values() for name in names]
        taken += [each.id for each in walk.linked]
        entries = walk.entries
        entries.failures = selection.failures(taken, entries.failures)
        entries.ignored.clear()
        if not taken:
            first = entries.failures[0]
            raise InputError(
                f"none of the listed files is an image in a class folder of {self.root!r}"
                f" (e.g. {first.source!r}: {first.reason})"
            )
        linked = {each.key for each in walk.linked}
        return {key: each for key, each in kept.items() if each[1] or key in linked}


def _groups(found: Found, labels: Mapping[str, int]) -> Iterator[tuple[Group, Texts]]:
    """Yield the groups in order, and take them out of `found`: both together are large."""
    for split, class_name in sorted(found):
        folder, names = found.pop((split, class_name))
        if class_name in labels:
            yield Group(split, labels[class_name], f"{folder}/"), names


def _no_classes(root: str, failures: Sequence[Failure]) -> InputError:
    """Return the error of a tree in which there is no class folder."""
    outside = [failure.source for failure in failures if failure.reason == OUTSIDE]
    if outside:
        return InputError(
            f"every class folder in {root!r} is a link that leads out of the data, such as"
            f" {min(outside)!r}; pass --follow-links to read them"
        )
    return InputError(
        f"no class folders with images in {root!r}"
        f" (looked for {' '.join(sorted(EXTENSIONS))} in its sub-folders);"
        " expected one folder per class, e.g. data/cat/1.jpg; pass --flat for images without"
        " classes"
    )


def _require_pictures(
    root: str,
    classes: Sequence[str],
    samples: Samples,
    folders: Mapping[tuple[str, str], str],
    failures: Sequence[Failure],
) -> None:
    """Raise an error for a class that has nothing to train on, with what is known about why."""
    there = {group.label for group, _ in samples.used_groups() if group.split == TRAIN}
    empty = [name for label, name in enumerate(classes) if label not in there]
    if not empty:
        return
    folder = folders.get((TRAIN, empty[0]))
    below = (each for each in failures if folder and f"{each.source}/".startswith(f"{folder}/"))
    known = next((f" (e.g. {each.source!r}: {each.reason})" for each in below), "")
    others = f" (nor have {len(empty) - 1} others)" if len(empty) > 1 else ""
    raise InputError(
        f"class {empty[0]!r} in {root!r} has no images to train on{known}{others};"
        " add some, remove the folder, or leave it out with classes"
    )
