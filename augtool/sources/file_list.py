"""A list of images to use, such as `find` and `grep` write."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from augtool.core.records import Failure
from augtool.errors import InputError
from augtool.storage.data_folder import DataFolder

__all__ = ["Selection", "read_list"]


def read_list(path: str, *, nul: bool = False) -> tuple[str, ...]:
    """Return the paths listed in a file.

    Parameters
    ----------
    path
        The file; ``-`` for standard input.
    nul
        Paths end in NUL, as `find -print0` writes them, instead of a newline.

    Raises
    ------
    InputError
        When it can't be read or lists nothing.
    """
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"--files-from {path}: can't be read: {error.strerror}") from error
    if not nul and b"\0" in data:
        raise InputError(f"--files-from {path}: contains NUL bytes; pass -0 if they end the paths")
    parts = data.split(b"\0") if nul else [line.removesuffix(b"\r") for line in data.split(b"\n")]
    listed = tuple(part.decode("utf-8", "surrogateescape") for part in parts if part)
    if not listed:
        raise InputError(f"--files-from {path}: lists nothing; list paths below the data folder")
    return listed


class Selection:
    """The ids that a list selects.

    Parameters
    ----------
    folder
        The data root, which the paths are relative to.
    paths
        The paths as listed.
    """

    def __init__(self, folder: DataFolder, paths: Sequence[str]) -> None:
        self._folder = folder
        self._listed = {folder.below(path): path for path in paths}

    def digest(self) -> str:
        """Return the SHA-256 of the selection, whatever its order, in hexadecimal."""
        text = "\0".join(sorted(self._listed))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def __contains__(self, sample_id: str) -> bool:
        return sample_id in self._listed

    def folders(self) -> set[str]:
        """Return every folder that a listed path goes through, with a slash at the end."""
        folders: set[str] = set()
        for each in self._listed:
            folder = each.rpartition("/")[0]
            while folder and f"{folder}/" not in folders:
                folders.add(f"{folder}/")
                folder = folder.rpartition("/")[0]
        return folders

    def failures(self, taken: Iterable[str], known: Iterable[Failure]) -> list[Failure]:
        """Return why listed paths could not be used, sorted.

        Parameters
        ----------
        taken
            Ids of the images that are used.
        known
            What could not be used of all the data; of a folder, it holds for the paths below it.
        """
        of_all = {failure.source: failure for failure in known}
        reasons = {each: of_all[each] for each in of_all.keys() & self._listed.keys()}
        missed = self._listed.keys() - set(taken) - reasons.keys()
        own = [Failure(self._listed[each], "list", self._reason(each, of_all)) for each in missed]
        return sorted([*reasons.values(), *own])

    def _reason(self, sample_id: str, known: Mapping[str, Failure]) -> str:
        folder = sample_id.rpartition("/")[0]
        while folder:
            if folder in known:
                return f"its folder {folder!r} {known[folder].reason}"
            folder = folder.rpartition("/")[0]
        if sample_id == ".." or sample_id.startswith("../"):
            return "leads out of the data; list paths relative to the data folder"
        if not self._folder.exists(sample_id):
            return "does not exist; list paths relative to the data folder"
        if self._folder.is_folder(sample_id):
            return "is a folder; list the images in it"
        return "is not an image in a class folder; remove it from the list"
