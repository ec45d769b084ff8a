"""Converts any image to 8-bit colour for display: depth, gray and alpha shown sensibly."""

from __future__ import annotations

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.photometric import level_extremes

__all__ = ["checkered", "shrink", "to_display", "white_level"]

#: Grey levels of the squares behind what is transparent.
_LIGHT, _DARK = 255, 204


def white_level(image: Image) -> int:
    """Return the level to show as white: the highest of the dtype, or of the bits in use.

    Scientific cameras store 10 or 12 bits in 16; shown unscaled, they would be black.  All
    copies of an image are shown with the level of their original, so that a change of brightness
    stays visible.

    >>> white_level(np.array([[0, 3000]], np.uint16))
    4095
    """
    highest = int(np.iinfo(image.dtype).max)
    brightest = level_extremes(image)[1]
    if image.dtype == np.uint8 or brightest == 0:
        return highest
    return int((1 << max(brightest.bit_length(), 8)) - 1)


def to_display(image: Image, *, white: int, square_px: int = 8) -> Image:
    """Return an image as B, G, R of 8 bits, with transparent parts on a checkerboard.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), uint8 or uint16, in OpenCV's channel order
    white
        Level shown as white, from :func:`white_level` of the original; above it is white too.
    square_px
        Side of the checkerboard's squares.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
    """
    opaque = float(np.iinfo(image.dtype).max)
    has_alpha = image.ndim == 3 and image.shape[2] in (2, 4)
    colour = image[..., :-1] if has_alpha else image
    if image.dtype != np.uint8 or white != 255:
        colour = np.clip(np.rint(colour * (255 / white)), 0, 255).astype(np.uint8)
    if colour.ndim == 2 or colour.shape[2] == 1:
        colour = cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_GRAY2BGR)
    if not has_alpha:
        return np.ascontiguousarray(colour)
    share = image[..., -1:] / opaque
    ground = checkered(image.shape[0], image.shape[1], square_px)[..., np.newaxis]
    laid: Image = np.rint(ground + (colour - ground.astype(float)) * share).astype(np.uint8)
    return laid


def checkered(height: int, width: int, square_px: int) -> Image:
    """Return a checkerboard of shape (height, width), uint8, light in the top left corner."""
    rows, columns = np.arange(height) // square_px, np.arange(width) // square_px
    is_dark = (rows[:, np.newaxis] + columns) % 2 == 1
    return np.where(is_dark, _DARK, _LIGHT).astype(np.uint8)


def shrink(image: Image, side_px: int) -> Image:
    """Return an image whose longer side is at most `side_px`; a smaller one unchanged."""
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return image
    dsize = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, dsize, interpolation=cv2.INTER_AREA)
