"""One walk over a tree of class folders: which classes there are, and which images in them.

What is reached without a link comes first and costs no more than listing the folders. Links are
followed after that, and only then does anything need real paths: each folder is entered once, and
each image is taken once, under the first of its ids.
"""

from __future__ import annotations

from collections.abc import Container
from heapq import heappop, heappush
from typing import NamedTuple

from augtool.core.records import TRAIN
from augtool.core.texts import Texts
from augtool.errors import InputError
from augtool.sources.entries import Entries, is_passed_over
from augtool.sources.links import (
    FILE,
    FOLDER,
    NOTHING,
    OUTSIDE,
    Kind,
    Links,
    Target,
    already_there,
)
from augtool.storage.data_folder import DataFolder, Entry

__all__ = ["SPLITS", "Found", "Linked", "Walk"]

#: Folder name to split.
SPLITS = {"train": TRAIN, "val": "val", "valid": "val", "validation": "val", "test": "test"}
#: Split and name of a class.
_Key = tuple[str, str]
#: The folder of each class, below the root, and the sorted names of its images, below that.
Found = dict[_Key, tuple[str, Texts]]


class _Entry(NamedTuple):
    """What lies in the root or in a split's folder; what it leads to, if it is a link."""

    name: str
    target: Target
    is_linked: bool


class _Link(NamedTuple):
    """A link in a class, or a class folder that is reached through one.

    `above` is the real path of the folder it is in.
    """

    key: _Key
    id: str
    above: str


class Linked(NamedTuple):
    """An image that is reached through a link, and its real path."""

    id: str
    key: _Key
    real: str


class Walk:
    """One walk over a tree.

    Parameters
    ----------
    folder
        The data root.
    links
        Follows its links.
    wanted
        The folders to enter through links, with a slash at the end: as many times as they are
        named; None for all of them, each of them once.
    """

    def __init__(self, folder: DataFolder, links: Links, wanted: Container[str] | None) -> None:
        self.entries = Entries(folder)
        self.linked: list[Linked] = []
        #: Folders that links lead to, by real path, and their ids; those of broken links, too.
        self.linked_folders: dict[str, str] = {}
        #: Classes whose folder is a link to what another class has.
        self.repeated: set[_Key] = set()
        self._root = folder.root
        self._links = links
        self._wanted = wanted
        self._met: list[_Link] = []
        self._tops: dict[str, list[_Entry]] = {}
        self.splits = self._splits()

    def classes(self) -> Found:
        """Return every class, with the images that are reached without a link."""
        found: Found = {}
        for folder, split in self.splits.items() if self.splits else [("", TRAIN)]:
            self._report_strays(folder)
            above = self._links.real(f"{self._root}/{folder}")
            for entry in self._top(folder):
                class_id = f"{folder}/{entry.name}" if folder else entry.name
                key = split, entry.name
                if entry.target.kind is not FOLDER:
                    continue
                if entry.target.reason:
                    self.entries.fail(class_id, entry.target.reason)
                elif entry.is_linked:
                    found[key] = class_id, Texts.of(())
                    self._met.append(_Link(key, class_id, above))
                else:
                    found[key] = class_id, self._unlinked(key, f"{class_id}/")
        return found

    def follow(self, found: Found) -> None:
        """Follow the links met in these classes, and those met there; fills `linked`."""
        ways: list[tuple[str, str, _Key]] = []
        entered = self.linked_folders
        for link in sorted(self._met):
            if link.key in found:
                self._enter(link, ways)
        while ways:  # in the order of ids: the first way to a folder is the one it keeps
            prefix, real, key = heappop(ways)
            first = self._earlier(real, found, entered)
            if first is not None:
                self.entries.fail(prefix[:-1], already_there(f"{self._root}/{prefix[:-1]}", first))
                if prefix[:-1] == found[key][0]:
                    self.repeated.add(key)
                continue
            entered[real] = prefix[:-1]
            for entry in self.entries.below(prefix):
                entry_id = prefix + entry.name
                if entry.is_symlink():
                    self._enter(_Link(key, entry_id, real), ways)
                elif entry.is_dir(follow_symlinks=False):
                    if self._is_wanted(f"{entry_id}/"):
                        heappush(ways, (f"{entry_id}/", f"{real}/{entry.name}", key))
                elif self.entries.is_picture(entry_id):
                    self.linked.append(Linked(entry_id, key, f"{real}/{entry.name}"))

    def add_linked(self, found: Found) -> None:
        """Add to the classes each linked image that is not there yet, under its first id."""
        if not self.linked:
            return
        targets = {self._links.id_of(each.real) for each in self.linked}
        unlinked = {
            sample_id
            for folder, names in found.values()
            for name in names
            if (sample_id := f"{folder}/{name}") in targets
        }
        taken: dict[str, str] = {}
        added: dict[_Key, list[str]] = {}
        for sample_id, key, real in sorted(self.linked):
            if key not in found:
                continue
            inside = self._links.id_of(real)
            first = inside if inside in unlinked else taken.setdefault(real, sample_id)
            if first == sample_id:
                added.setdefault(key, []).append(sample_id[len(found[key][0]) + 1 :])
            else:
                self.entries.fail(sample_id, already_there(f"{self._root}/{sample_id}", str(first)))
        for key, more in added.items():
            folder, names = found[key]
            found[key] = folder, Texts.of(sorted([*names, *more]))

    def _splits(self) -> dict[str, str]:
        """Return split folders by name; empty if the folders in the root are classes.

        Folders are splits if all of them are named like splits, and one of them is train and
        contains folders (a class may also be called "train").
        """
        folders = {each.name: each for each in self._top("") if _leads_to_folder(each)}
        if "train" not in folders or any(name not in SPLITS for name in folders):
            return {}
        if not any(_leads_to_folder(each) for each in self._top("train")):
            return {}
        if len({SPLITS[name] for name in folders}) < len(folders):
            raise InputError(
                f"{self._root!r} has more than one validation folder"
                f" ({', '.join(name for name in folders if SPLITS[name] == 'val')});"
                " keep one of them"
            )
        if folders["train"].target.reason:
            raise InputError(f"{self._root}/train {folders['train'].target.reason}")
        for each in self._top(""):
            if each.target.kind is FOLDER and each.target.reason:
                self.entries.fail(each.name, each.target.reason)
        self._report_strays("")
        usable = {name: each for name, each in folders.items() if not each.target.reason}
        linked = {each.target.real: name for name, each in usable.items() if each.is_linked}
        self.linked_folders.update(linked)
        return {name: SPLITS[name] for name in usable}

    def _top(self, folder: str) -> list[_Entry]:
        """Return what lies in the root ("") or in a split's folder, by name."""
        if folder not in self._tops:
            path = f"{self._root}/{folder}"
            above = self._links.real(path)
            is_linked = bool(folder) and self._links.is_link(path)
            self._tops[folder] = [
                _Entry(entry.name, self._links.target(entry.path, above), True)
                if is_linked or entry.is_symlink()
                else _Entry(entry.name, Target(_kind(entry)), False)
                for entry in self.entries.below(f"{folder}/" if folder else "")
            ]
        return self._tops[folder]

    def _report_strays(self, folder: str) -> None:
        """Record the images that are next to class folders instead of in one, and dead links."""
        for entry in self._top(folder):
            entry_id = f"{folder}/{entry.name}" if folder else entry.name
            if entry.target.kind is NOTHING:
                self._fail(entry_id, entry.target)
            elif entry.target.kind is FILE and self.entries.is_picture(entry_id):
                self.entries.fail(entry_id, "is not in a class folder; move it into one")

    def _unlinked(self, key: _Key, top: str) -> Texts:
        """Return the sorted names of all images below a class folder; put off the links."""
        found: list[str] = []
        for prefix, names, links in self.entries.walk(top):
            below = prefix[len(top) :]
            found += [below + name for name in names] if below else names
            above = f"{self._links.root}/{prefix[:-1]}"
            self._met += [_Link(key, prefix + name, above) for name in links]
        return Texts.of(sorted(found))

    def _enter(self, link: _Link, ways: list[tuple[str, str, _Key]]) -> None:
        """Record what a link leads to: an image, a way to a folder, or a failure."""
        target = self._links.target(f"{self._root}/{link.id}", link.above)
        kind, real, reason = target
        if kind is FILE and not self.entries.is_picture(link.id):
            return
        if reason:
            self._fail(link.id, target)
        elif kind is FILE:
            self.linked.append(Linked(link.id, link.key, real))
        elif self._is_wanted(f"{link.id}/"):
            heappush(ways, (f"{link.id}/", real, link.key))

    def _fail(self, link_id: str, target: Target) -> None:
        self.entries.fail(link_id, target.reason)
        if target.kind is NOTHING and target.real:
            self.linked_folders[target.real] = link_id

    def _earlier(self, real: str, found: Found, entered: dict[str, str]) -> str | None:
        """Return the id under which a folder has been walked over already, None where it wasn't."""
        if self._wanted is not None:
            return None
        if real in entered:
            return entered[real]
        inside = self._links.id_of(real)
        names = inside.split("/") if inside else []
        if inside is None or any(is_passed_over(name) for name in names):
            return None
        if not self.splits:
            return inside if (TRAIN, names[0]) in found else None
        is_known = len(names) < 2 or (self.splits.get(names[0], ""), names[1]) in found
        return inside if is_known else None

    def _is_wanted(self, prefix: str) -> bool:
        return self._wanted is None or prefix in self._wanted


def _kind(entry: Entry) -> Kind:
    return FOLDER if entry.is_dir(follow_symlinks=False) else FILE


def _leads_to_folder(entry: _Entry) -> bool:
    """Return whether this is a folder to go into, now or with --follow-links."""
    return entry.target.kind is FOLDER and entry.target.reason in ("", OUTSIDE)
