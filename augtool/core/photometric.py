"""Level changes: every grey level is mapped on its own, uint8 or uint16 in, the same out.

A map is a table with one entry per level, so its cost does not depend on how it was computed,
and uint16 images need no separate code.  Alpha is never touched.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image

__all__ = ["colour_channels", "level_extremes", "map_levels"]

Levels = npt.NDArray[np.float64]


def colour_channels(image: Image) -> int:
    """Return how many of the channels are colour: 1 of gray(+alpha), 3 of colour(+alpha)."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    return 3 if channels >= 3 else 1


def level_extremes(image: Image) -> tuple[int, int]:
    """Return the lowest and the highest level over all colour channels."""
    colour = image[..., : colour_channels(image)] if image.ndim == 3 else image
    return int(colour.min()), int(colour.max())


def map_levels(image: Image, function: Callable[[Levels], Levels]) -> Image:
    """Return `image` with each colour level replaced by ``function(level)``.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
    function
        Takes all levels (0 to 255 or 65535) as float64 and returns as many. The result is
        clipped to the range of the dtype and truncated; round in the function if needed.
    """
    highest = int(np.iinfo(image.dtype).max)
    levels = np.arange(highest + 1, dtype=np.float64)
    table = np.clip(function(levels), 0, highest).astype(image.dtype)
    channels = 1 if image.ndim == 2 else image.shape[2]
    colours = colour_channels(image)
    if channels != colours:
        tables = np.stack([table] * colours + [levels.astype(image.dtype)], axis=-1)
        table = tables[np.newaxis]
    return cv2.LUT(image, table).reshape(image.shape)
