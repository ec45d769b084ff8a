"""Readers of data sets; a new one is a file and a line in the registry below."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augtool.core.image_spec import MAX_PIXELS
from augtool.errors import ConfigError, InputError
from augtool.images.codec import format_of_name
from augtool.sources.cifar import CifarSource
from augtool.sources.csv_table import TABLES, CsvSource
from augtool.sources.fetched import FetchedSource
from augtool.sources.files_below import FilesBelow
from augtool.sources.flat import FlatSource
from augtool.sources.idx import IdxSource
from augtool.sources.mds import MdsSource
from augtool.sources.npz import NpySource, NpzSource
from augtool.sources.packed import PackedSource
from augtool.sources.parquet import ParquetSource
from augtool.sources.sharded import ShardedSource
from augtool.sources.source import Source, SourceKind, SourceOptions
from augtool.sources.tfrecord import TFRecordSource
from augtool.sources.tree import TreeSource
from augtool.sources.webdataset import WebDatasetSource
from augtool.storage.data_folder import Located, locate
from augtool.storage.remote.url import is_remote

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SOURCES", "Source", "SourceOptions", "open_source"]

#: In the order in which they try to detect a path; the tree accepts any folder, and what comes
#: after it gets those only if it is named.
SOURCES: dict[str, type[SourceKind]] = {
    kind.name: kind
    for kind in (
        *(CifarSource, IdxSource, NpzSource, NpySource, CsvSource),
        *(WebDatasetSource, ParquetSource, TFRecordSource, MdsSource, TreeSource, FlatSource),
    )
}

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
    kinds = [SOURCES[name]] if name is not None else list(SOURCES.values())
    return _open(path, kinds, max_pixels, options)


def _open(
    path: str, kinds: Sequence[type[SourceKind]], max_pixels: int, options: SourceOptions
) -> Source:
    """Return the first of some kinds of sources that detects a path on disk."""
    for kind in kinds:
        if kind.detects(path):
            _check_options(kind, options)
            has_limit = issubclass(kind, (PackedSource, ShardedSource))
            limit = {"max_pixels": max_pixels} if has_limit else {}
            return kind(path, **limit, **options)
    raise _unknown(path, kinds)


def _open_remote(url: str, name: str | None, max_pixels: int, options: SourceOptions) -> Source:
    """Return the source for a URL: image files are read where they are, packed ones are copied."""
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
    if located.name is not None:
        if located.name.lower().endswith(TABLES):
            return CsvSource
        return FlatSource if format_of_name(located.name) else None
    is_tree = any(format_of_name(path) for path in located.names())
    return TreeSource if is_tree else None


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
