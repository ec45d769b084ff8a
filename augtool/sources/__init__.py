"""Readers of data sets; a new one is a file and a line in the registry below."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING

from augtool.core.image_spec import MAX_PIXELS
from augtool.errors import ConfigError, InputError
from augtool.sources.cifar import CifarSource
from augtool.sources.csv_table import CsvSource
from augtool.sources.flat import FlatSource
from augtool.sources.idx import IdxSource
from augtool.sources.npz import NpySource, NpzSource
from augtool.sources.packed import PackedSource
from augtool.sources.parquet import ParquetSource
from augtool.sources.sharded import ShardedSource
from augtool.sources.source import Source, SourceOptions
from augtool.sources.tfrecord import TFRecordSource
from augtool.sources.tree import TreeSource
from augtool.sources.webdataset import WebDatasetSource

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SOURCES", "Source", "SourceOptions", "open_source"]

#: In the order in which they try to detect a path; the tree accepts any folder, and what comes
#: after it gets those only if it is named.
SOURCES: dict[str, type[Source]] = {
    kind.name: kind
    for kind in (
        *(CifarSource, IdxSource, NpzSource, NpySource, CsvSource),
        *(WebDatasetSource, ParquetSource, TFRecordSource, TreeSource, FlatSource),
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
    if not os.path.lexists(path):
        raise InputError(f"no such file or folder: {path!r}; check the path")
    if name is not None and name not in SOURCES:
        raise InputError(f"unknown source {name!r}; choose one of {', '.join(SOURCES)}")
    kinds = [SOURCES[name]] if name is not None else list(SOURCES.values())
    for kind in kinds:
        if kind.detects(path):
            _check_options(kind, options)
            if issubclass(kind, (PackedSource, ShardedSource)):
                return kind(path, max_pixels=max_pixels, **options)
            return kind(path, **options)
    expected = (
        f"{_called(name)} data set" if name else "a folder of class folders, or a packed data set"
    )
    raise InputError(
        f"{path!r} does not look like {expected}; pass one, or set its kind with --from"
    )


def _called(name: str) -> str:
    """Return the name of a source with its article: an idx, an npz."""
    return f"{'an' if name[:1] in 'aeio' or name.startswith('np') else 'a'} {name}"


def _check_options(kind: type[Source], options: SourceOptions) -> None:
    known = inspect.signature(kind).parameters
    for option in options:
        if option not in known:
            flag = _FLAGS.get(option, f"--{option.replace('_', '-')}")
            raise ConfigError(
                f"{flag}: not supported for {_called(kind.name)} data set; leave it out"
            )
