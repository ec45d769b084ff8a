"""Assigns labels to class names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from augtool.errors import InputError

__all__ = ["choose_classes"]


def choose_classes(
    found: Sequence[str], wanted: Sequence[str] | None, where: str
) -> tuple[str, ...]:
    """Return the class names in the order of labels: `wanted`, else `found`.

    Raises
    ------
    InputError
        When a wanted class was not found (ImageDataGenerator silently yields nothing).
    """
    if wanted is None:
        return tuple(found)
    missing = [name for name in wanted if name not in set(found)]
    if missing:
        near = difflib.get_close_matches(missing[0], found, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"found: {', '.join(found[:20])}"
        raise InputError(f"class {missing[0]!r} of classes is not in {where!r}; {hint}")
    return tuple(wanted)
