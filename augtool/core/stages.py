"""What follows the warp: the transforms of one stage are applied together, stage by stage.

colour: one matrix.  levels: one table.  displace, hue, filter, noise, erase: one by one.  The
registry is in the order of application, so that all transforms of a stage stand together in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from itertools import groupby
from typing import Any

import numpy as np

from augtool.core.geometry import Image, Size, WarpOptions
from augtool.core.levels import Levels
from augtool.core.photometric import colour_channels, mix_colours

__all__ = ["STAGES", "Step", "apply_steps"]

#: A transform, and its parameters.
Step = tuple[Any, tuple[float, ...]]
_DEFAULTS = WarpOptions()


def apply_steps(image: Image, steps: Sequence[Step], options: WarpOptions = _DEFAULTS) -> Image:
    """Return an image with some transforms applied, in the order of the registry.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
        Without padding; it is never overwritten.
    steps
        Transforms, and parameters that are not their identities.
    options
        Their `cval` fills what is erased.
    """
    for stage, together in groupby(steps, key=lambda step: step[0].stage):
        image = STAGES[stage](image, list(together), options)
    return image


def _displace(image: Image, steps: Sequence[Step], options: WarpOptions) -> Image:
    """Move pixels, by fields of the size of the image."""
    for transform, params in steps:
        displacement = transform.displacement(params, Size(*image.shape[:2]))
        image = displacement.apply(image, options)
    return image


def _colour(image: Image, steps: Sequence[Step], _: WarpOptions) -> Image:
    """Mix the colours by the product of all matrices, rounded once; gray has none to mix."""
    if colour_channels(image) == 1:
        return image
    first, *others = (transform.mix(params) for transform, params in steps)
    # Not by `@`, whose digits depend on the CPU.
    mix = reduce(lambda mix, other: (other[:, :, np.newaxis] * mix).sum(axis=1), others, first)
    return mix_colours(image, mix)


def _levels(image: Image, steps: Sequence[Step], _: WarpOptions) -> Image:
    levels = Levels(image)
    for transform, params in steps:
        transform.change(levels, params)
    return levels.applied()


def _one_by_one(image: Image, steps: Sequence[Step], _: WarpOptions) -> Image:
    shape = image.shape  # OpenCV drops a third axis of length 1
    for transform, params in steps:
        image = transform.apply(image, params)
    return image.reshape(shape)


def _erase(image: Image, steps: Sequence[Step], options: WarpOptions) -> Image:
    """Fill boxes of the colour channels with cval."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    colours = colour_channels(image)
    fill = _fill(options.border_value(channels)[:colours], image.dtype)
    size = Size(*image.shape[:2])
    erased: Image = image.copy()
    levels = erased.reshape(*size, channels)[..., :colours]
    for transform, params in steps:
        for rows, columns in transform.boxes(params, size):
            # One number, or a row at a time, is faster than a pixel at a time.
            row = fill if fill.size == 1 else np.tile(fill, (columns.stop - columns.start, 1))
            levels[rows, columns] = row
    return erased


@lru_cache
def _fill(cval: tuple[float, ...], dtype: np.dtype[Any]) -> Image:
    """Return levels for each channel; one where they are the same."""
    same = cval[:1] if len(set(cval)) == 1 else cval
    fill: Image = np.rint(same).clip(0, np.iinfo(dtype).max).astype(dtype)
    fill.flags.writeable = False
    return fill


#: Each stage after the warp and how it applies its transforms, in order.
STAGES: dict[str, Callable[[Image, Sequence[Step], WarpOptions], Image]] = {
    "displace": _displace,
    "colour": _colour,
    "hue": _one_by_one,
    "levels": _levels,
    "filter": _one_by_one,
    "noise": _one_by_one,
    "erase": _erase,
}
