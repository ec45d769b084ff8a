"""Writers of records; a new one is a file and a line in the registry below."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from augtool.config.schema import Config
from augtool.core.standardize import KEYS
from augtool.errors import ConfigError
from augtool.runtime.registry import Registry
from augtool.sinks.sink import (
    ChunkOutputs,
    ChunkPlaces,
    ChunkWriter,
    PathResolver,
    Payload,
    RecordReader,
    Sink,
)

__all__ = [
    "SINKS",
    "ChunkPlaces",
    "ChunkWriter",
    "PathResolver",
    "Payload",
    "RecordReader",
    "Sink",
    "ChunkOutputs",
    "open_sink",
    "sink_kind",
]

SINKS: Mapping[str, type[Sink]] = Registry(
    __name__,
    {
        "tree": "tree.TreeSink",
        "webdataset": "webdataset.WebDatasetSink",
        "npz": "arrays.NpzSink",
        "npy": "arrays.NpySink",
        "tfrecord": "tfrecord.TFRecordSink",
        "parquet": "parquet.ParquetSink",
        "mds": "mds.MdsSink",
    },
)

#: Keys of `output` that not every sink supports.
_PARTICULAR = ("shard_size", "shuffle", "class_mode", "metadata", "number_classes")


def open_sink(config: Config) -> Sink:
    """Return the sink that the config names.

    Raises
    ------
    ConfigError
        When there is no such sink, or it does not support a setting of the config.
    """
    name = config.output.to
    kind = sink_kind(name)
    given = [key for key in _PARTICULAR if getattr(config.output, key)]
    problems = [_cannot(key, name) for key in given if key not in kind.takes]
    if not kind.stores_pixels:
        problems += _numbers(config, name)
    if (
        config.output.color_mode == "rgba"
        and config.output.format == "jpg"
        and not kind.stores_pixels
    ):
        problems.append(
            "output.color_mode: rgba has an alpha channel, and JPEG can't hold one; use --format"
            " png or webp, or --color-mode rgb"
        )
    if config.output.originals in ("hardlink", "symlink") and "links" not in kind.takes:
        problems.append(
            f"output.originals: {name} can't hold links to files; use copy or omit, or --to tree"
        )
    if problems:
        raise ConfigError(problems)
    return kind(config)


def sink_kind(name: str) -> type[Sink]:
    """Return the class of the sink of a name, which tells what it can do.

    Raises
    ------
    ConfigError
        When there is no such sink.
    """
    if name not in SINKS:
        near = difflib.get_close_matches(name, SINKS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(SINKS)}"
        raise ConfigError(f"output.to: got {name!r}; {hint}")
    return SINKS[name]


def _cannot(key: str, name: str) -> str:
    able = ", ".join(each for each, kind in SINKS.items() if key in kind.takes)
    return f"output.{key}: not supported by --to {name}; leave it out, or use --to {able}"


def _numbers(config: Config, name: str) -> list[str]:
    """Return the problems with keys that make numbers of pictures, which image files can't hold."""
    settings = config.transforms.model_dump(exclude_none=True)
    on = [key for key in KEYS if settings.get(key)]
    on += ["dtype"] if settings.get("dtype", "uint8") != "uint8" else []
    if not on:
        return []
    able = " or ".join(f"--to {each}" for each, kind in SINKS.items() if kind.stores_pixels)
    return [
        f"transforms.{key}: changes numbers, not images, and {name} holds image files;"
        f" use {able}, or leave it out and do it when you load"
        for key in on
    ]
