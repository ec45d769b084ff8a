"""Tells Albumentations 1.x from 2.x by what only one of them has; their defaults differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from augtool.config.imports.values import Call

__all__ = ["is_of_1x"]

#: Of classes, as 2.0 left them out.
_OLD_NAMES = frozenset(
    (
        *("Cutout", "Flip", "JpegCompression", "PerChannel", "RandomBrightness", "RandomContrast"),
        *("TemplateTransform", "ToTensor"),
    )
)
_OLD_MODULES = ("albumentations.torch", "albumentations.imgaug")
_OLD_ARGUMENTS = frozenset(
    (
        *("alpha_affine", "always_apply", "cval", "cval_mask", "fill_value", "mask_fill_value"),
        *("mask_value", "max_h_size", "max_height", "max_holes", "max_w_size", "max_width"),
        *("min_holes", "num_holes", "pad_mode", "pad_val", "quality_lower"),
        *("quality_upper", "scale_max", "scale_min", "sigmaX_limit", "value", "var_limit"),
    )
)
#: Of these, 2.x takes ``size``.
_ONCE_TWO_SIDES = ("RandomResizedCrop", "RandomSizedCrop")
_NEW_NAMES = frozenset(
    (
        *("AdditiveNoise", "AutoContrast", "ConstrainedCoarseDropout", "CubicSymmetry", "Erasing"),
        *("HEStain", "Illumination", "Pad", "PlasmaBrightnessContrast", "PlasmaShadow"),
        *("RandomOrder", "SaltAndPepper", "ShotNoise", "SquareSymmetry", "ThinPlateSpline"),
        *("ToTensor3D",),
    )
)
_NEW_ARGUMENTS = frozenset(
    (
        *("fill", "fill_mask", "mean_range", "noise_distribution", "pad_if_needed", "std_range"),
        *("threshold_range",),
    )
)


def is_of_1x(calls: Iterable[Call], imported: Iterable[str]) -> bool | None:
    """Return whether code is for Albumentations 1.x; None where it could be for either.

    Parameters
    ----------
    calls
        Its pipelines.
    imported
        The full names that it imports.
    """
    old = new = False
    for name, arguments in (*_parts(calls), *((each, frozenset[str]()) for each in imported)):
        module, _, last = name.rpartition(".")
        if not module.startswith(("albumentations", "?")):
            continue
        old = old or last in _OLD_NAMES or last.startswith("IAA") or name.startswith(_OLD_MODULES)
        old = old or bool(arguments & _OLD_ARGUMENTS)
        old = old or (last in _ONCE_TWO_SIDES and "height" in arguments)
        new = new or last in _NEW_NAMES or bool(arguments & _NEW_ARGUMENTS)
    return old if old != new else None


def _parts(value: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the calls in a value, each with the names of its arguments."""
    if isinstance(value, Call):
        names = {*value.keywords}
        sides = value.arguments[:2]
        is_twice = len(sides) == 2 and sides[0] == sides[1]
        if value.last in _ONCE_TWO_SIDES and (is_twice or any(type(each) is int for each in sides)):
            names.add("height")
        yield value.name, frozenset(names)
        yield from _parts([*value.arguments, *value.keywords.values()])
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _parts(each)
