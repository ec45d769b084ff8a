"""Data that an earlier run made: which of its images are copies, and of what.

A copy that ends up in another split than its original is a leak that no loader can see. So such
data are refused, unless it is said what to do with the copies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from augtool.core.records import AUGMENTED, Listing, Sample
from augtool.errors import InputError
from augtool.output import manifest
from augtool.sources import Source
from augtool.storage.which_manifest import MANIFESTS

__all__ = ["Lineage", "LineageMode", "copy_names_warning", "trace"]

LineageMode = Literal["refuse", "originals", "grouped"]
#: How far above the data its manifest may lie: data may be one shard in the folder of a split.
_MOST_ABOVE = 2
_COPY_MARK = "__aug"
_COPY_NAME = re.compile(_COPY_MARK + r"\d+(\.\w+)?$")


class Lineage(NamedTuple):
    """A listing without what is not wanted of it, and what must stay together in every split."""

    listing: Listing
    families: Sequence[Sequence[int]]


def trace(data: str | Path, source: Source, listing: Listing, mode: LineageMode) -> Lineage:
    """Return the listing as `mode` wants it, where it holds copies that an earlier run made.

    Parameters
    ----------
    data
        The data set, as it was passed.
    source, listing
        Its source and listing.
    mode
        ``refuse`` copies, read only the ``originals``, or take all, ``grouped`` by original.

    Raises
    ------
    InputError
        When there are copies and they are refused, or nothing but copies.
    """
    copies, parents = _family_ties(source, listing)
    if not copies:
        return Lineage(listing, ())
    if mode == "refuse":
        raise InputError(
            f"{data}: is an output of augtool: {len(copies):,} of its {len(listing.samples):,}"
            f" images are copies of others, such as {min(copies)!r}, and a copy may end up in"
            " another split than its original; pass --lineage originals to read only the"
            " originals, or --lineage grouped to keep copies with their originals in every split"
        )
    if mode == "originals":
        kept = np.array([sample.id not in copies for sample in listing.samples], bool)
        if not kept.any():
            raise InputError(
                f"{data}: is an output of augtool without its originals (--originals omit), so that"
                " --lineage originals leaves nothing; pass --lineage grouped, or the data it was"
                " made from"
            )
        return Lineage(replace(listing, samples=listing.samples.take(kept)), ())
    families: dict[str, list[int]] = {}
    for index, sample in enumerate(listing.samples):
        families.setdefault(parents.get(sample.id, sample.id), []).append(index)
    return Lineage(listing, [each for each in families.values() if len(each) > 1])


def copy_names_warning(listing: Listing) -> str | None:
    """Return the warning about images that only their names say are copies; None without any."""
    if not listing.samples.names.may_contain(_COPY_MARK):
        return None
    named = [each.id for each in listing.samples if _COPY_NAME.search(each.id)]
    if not named:
        return None
    return (
        f"{len(named):,} images are named like copies that augtool made, such as {named[0]}, but"
        " there is no manifest that says of what: a split may part them from their originals;"
        " use the original data, or the output with its manifest"
    )


def _family_ties(source: Source, listing: Listing) -> tuple[set[str], dict[str, str]]:
    """Return the ids of the copies, and by id the original of all whose original is known."""
    copies, parents = set(listing.copies), dict(listing.copies)
    root = Path(os.path.realpath(source.files_root))
    folder = root if root.is_dir() else root.parent
    table = _manifest_above(folder)
    if table is None:
        return copies, parents
    rows = {
        path: (kind, original)
        for path, kind, original in manifest.read_columns(table, ("path", "kind", "source"))
    }
    prefix = folder.relative_to(table.parent).as_posix()
    for sample in listing.samples:
        row = rows.get(_path_in(source, sample, "" if prefix == "." else f"{prefix}/"))
        if row is not None and sample.id not in copies:
            parents[sample.id] = row[1]
            if row[0] == AUGMENTED:
                copies.add(sample.id)
    return copies, parents


def _path_in(source: Source, sample: Sample, prefix: str) -> str:
    """Return what a manifest calls a sample, if it lists it."""
    return prefix + (source.place_of(sample) or sample.id)


def _manifest_above(folder: Path) -> Path | None:
    """Return the manifest of the output that a folder is, or lies in; None where there is none."""
    places = (folder, *folder.parents[:_MOST_ABOVE])
    tables = (place / name for place in places for name in MANIFESTS)
    return next(filter(manifest.is_manifest, tables), None)
