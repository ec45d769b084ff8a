"""Which channels of an image are colour, the levels that they hold, and mixtures of them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image

__all__ = ["LUMA", "colour_channels", "level_extremes", "mix_colours", "rounded"]

#: Weights of B, G, R in luma (Rec. 601), in the order of OpenCV's channels.
LUMA = (0.114, 0.587, 0.299)
#: OpenCV counts colours of 8 bits in whole numbers while the factors are below this.
_WHOLE_BELOW = 32
#: Other factors are whole multiples of one in so many.
_UNIT = 2**20
#: So many pixels are mixed at once: they fit a cache.
_BAND_PIXELS = 2**14


def colour_channels(image: Image) -> int:
    """Return how many of the channels are colour: 1 of gray(+alpha), 3 of colour(+alpha)."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    return 3 if channels >= 3 else 1


def level_extremes(image: Image) -> tuple[int, int]:
    """Return the lowest and the highest level over all colour channels."""
    colour = image[..., : colour_channels(image)] if image.ndim == 3 else image
    return int(colour.min()), int(colour.max())


def mix_colours(image: Image, mix: npt.NDArray[np.float64]) -> Image:
    """Return an image each of whose colours is multiplied by a matrix, rounded and clipped.

    The levels are the same on every machine: they are counted in whole numbers, or in sums that a
    float64 holds exactly, so that it does not matter how they are added up. Alpha stays.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3) or (H, W, 4), uint8 or uint16
    mix : ndarray of shape (3, 3), float64
    """
    if image.shape[2] == 4:
        mixed: Image = image.copy()
        colour = mix_colours(cv2.cvtColor(image, cv2.COLOR_BGRA2BGR), mix)
        cv2.mixChannels([colour], [mixed], [0, 0, 1, 1, 2, 2])
        return mixed
    if image.itemsize == 1 and np.abs(mix).max() < _WHOLE_BELOW:
        return np.asarray(cv2.transform(image, mix))
    fixed = np.rint(mix * _UNIT) / _UNIT
    mixed = np.empty_like(image)
    step = max(1, _BAND_PIXELS // image.shape[1])
    for top in range(0, len(image), step):
        exact = cv2.transform(image[top : top + step].astype(np.float64), fixed)
        mixed[top : top + step] = rounded(exact, image.dtype)
    return mixed


def rounded(levels: Image, dtype: npt.DTypeLike) -> Image:
    """Return levels of float64 rounded half to even, and clipped, as uint8 or uint16."""
    depth = cv2.CV_8U if dtype == np.uint8 else cv2.CV_16U
    return cv2.add(levels, np.zeros(4), dtype=depth)
