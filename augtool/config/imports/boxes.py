"""What boxes are filled with: a value there, levels here, whatever was done to levels before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from augtool.config.imports.arguments import Arguments
from augtool.config.imports.shared_rules import plain_levels
from augtool.config.imports.values import Call, is_known

__all__ = ["after_levels", "fill_of"]

#: Where `after_levels` puts the gain and the base of each channel's levels.
_LEVELS = "levels"
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def after_levels(
    operations: Sequence[Any], boxes: frozenset[str], to_floats: frozenset[str] = frozenset()
) -> list[Any]:
    """Return operations, those that fill boxes with how levels are measured by then.

    Parameters
    ----------
    boxes
        Names of those that fill boxes.
    to_floats
        Names of those that bring levels to [0, 1].
    """
    return _scaled(operations, (1, 0), boxes, to_floats)


def _scaled(
    operations: Sequence[Any],
    scale: tuple[Any, Any] | None,
    boxes: frozenset[str],
    to_floats: frozenset[str],
) -> list[Any]:
    """Return operations, and those that they hold, with how levels are measured."""
    found: list[Any] = []
    for each in operations:
        if isinstance(each, (list, tuple)):
            found.append(_scaled(each, scale, boxes, to_floats))
        elif isinstance(each, Call):
            if each.last in to_floats:
                scale = (255, 0)
            elif each.last == "Normalize":
                scale = _normalised(each)
            given = [*each.arguments, *each.keywords.values()] if _holds(each) else []
            found.append(_with(each, _scaled(given, scale, boxes, to_floats)))
            if each.last in boxes:
                found[-1] = replace(each, keywords={_LEVELS: scale, **each.keywords})
        else:
            found.append(each)
    return found


def _with(call: Call, given: list[Any]) -> Call:
    """Return a call with other arguments, if there are any."""
    count = len(call.arguments)
    keywords = dict(zip(call.keywords, given[count:]))
    return replace(call, arguments=tuple(given[:count]), keywords=keywords) if given else call


def _holds(call: Call) -> bool:
    """Return whether a call has others among its arguments."""
    given = [*call.arguments, *call.keywords.values()]
    inner = [item for each in given if isinstance(each, (list, tuple)) for item in each]
    return any(isinstance(each, Call) for each in (*given, *inner))


def _normalised(call: Call) -> tuple[Any, Any] | None:
    """Return gain and base after a normalisation; None where they are not in the text."""
    mean, std = (
        call.keywords.get(name, (*call.arguments, *_IMAGENET[len(call.arguments) :])[place])
        for place, name in enumerate(("mean", "std"))
    )
    if not (is_known(mean) and is_known(std)):
        return None
    pairs = [each if isinstance(each, (list, tuple)) else [each] for each in (std, mean)]
    if len(pairs[0]) != len(pairs[1]) or not all(
        isinstance(each, (int, float)) for pair in pairs for each in pair
    ):
        return None
    return [255 * each for each in pairs[0]], [255 * each for each in pairs[1]]


def fill_of(arguments: Arguments, *names: str) -> tuple[Any, str]:
    """Return the levels that boxes are filled with, or None and a note.

    Parameters
    ----------
    names
        The argument that says it, in any of its names.
    """
    given = next((arguments.value(each) for each in names if arguments.has(each)), 0)
    if isinstance(given, str):
        how = "noise" if "random" in given else given
        return None, f"filled with cval; originally with {how}"
    scale = arguments.call.keywords.get(_LEVELS, (1, 0))
    if scale is None:
        return None, "filled with cval; originally after a normalisation that is not in the code"
    gain, base = (each if isinstance(each, list) else [each] for each in scale)
    values = list(given) if isinstance(given, (list, tuple)) else [given]
    size = max(map(len, (values, gain)))
    if any(len(each) not in (1, size) for each in (values, gain, base)):
        return None, f"filled with cval; originally with {given}"
    wide = [each * (size if len(each) == 1 else 1) for each in (values, gain, base)]
    return plain_levels([value * one + zero for value, one, zero in zip(*wide)]), ""
