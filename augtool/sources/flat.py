"""Images without classes: those of a folder and the folders in it, or one alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from augtool.core.records import TRAIN, Listing, Samples
from augtool.core.samples import Group
from augtool.core.texts import Texts
from augtool.errors import ConfigError, InputError
from augtool.images.codec import EXTENSIONS, format_of_name
from augtool.sources.entries import Entries
from augtool.sources.file_list import Selection
from augtool.sources.files_below import FilesBelow
from augtool.sources.links import FILE, FOLDER, Links, already_there
from augtool.storage.data_folder import Located, locate

__all__ = ["NO_CLASS", "FlatSource"]

#: What the class of images without classes is called.
NO_CLASS = ""


class FlatSource(FilesBelow):
    """A folder of images, or one image; folders in it are no classes.

    Parameters
    ----------
    root
        The folder, or the image.
    follow_links
        Also read symbolic links that lead out of the folder. Links to folders are never entered.
    only
        Paths below the folder: only these images are used; None for all.
    located
        What is at the root, where it is known.
    """

    name: ClassVar[str] = "flat"
    has_files: ClassVar[bool] = True
    extension: ClassVar[str] = ""

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        follow_links: bool = False,
        only: Sequence[str] | None = None,
        located: Located | None = None,
    ) -> None:
        self.root = os.fspath(root)
        self.folder, self._alone = located or locate(self.root)
        self.follow_links = follow_links
        self._selection = None if only is None else Selection(self.folder, only)
        self._linked_files: dict[str, str] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_selection": None}  # reading needs no list

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is an image, or a folder: one of classes is a tree before that."""
        return os.path.isdir(path) or (os.path.isfile(path) and bool(format_of_name(path)))  # noqa: PTH112, PTH113

    def describe(self) -> dict[str, object]:
        """Return what changes the listing."""
        settings = {"from": self.name, "follow_links": self.follow_links}
        return settings | ({"only": self._selection.digest()} if self._selection else {})

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all images, sorted by id.

        Raises
        ------
        ConfigError
            When classes are given.
        InputError
            When there is no image.
        """
        if classes not in (None, [NO_CLASS]):
            raise ConfigError("classes: images of --flat have no classes; leave it out")
        entries = Entries(self.folder)
        self._linked_files = {}
        ids = [self._alone] if self._alone is not None else sorted(self._walk(entries))
        if self._selection is not None:
            ids = [each for each in ids if each in self._selection]
            entries.failures = self._selection.failures(ids, entries.failures)
        if not ids:
            first = min(entries.failures, default=None)
            why = f" (e.g. {first.source!r}: {first.reason})" if first else ""
            raise InputError(
                f"no images in {self.root!r}{why} (looked for {' '.join(sorted(EXTENSIONS))})"
            )
        samples = Samples.joined([(Group(TRAIN, 0, ""), Texts.of(ids))])
        ignored = dict(sorted(entries.ignored.items()))
        return Listing(
            samples,
            (NO_CLASS,),
            False,
            sorted(entries.failures),
            ignored,
            linked_files=self._linked_files,
        )

    def _walk(self, entries: Entries) -> list[str]:
        """Return the ids of all images: each once, without a link where it can be."""
        links = Links(self.folder, follow=self.follow_links)
        ids: list[str] = []
        linked: list[tuple[str, str]] = []
        for prefix, names, own_links in entries.walk(""):
            ids += [prefix + name for name in names]
            for entry_id in [prefix + name for name in own_links]:
                real = self._target(entries, links, entry_id)
                linked += [(entry_id, real)] if real else []
        plain = set(ids)
        taken: dict[str, str] = {}
        for entry_id, real in sorted(linked):
            inside = links.id_of(real)
            first = inside if inside in plain else taken.setdefault(real, entry_id)
            if first == entry_id:
                ids.append(entry_id)
                self._linked_files[os.path.dirname(real)] = entry_id  # noqa: PTH120
            else:
                entries.fail(entry_id, already_there(f"{self.root}/{entry_id}", str(first)))
        return ids

    def _target(self, entries: Entries, links: Links, entry_id: str) -> str | None:
        """Return the real path of an image that a link leads to; None for what is not read."""
        kind, real, reason = links.target(f"{self.root}/{entry_id}", "")
        if kind is FOLDER:
            entries.fail(entry_id, "is a link to a folder, which --flat does not enter; remove it")
        elif kind is FILE and not entries.is_picture(entry_id):
            return None
        elif reason:
            entries.fail(entry_id, reason)
        else:
            return real
        return None
