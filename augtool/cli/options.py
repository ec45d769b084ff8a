"""Flags shared by several commands, and their choices.

Commands, and what their signatures name, do without ``from __future__ import annotations``: typer
evaluates each text three times, for all commands, before one begins.
"""

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "AllowCode",
    "ClassMode",
    "ColorMode",
    "ConfigFile",
    "Data",
    "Debug",
    "Engine",
    "FollowLinks",
    "Format",
    "Json",
    "Kind",
    "Label",
    "Lineage",
    "MaxPixels",
    "Metadata",
    "OnError",
    "Originals",
    "PLAIN",
    "Quiet",
    "Sampling",
    "Seed",
    "Sets",
    "Shard",
    "Timeout",
    "To",
    "Verbose",
    "Workers",
]

#: Arguments of every Typer app.
PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class Sampling(str, Enum):
    """How copies are shared among the images of a class."""

    stratified = "stratified"
    bootstrap = "bootstrap"


class Format(str, Enum):
    """File format of what is written."""

    keep = "keep"
    png = "png"
    jpg = "jpg"
    webp = "webp"


class ColorMode(str, Enum):
    """Channels of what is written."""

    keep = "keep"
    rgb = "rgb"
    rgba = "rgba"
    grayscale = "grayscale"


class Label(str, Enum):
    """Which of CIFAR-100's two sets of classes."""

    fine = "fine"
    coarse = "coarse"


class Originals(str, Enum):
    """What to do with the originals."""

    copy = "copy"
    hardlink = "hardlink"
    symlink = "symlink"
    omit = "omit"


class ClassMode(str, Enum):
    """Labels of arrays."""

    sparse = "sparse"
    categorical = "categorical"
    binary = "binary"


class Metadata(str, Enum):
    """A table for another library's loader."""

    hf = "hf"
    hf_parquet = "hf-parquet"


class Lineage(str, Enum):
    """What to do with copies that an earlier run of augtool made."""

    refuse = "refuse"
    originals = "originals"
    grouped = "grouped"


class OnError(str, Enum):
    """What to do with an input that can't be used."""

    skip = "skip"
    fail = "fail"


def _kinds(incomplete: str) -> list[str]:
    from augtool.sources import SOURCES

    return [name for name in SOURCES if name.startswith(incomplete)]


def _sinks(incomplete: str) -> list[str]:
    from augtool.sinks import SINKS

    return [name for name in SINKS if name.startswith(incomplete)]


def _engines(incomplete: str) -> list[str]:
    from augtool.engines import ENGINES

    return [name for name in ENGINES if name.startswith(incomplete)]


Data = Annotated[
    str,
    typer.Argument(
        help="The data set: a folder of class folders, CIFAR, IDX, arrays, shards or .csv, or an"
        " s3://, gs:// or az:// URL of one."
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE|recipe:NAME",
        help="YAML file, or a recipe; see `augtool config init`.",
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key, e.g. transforms.rotation_range=30. Repeatable.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Same seed, same images. Default 0.")]
Kind = Annotated[
    str | None,
    typer.Option("--from", autocompletion=_kinds, help="Kind of data set. Default: detected."),
]
Engine = Annotated[str, typer.Option(autocompletion=_engines, help="processes, serial or ray.")]
To = Annotated[
    str | None,
    typer.Option(
        autocompletion=_sinks,
        help="tree (default), webdataset, npz, npy, tfrecord, parquet or mds.",
    ),
]
FollowLinks = Annotated[
    bool, typer.Option("--follow-links", help="Follow links that lead out of DATA.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print failures as they happen.")]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Run the Python code that transforms.own names."),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
MaxPixels = Annotated[
    int | None,
    typer.Option(min=1, help="Refuse larger images; 16-bit colour counts double."),
]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", help="Time limit for an image; 0 for none.")
]
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Make one of N shards, numbered from 0; the last to end completes OUT. See"
        " docs/shards.md.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Processes. Default: the CPUs that augtool may use."),
]
