"""What a finished run left in the output, and whether it can be believed.

A manifest is acted upon only when its SHA-256 is the one in dataset.json, which has a checksum of
its own, and when every path that the two name lies plainly below the output.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from augtool.errors import InputError, OccupiedError
from augtool.output import manifest
from augtool.output.dataset import DATASET, OWN_FILES, DatasetInfo
from augtool.output.manifest_index import read_index
from augtool.output.pending import STATE
from augtool.storage.confined import ConfinedFolder
from augtool.storage.confined_path import is_confined
from augtool.storage.json_fields import is_sealed
from augtool.storage.which_manifest import is_index, manifest_in

__all__ = ["Finished", "find_finished", "listed_paths"]


class Finished(NamedTuple):
    """A finished run, as far as it can be believed.

    `dataset` is None where there is none; `damage` says in words why what is there can't be
    believed, "" where it can. `parts` are those of its manifest, also where one of them is damaged.
    """

    dataset: DatasetInfo | None
    damage: str = ""
    parts: tuple[str, ...] = ()


def find_finished(folder: ConfinedFolder) -> Finished:
    """Return what dataset.json and the manifest of an output say together."""
    table = manifest_in(folder.stat)
    lacking = [name for name in (table, DATASET) if folder.stat(name) is None]
    if len(lacking) == 2:
        return Finished(None)
    if lacking:
        return Finished(None, f"{lacking[0]} is missing")
    try:
        data = folder.read(DATASET)
        dataset = DatasetInfo.parse(data)
    except ValueError as error:
        return Finished(None, f"{DATASET} is damaged: {error}")
    except OccupiedError:  # a link, a pipe, a folder
        return Finished(None, f"{DATASET} is not a regular file")
    if not is_sealed(data):
        return Finished(None, f"{DATASET} was changed after the run")
    try:
        with folder.open(table) as file:
            digest = manifest.digest_of(file)
    except OccupiedError:
        return Finished(None, f"{table} is not a regular file")
    if digest != dataset.digest:
        return Finished(None, f"{table} was changed after the run")
    return _with_parts(folder, table, dataset) if is_index(table) else Finished(dataset)


def _with_parts(folder: ConfinedFolder, table: str, dataset: DatasetInfo) -> Finished:
    """Return the same of a manifest in parts, whose index can be believed."""
    try:
        index = read_index(folder.path_of(table))
    except InputError:
        return Finished(None, f"{table} is damaged")
    damage = " ".join(manifest.damaged_part(index, folder.open) or ())
    return Finished(None if damage else dataset, damage, tuple(part.path for part in index.parts))


def listed_paths(folder: ConfinedFolder, dataset: DatasetInfo) -> Iterator[str]:
    """Yield the path of every file that a believed manifest and dataset.json name.

    Raises
    ------
    InputError
        When one leads out of the output, or into augtool's own files there.
    """
    table = manifest_in(folder.stat)
    rows = manifest.read_sources(folder.path_of(table)) if dataset.record_bytes else ()
    own = {STATE, *OWN_FILES}
    for path in chain(dataset.files, (path for path, _, _ in rows)):
        if not is_confined(path) or path.partition("/")[0] in own:
            raise InputError(f"{table} names {path!r}, which is no place for a record")
        yield path
