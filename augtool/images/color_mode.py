"""Converts an image to the channels that are asked for: rgb, rgba or grayscale. Pixels to pixels.

It is done once, on the source, before anything else but flattening.  Nothing is lost that was not
asked for: alpha goes only where it is opaque everywhere.
"""

from __future__ import annotations

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.photometric import colour_channels
from augtool.errors import InputError

__all__ = ["convert"]

#: Channels of each mode.
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
#: Weights of B, G and R in ITU-R 601 luma, of 65,536: Pillow's ``convert("L")``, and so Keras'.
_LUMA = (7471, 38470, 19595)
#: Rows are converted in stretches of about so many pixels, since sums need four times the memory.
_BAND_PIXELS = 2**18


def convert(image: Image, channels: int, mode: str) -> Image:
    """Return an image in a colour mode; the same array if it is in that mode already.

    Gray becomes three equal channels, and colour its luma, 0.299 R + 0.587 G + 0.114 B, rounded.
    Alpha that is added is opaque.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C) in OpenCV's channel order, uint8 or uint16
        Padded or not (:func:`augtool.core.warp.padded`); what is returned anew is not.
    channels
        How many of its channels count.
    mode
        keep, rgb, rgba or grayscale.

    Raises
    ------
    InputError
        When the mode has no alpha, and some pixel is transparent.
    """
    if mode == "keep" or channels == _CHANNELS[mode]:
        return image
    colour = image if image.ndim == 2 else image[..., 0] if channels < 3 else image[..., :3]
    alpha = image[..., channels - 1] if channels in (2, 4) else None
    opaque = np.iinfo(image.dtype).max
    if mode != "rgba" and alpha is not None and alpha.min() < opaque:
        raise InputError(
            f"has transparent pixels, and {mode} has no alpha channel; pass --flatten white to put"
            " it on a background",
            stage="decode",
        )
    if mode == "grayscale":
        return np.ascontiguousarray(colour) if colour_channels(colour) == 1 else _luma(colour)
    if colour.ndim == 2:
        colour = cv2.merge([colour] * 3)
    if mode == "rgb":
        return np.ascontiguousarray(colour)
    if alpha is None:
        alpha = np.full(colour.shape[:2], opaque, image.dtype)
    return np.dstack([colour, alpha])


def _luma(colour: Image) -> Image:
    gray = np.empty(colour.shape[:2], colour.dtype)
    height = max(1, _BAND_PIXELS // colour.shape[1])
    for top in range(0, colour.shape[0], height):
        rows = slice(top, top + height)
        total = np.full(gray[rows].shape, 0x8000, np.uint32)
        for channel, weight in enumerate(_LUMA):
            total += colour[rows, :, channel] * np.uint32(weight)
        gray[rows] = total >> 16
    return gray
