"""Readers of data sets; a new one is a file and a line in the registry below."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augtool.core.image_spec import MAX_PIXELS
from augtool.errors import ConfigError, InputError
from augtool.images.codec import format_of_name
from augtool.runtime.registry import Registry
from augtool.sources.files_below import FilesBelow
from augtool.sources.source import Source, SourceKind, SourceOptions
from augtool.sources.walk import SPLITS
from augtool.storage.data_folder import Located, locate
from augtool.storage.remote.url import is_remote

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SOURCES", "Source", "SourceOptions", "open_source"]

#: In the order in which they try to detect a path; the tree accepts any folder, and what comes
#: after it gets those only if it is named.
SOURCES: Mapping[str, type[SourceKind]] = Registry(
    __name__,
    {
        "cifar": "cifar.CifarSource",
        "idx": "idx.IdxSource",
        "npz": "npz.NpzSource",
        "npy": "npz.NpySource",
        "csv": "csv_table.CsvSource",
        "webdataset": "webdataset.WebDatasetSource",
        "parquet": "parquet.ParquetSource",
        "tfrecord": "tfrecord.TFRecordSource",
        "mds": "mds.MdsSource",
        "tree": "tree.TreeSource",
        "flat": "flat.FlatSource",
    },
)

#: Flags whose name differs from the setting.
_FLAGS = {"files_root": "--root", "only": "--files-from"}


def open_source(
    path: str | Path,
    name: str | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
    **options: Unpack[SourceOptions],
) -> Source:
    """Return the source for a path: the named one, else the first that detects it.

    Packed data sets of images larger than `max_pixels` are refused before an image is read; those
    of other sources are files, whose headers are read first anyway.

    Raises
    ------
    InputError
        When the path does not exist, or no source recognises it.
    ConfigError
        When that source does not have an option.
    """
    path = os.fspath(path)
    if name is not None and name not in SOURCES:
        raise InputError(f"unknown source {name!r}; choose one of {', '.join(SOURCES)}")
    if is_remote(path):
        return _open_remote(path, name, max_pixels, options)
    if not os.path.lexists(path):
        raise InputError(f"no such file or folder: {path!r}; check the path")
    if name is None and _has_only_classes(path):
        name = "tree"
    kinds = [SOURCES[name]] if name is not None else list(SOURCES.values())
    return _open(path, kinds, max_pixels, options)


def _has_only_classes(root: str) -> bool:
    """Return whether a folder can only be a tree, so that no other kind need be imported to ask.

    Packed data are files: in the folder itself, or in one that is named data, raw, cifar... or like
    a split, or in the raw of any folder.
    """
    names = _only_folders(root)
    return names is not None and not any(
        name in ("data", "raw")
        or name.lower().startswith("cifar")
        or (name in SPLITS and _only_folders(f"{root}/{name}") is None)
        or os.path.lexists(f"{root}/{name}/raw")
        for name in names
    )


def _only_folders(folder: str) -> list[str] | None:
    """Return what is in a folder that has nothing but folders; None for any other."""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
            return [each.name for each in found] if all(map(os.DirEntry.is_dir, found)) else None
    except OSError:
        return None


def _open(
    path: str, kinds: Sequence[type[SourceKind]], max_pixels: int, options: SourceOptions
) -> Source:
    """Return the first of some kinds of sources that detects a path on disk."""
    for kind in kinds:
        if kind.detects(path):
            _check_options(kind, options)
            has_limit = "max_pixels" in inspect.signature(kind).parameters
            limit = {"max_pixels": max_pixels} if has_limit else {}
            return kind(path, **limit, **options)
    raise _unknown(path, kinds)


def _open_remote(url: str, name: str | None, max_pixels: int, options: SourceOptions) -> Source:
    """Return the source for a URL: image files are read where they are, packed ones are copied."""
    from augtool.sources.fetched import FetchedSource  # noqa: PLC0415 - few data sets are remote

    located = locate(url)
    kind = SOURCES[name] if name is not None else _kind_of_files(located)
    if kind is not None and issubclass(kind, FilesBelow):
        _check_options(kind, options)
        return kind(url, located=located, **options)
    kinds = [kind] if kind is not None else list(SOURCES.values())
    packed = [each for each in kinds if not issubclass(each, FilesBelow)]
    return FetchedSource(url, located, lambda path: _open(path, packed, max_pixels, options))


def _kind_of_files(located: Located) -> type[SourceKind] | None:
    """Return the kind of a remote data set whose images are objects; None where they are packed."""
    from augtool.sources.csv_table import TABLES  # noqa: PLC0415 - few data sets are remote

    if located.name is not None:
        if located.name.lower().endswith(TABLES):
            return SOURCES["csv"]
        return SOURCES["flat"] if format_of_name(located.name) else None
    is_tree = any(format_of_name(path) for path in located.names())
    return SOURCES["tree"] if is_tree else None


def _unknown(path: str, kinds: Sequence[type[SourceKind]]) -> InputError:
    expected = (
        f"{_called(kinds[0].name)} data set"
        if len(kinds) == 1
        else "a folder of class folders, or a packed data set"
    )
    return InputError(
        f"{path!r} does not look like {expected}; pass one, or set its kind with --from"
    )


def _called(name: str) -> str:
    """Return the name of a source with its article: an idx, an npz."""
    return f"{'an' if name[:1] in 'aeio' or name.startswith('np') else 'a'} {name}"


def _check_options(kind: type[SourceKind], options: SourceOptions) -> None:
    known = inspect.signature(kind).parameters
    for option in options:
        if option not in known:
            flag = _FLAGS.get(option, f"--{option.replace('_', '-')}")
            raise ConfigError(
                f"{flag}: not supported for {_called(kind.name)} data set; leave it out"
            )
