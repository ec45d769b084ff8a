"""Finds the shards of a data set, and tells from their folders or names which split each is of."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from augtool.core.records import TRAIN
from augtool.errors import InputError
from augtool.images.codec import format_of_name
from augtool.sources.entries import is_passed_over
from augtool.sources.walk import SPLITS
from augtool.storage.which_manifest import PARTS, are_parts

__all__ = ["Shard", "ShardSet", "find_shards", "names_of_packed"]

#: Where shards may lie in the root, beside the folders of splits: the Hugging Face hub has `data`.
_BELOW = ("", "data")
_WORD = re.compile(rf"(?:^|[-_.])({'|'.join(SPLITS)})(?=[-_.]|$)", re.IGNORECASE)


class Shard(NamedTuple):
    """A file that holds images: its path on disk, its path below the root, and its split."""

    path: str
    name: str
    split: str


class ShardSet(NamedTuple):
    """The shards of a data set, by split and name, and whether the data came in splits.

    `split_folders` is as in :class:`augtool.core.records.Listing`.
    """

    shards: Sequence[Shard]
    has_splits: bool
    split_folders: dict[str, str]


def find_shards(root: str, endings: tuple[str, ...]) -> ShardSet | None:
    """Return the shards that `root` is or contains; None if it is another kind of data set.

    A folder counts only if it has no images and no folders but those of splits, so that a class
    tree with an archive beside its class folders stays a class tree.

    Parameters
    ----------
    root
        A file or a folder.
    endings
        Endings of names, in lower case; ``.tfrecord`` also stands for names that go on with a dash,
        as in ``train.tfrecord-00000-of-00010``.

    Raises
    ------
    InputError
        When only some of the names tell a split.
    """
    if os.path.isfile(root):  # noqa: PTH113
        name = os.path.basename(root)  # noqa: PTH119
        return ShardSet([Shard(root, name, TRAIN)], False, {}) if _is_shard(name, endings) else None
    for below in _BELOW:
        folder = f"{root}/{below}" if below else root
        found = _in_folder(folder, f"{below}/" if below else "", endings)
        if found is not None:
            return found
    return None


def names_of_packed(folder: str) -> list[str]:
    """Return the files of a folder that has neither images nor folders, else none."""
    names, folders = _content(folder)
    return [] if folders or any(map(format_of_name, names)) else names


def _in_folder(folder: str, prefix: str, endings: tuple[str, ...]) -> ShardSet | None:
    names, folders = _content(folder)
    if any(format_of_name(name) for name in names) or set(folders) - {*SPLITS, *_BELOW}:
        return None
    own = [name for name in names if _is_shard(name, endings)]
    in_splits = []
    for each in folders:
        if each in SPLITS:
            inner, deeper = _content(f"{folder}/{each}")
            if deeper or any(format_of_name(name) for name in inner):
                return None
            in_splits += [
                Shard(f"{folder}/{each}/{name}", f"{prefix}{each}/{name}", SPLITS[each])
                for name in inner
                if _is_shard(name, endings)
            ]
    if in_splits and own:
        raise InputError(
            f"{folder!r} has shards in folders of splits, and {own[0]!r} beside them; move it"
        )
    if in_splits:
        used = {each.name.split("/")[-2] for each in in_splits}
        if len({SPLITS[name] for name in used}) < len(used):
            raise InputError(
                f"{folder!r} has more than one validation folder"
                f" ({', '.join(sorted(used - {'train', 'test'}))}); keep one of them"
            )
        ordered = sorted(in_splits, key=lambda each: (each.split, each.name))
        return ShardSet(
            ordered, True, {SPLITS[name]: name for name in used if name not in SPLITS.values()}
        )
    return _by_name(folder, prefix, own) if own else None


def _by_name(folder: str, prefix: str, names: Sequence[str]) -> ShardSet:
    splits = {name: _split_of(name) for name in names}
    untold = [name for name, split in splits.items() if split is None]
    if untold and len(untold) < len(names):
        raise InputError(
            f"{folder!r} has shards whose names tell a split, and {untold[0]!r}, which does not;"
            " rename it, or move the shards into train/ and val/"
        )
    found = [Shard(f"{folder}/{name}", prefix + name, splits[name] or TRAIN) for name in names]
    has_splits = any(each.split != TRAIN for each in found)
    return ShardSet(sorted(found, key=lambda each: (each.split, each.name)), has_splits, {})


def _split_of(name: str) -> str | None:
    found = _WORD.search(name)
    return SPLITS[found[1].lower()] if found else None


def _is_shard(name: str, endings: tuple[str, ...]) -> bool:
    low = name.lower()
    return low.endswith(endings) or any(f"{ending}-" in low for ending in endings)


def _content(folder: str) -> tuple[list[str], list[str]]:
    """Return the names of the files and of the folders in a folder, sorted; hidden ones left out.

    Links are followed: caches of data sets consist of them.
    """
    names: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not is_passed_over(entry.name):
                    (folders if entry.is_dir() else names).append(entry.name)
        below = Path(f"{folder}/{PARTS}")
        if PARTS in folders and are_parts(PARTS, [each.name for each in below.iterdir()]):
            folders.remove(PARTS)  # the rows of an earlier run's manifest
    except OSError:
        return [], []
    return sorted(names), sorted(folders)
