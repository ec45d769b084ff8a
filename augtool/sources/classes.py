"""Assigns labels to class names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from augtool.core.texts import is_storable
from augtool.errors import InputError
from augtool.storage.files import open_regular
from augtool.storage.json_fields import JsonFields

__all__ = ["choose_classes", "names_beside"]

#: What augtool writes about a data set, class names included, and the most that is read of it.
_DESCRIPTION = "dataset.json"
_MOST_BYTES = 2**26


def names_beside(path: str) -> dict[int, str] | None:
    """Return the class names by label that augtool noted beside packed data; None where it didn't.

    `path` is the folder, or a file in it or in the folder of a split.
    """
    data = Path(path)
    for place in (data, *data.parents[:2])[data.is_file() :]:
        try:
            with open_regular(place / _DESCRIPTION) as file:
                fields = JsonFields.parse(file.read(_MOST_BYTES))
            below = data.relative_to(place).as_posix()
            listed = fields.fields("files", optional=True).objects()
            if any(below in (".", name) or name.startswith(f"{below}/") for name in listed):
                return dict(enumerate(fields.items("classes", str)))
        except (OSError, ValueError):
            continue
    return None


def choose_classes(
    found: Sequence[str], wanted: Sequence[str] | None, where: str
) -> tuple[str, ...]:
    """Return the class names in the order of labels: `wanted`, else `found`.

    Raises
    ------
    InputError
        When a wanted class was not found (ImageDataGenerator silently yields nothing), or a name
        can't be written.
    """
    unwritable = [name for name in found if not is_storable(name)]
    if unwritable:
        raise InputError(
            f"{where!r} has the class {unwritable[0]!r:.80}, which is not valid Unicode;"
            " rename the class"
        )
    if wanted is None:
        return tuple(found)
    missing = [name for name in wanted if name not in set(found)]
    if missing:
        near = difflib.get_close_matches(missing[0], found, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"found: {', '.join(found[:20])}"
        raise InputError(f"class {missing[0]!r} of classes is not in {where!r}; {hint}")
    return tuple(wanted)
