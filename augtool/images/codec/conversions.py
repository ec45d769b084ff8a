"""What is made of decoded pixels before anything else: no alpha, or 8 bits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from augtool.core.geometry import Image
from augtool.core.photometric import colour_channels

__all__ = ["flatten", "to_8_bits"]

#: Bytes of an image to work on at once.
_BAND_BYTES = 2**20


def flatten(image: Image, colour: str) -> Image:
    """Return an image with alpha composited on a colour (``#rrggbb``), without its alpha.

    ``colour + (level - colour) · alpha``, rounded; gray images get the colour's luma
    (0.299 R + 0.587 G + 0.114 B). An image without alpha is returned unchanged.
    """
    if image.ndim == 2 or image.shape[2] in (1, 3):
        return image
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    colours = colour_channels(image)
    ground = [blue, green, red] if colours == 3 else [0.299 * red + 0.587 * green + 0.114 * blue]
    opaque = float(np.iinfo(image.dtype).max)
    base = np.array(ground) * (opaque / 255)
    laid = np.empty((*image.shape[:2], colours), image.dtype)
    for rows in _bands(image):
        share = image[rows, :, -1:] / opaque
        laid[rows] = np.rint(base + (image[rows, :, :colours] - base) * share)
    return laid if colours == 3 else laid[..., 0]


def to_8_bits(image: Image) -> Image:
    """Return a uint16 image as uint8, ``level / 257`` rounded; a uint8 one unchanged."""
    if image.itemsize == 1:
        return image
    levels = np.empty(image.shape, np.uint8)
    for rows in _bands(image):
        levels[rows] = (image[rows].astype(np.uint32) + 128) // 257
    return levels


def _bands(image: Image) -> Iterator[slice]:
    """Yield stretches of rows, for arithmetic whose intermediate numbers are larger."""
    rows = max(1, _BAND_BYTES // max(1, image[0].nbytes))
    for start in range(0, image.shape[0], rows):
        yield slice(start, start + rows)
