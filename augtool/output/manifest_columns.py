"""The columns of a manifest, in whatever form it is stored: their names, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Sizes
from augtool.core.pipeline import GEOMETRY_COLUMNS, Pipeline
from augtool.core.records import MATRIX_COLUMNS
from augtool.core.transforms import TRANSFORMS

__all__ = [
    "LEADING",
    "REPAIR",
    "REPEATED",
    "DamagedRow",
    "Kind",
    "column_kinds",
    "columns",
    "leading_kinds",
]

#: What a column holds, by Arrow's names.
Kind = Literal["string", "int64", "double"]

#: The columns that every manifest begins with.
LEADING = (
    *("path", "split", "class", "label", "kind", "source", "copy"),
    *("width", "height", "sha256", "source_sha256"),
)
#: What to do about a manifest that is not as it was written.
REPAIR = "run augtool expand again with --overwrite"
#: Texts that stand in many rows: files in Parquet have each of them once.
REPEATED = ["split", "class", "kind", "source", "source_sha256"]
_WHOLE = frozenset({"label", "copy", "width", "height"})
_KNOWN = {
    column: isinstance(rest, int)
    for kind in TRANSFORMS
    for column, rest in zip(kind.columns, kind.identity)
}


class DamagedRow(NamedTuple):
    """A row that can't be read: its path, or that of the manifest's file, where it stands, and why.

    `is_part` where all rows of that file are lost.
    """

    path: str
    where: str
    reason: str
    is_part: bool = False


def columns(photometric: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the manifest's columns, given those of the level changes that are on."""
    return (*LEADING, *MATRIX_COLUMNS, *GEOMETRY_COLUMNS, *photometric)


def leading_kinds() -> dict[str, Kind]:
    """Return what the columns hold that every manifest begins with, the matrix included."""
    kinds: dict[str, Kind] = {name: "int64" if name in _WHOLE else "string" for name in LEADING}
    return {**kinds, **dict.fromkeys(MATRIX_COLUMNS, "double")}


def column_kinds(config: Config) -> dict[str, Kind]:
    """Return what each column of a config's manifest holds, in their order; no row is looked at.

    A parameter is a whole number where its transform draws whole ones.
    """
    pipelines = [config.pipeline(), *(config.pipeline(name) for name in config.per_class)]
    whole = dict(_KNOWN)
    for pipeline in pipelines:
        for column, is_whole in _own_columns(pipeline):
            whole[column] = is_whole and whole.get(column, True)
    names = columns(config.photometric_columns)
    drawn = names[len(leading_kinds()) :]
    kinds: dict[str, Kind] = {name: "int64" if whole[name] else "double" for name in drawn}
    return {**leading_kinds(), **kinds}


def _own_columns(pipeline: Pipeline) -> Iterator[tuple[str, bool]]:
    """Yield the columns of the user's own transforms, and whether whole numbers are drawn."""
    for transform in (*pipeline.geometric, *pipeline.photometric):
        if not _KNOWN.keys() >= set(transform.columns):
            ends = np.array([[0.0, 1.0]] * transform.uniforms).reshape(-1, 2)
            made = transform.make_params(ends, Sizes(64, 64))
            for name, rest, drawn in zip(transform.columns, transform.identity, made):
                is_whole = np.asarray(drawn).dtype.kind in "iu"
                yield name, is_whole and isinstance(rest, int)
