"""What lies in the folders of a tree, told apart by name: images, litter, and everything else.

It must not know what the folders mean, nor follow links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from augtool.core.records import HIDDEN, Failure
from augtool.errors import InputError
from augtool.images.codec import EXTENSIONS
from augtool.storage.data_folder import DataFolder, Entry
from augtool.storage.which_manifest import PARTS, are_parts

__all__ = ["Entries", "is_passed_over"]

#: Extensions of images that can't be read: reported as failures, not silently skipped.
_UNREAD = frozenset(
    {".avif", ".heic", ".heif", ".jp2", ".j2k", ".jxl", ".ico", ".tga", ".psd", ".raw", ".dng"}
    | {".cr2", ".nef", ".exr", ".hdr", ".svg"}
)
#: What operating systems leave behind: passed over and not counted, like names in "._".
_LITTER = frozenset(
    {"__MACOSX", "lost+found", "$RECYCLE.BIN", "System Volume Information", ".DS_Store"}
    | {".directory", ".fseventsd", ".localized", ".Spotlight-V100", ".TemporaryItems", ".Trashes"}
)


class Entries:
    """Lists the folders of a tree, and records what in them is not an image.

    Parameters
    ----------
    folder
        The root of the tree.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        unusable = folder.unusable.items()
        self.failures = [Failure(path, "list", reason) for path, reason in unusable]
        self.ignored: Counter[str] = Counter()

    def below(self, prefix: str) -> list[Entry]:
        """Return the entries of a folder, except hidden ones and litter, sorted by name.

        Parameters
        ----------
        prefix
            The folder, with a slash at the end; "" for the root.
        """
        return sorted(self._shown(prefix), key=attrgetter("name"))

    def walk(self, top: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Yield a folder and all below it that are no links, in any order.

        Each comes as the prefix of what is in it, with the names of its images and of its links.
        """
        folders = [top]
        while folders:
            prefix = folders.pop()
            names, links = list[str](), list[str]()
            for entry in self._shown(prefix):
                if entry.is_symlink():
                    links.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{prefix}{entry.name}/")
                else:
                    names.append(entry.name)
            yield prefix, self._pictures(prefix, names), links

    def _shown(self, prefix: str) -> list[Entry]:
        try:
            found = list(self._folder.scan(prefix))
        except OSError as error:
            if not prefix:
                where = self._folder.root
                raise InputError(f"can't list {where!r}: {error.strerror}") from error
            self.fail(prefix[:-1], f"can't be listed: {error.strerror}; fix its permissions")
            return []
        shown = [
            entry for entry in found if not entry.name.startswith(".") and entry.name not in _LITTER
        ]
        if len(shown) < len(found):
            self._count_hidden(entry.name for entry in found)
        if not prefix:  # the rows of an earlier run's manifest are no class
            shown = [entry for entry in shown if not self._has_parts(entry)]
        return shown

    def _has_parts(self, entry: Entry) -> bool:
        if entry.name != PARTS or not entry.is_dir(follow_symlinks=False):
            return False
        try:
            names = [each.name for each in self._folder.scan(f"{PARTS}/")]
        except OSError:
            return False
        return are_parts(entry.name, names)

    def is_picture(self, entry_id: str) -> bool:
        """Return whether a file is to be read, by its name; record it if not."""
        folder, slash, name = entry_id.rpartition("/")
        return bool(self._pictures(folder + slash, [name]))

    def _pictures(self, prefix: str, names: Sequence[str]) -> list[str]:
        found = [name for name in names if name[name.rfind(".") :].lower() in EXTENSIONS]
        if len(found) < len(names):
            for name in set(names).difference(found):
                self._note(prefix + name, name[name.rfind(".") :].lower() if "." in name else "")
        return found

    def _note(self, entry_id: str, extension: str) -> None:
        """Record a file that is not to be read."""
        if extension in _UNREAD:
            reason = f"{extension} is a format that augtool does not read; convert it to PNG"
            self.fail(entry_id, reason)
        else:
            self.ignored[extension or "(none)"] += 1

    def fail(self, source: str, reason: str) -> None:
        """Record what can't be used."""
        self.failures.append(Failure(source, "list", reason))

    def _count_hidden(self, names: Iterable[str]) -> None:
        hidden = [name for name in names if name.startswith(".") and name not in _LITTER]
        count = sum(not name.startswith("._") for name in hidden)
        if count:
            self.ignored[HIDDEN] += count


def is_passed_over(name: str) -> bool:
    """Return whether a file or folder of that name is not looked at: hidden, or litter."""
    return name.startswith(".") or name in _LITTER
