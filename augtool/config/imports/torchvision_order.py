"""What torchvision's operations decide for those after them: a crop's padding, a box's levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from augtool.config.imports.boxes import after_levels
from augtool.config.imports.values import Call, is_known

__all__ = ["TO_TENSOR", "in_order"]

#: Those that bring levels from [0, 255] to [0, 1].
_TO_FLOATS = frozenset({"ToTensor", "ToDtype", "ConvertImageDtype", "ConvertDtype"})
TO_TENSOR = (*_TO_FLOATS, "ToImage", "ToImageTensor", "PILToTensor", "ToPILImage", "ToPureTensor")
#: What may stand between a padding and the crop that it is for.
_BETWEEN = frozenset({*TO_TENSOR, "RandomHorizontalFlip", "RandomVerticalFlip"})


def in_order(operations: Sequence[Any]) -> list[Any]:
    """Return operations with what those before them decide."""
    return after_levels(_padded(operations), frozenset({"RandomErasing"}), _TO_FLOATS)


def _padded(operations: Sequence[Any]) -> list[Any]:
    """Return operations with a padding made an argument of the crop that follows it."""
    found = list(operations)
    for place, each in enumerate(found):
        if not (isinstance(each, Call) and each.last == "Pad"):
            continue
        named = dict(zip(("padding", "fill", "padding_mode"), each.arguments)) | each.keywords
        crop = next((at for at, other in enumerate(found) if at > place and _ends(other)), None)
        if crop is None or not is_known(named) or not _takes_padding(found[crop]):
            continue
        taken = {"padding": named["padding"], "fill": named.get("fill", 0)}
        mode = {"padding_mode": named["padding_mode"]} if "padding_mode" in named else {}
        cropped = found[crop]
        found[crop] = replace(cropped, keywords={**cropped.keywords, **taken, **mode})
        found[place] = None
    return found


def _ends(operation: Any) -> bool:
    return not (isinstance(operation, Call) and operation.last in _BETWEEN)


def _takes_padding(operation: Any) -> bool:
    return (
        isinstance(operation, Call)
        and operation.last == "RandomCrop"
        and len(operation.arguments) < 2
        and "padding" not in operation.keywords
    )
