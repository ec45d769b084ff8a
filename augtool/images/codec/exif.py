"""EXIF orientation: finds the tag in a TIFF structure, and turns pixels upright."""

from __future__ import annotations

import struct

import cv2

from augtool.core.geometry import Image
from augtool.core.warp import with_channels

__all__ = ["orientation_of", "upright"]

_TAG = 0x0112
_SHORT = 3


def orientation_of(block: bytes) -> int:
    r"""Return the orientation (1 to 8) in an EXIF block; 1 if there is none or it is invalid.

    `block` is a TIFF structure, with or without the ``Exif\0\0`` before it that JPEG needs and
    some WebP writers add.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (offset,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, offset)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, offset + 2 + 12 * index)
            if tag == _TAG:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def upright(image: Image, orientation: int) -> Image:
    """Return the image upright, as it is meant to be seen.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C)
        As stored.
    orientation
        EXIF's number: where the stored first row and first column belong.
    """
    if orientation == 1:
        return image
    ndim = image.ndim
    if orientation >= 5:  # rows and columns are swapped
        image = with_channels(cv2.transpose(image), ndim)
    # After the transposition, 5..8 need what 1, 4, 3, 2 mirror: nothing, x, both, y.
    mirror = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return image if mirror is None else with_channels(cv2.flip(image, mirror), ndim)
