"""Which file is an output's manifest: whoever reads, puts or looks for it asks here.

It is ``manifest.csv``, or ``manifest.json`` where the rows lie in Parquet files in the folder
``manifest`` beside it (:mod:`augtool.output.manifest_parts`).  An output has one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path, PurePath

__all__ = [
    "CSV",
    "INDEX",
    "MANIFESTS",
    "PARTS",
    "are_parts",
    "is_index",
    "is_part",
    "lies_among_parts",
    "manifest_in",
]

CSV, INDEX = "manifest.csv", "manifest.json"
MANIFESTS = (CSV, INDEX)
#: The folder of the parts; nothing else may lie there, because it is read as one table.
PARTS = "manifest"
#: A part has its number and the first digits of its SHA-256 in its name, so that one that comes
#: never replaces one that goes.
_PART = re.compile(r"part-\d{5,9}-[0-9a-f]{16}\.parquet")


def manifest_in(exists: Callable[[str], object]) -> str:
    """Return the name of the manifest of an output, or the one that it lacks.

    `exists` tells whether something lies there under a name.
    """
    return INDEX if (exists(INDEX) or exists(PARTS)) and not exists(CSV) else CSV


def is_index(path: str | PurePath) -> bool:
    """Tell whether a manifest, wherever it lies meanwhile, is an index of parts."""
    return Path(path).suffix == Path(INDEX).suffix


def is_part(name: str) -> bool:
    """Tell whether a file is a part of a manifest, by its name in the folder."""
    return bool(_PART.fullmatch(name))


def lies_among_parts(path: str) -> bool:
    """Tell whether a path below the output is one in the folder of the parts."""
    return path.startswith(f"{PARTS}/")


def are_parts(folder: str, names: Collection[str]) -> bool:
    """Tell whether a folder, by its name and those of its files, is that of the parts."""
    return folder == PARTS and bool(names) and all(map(is_part, names))
