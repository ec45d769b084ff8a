"""The warps of many copies: one for each, whatever its matrix is made of.

OpenCV is slow wherever a warp must make up pixels beyond the edge.  So each copy's source is first
given just the border that its matrix reads, by one fast copy, and the warp finds every pixel there.

OpenCV 5 warps four channels of uint8 in half the time of three, to the same pixels; and two
channels take its old path, which knows 32 positions between two pixels, up to 4 levels off.  So
both are padded to four (:func:`padded`), once for all copies.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import (
    BORDERS,
    IDENTITY,
    INTERPOLATIONS,
    Affines,
    Image,
    Sizes,
    WarpOptions,
)

__all__ = ["Warps", "padded", "unpadded", "with_channels"]

#: How far beyond a point the kernels read, and room for rounding.
_REACH_PX = 3
#: A border is made if the source with it has at most so many pixels, and times its own.
_MOST_PIXELS, _MOST_GROWTH = 2**24, 4.0


@dataclass(frozen=True, slots=True)
class Warps:
    """What the warps of n copies need.

    Parameters
    ----------
    matrices : list of n ndarrays of shape (2, 3), float64
        From points of the output to points of the source with its border.
    borders
        How many pixels to add at the top, bottom, left and right of the source.
    frames
        Size of each output, as OpenCV takes it: width, height.
    leave_unchanged
        Whether a copy is the source as it is.
    """

    matrices: list[npt.NDArray[np.float64]]
    borders: list[tuple[int, int, int, int]]
    frames: list[tuple[int, int]]
    leave_unchanged: list[bool]

    @classmethod
    def prepare(cls, pulls: Affines, sources: Sizes, frames: Sizes, count: int) -> Warps:
        """Return the warps of `count` copies.

        Parameters
        ----------
        pulls
            From points of the output to points of the source.
        sources, frames
            Sizes of the sources, and of the outputs.
        """
        matrices = np.empty((count, 2, 3))
        for place, entries in enumerate(pulls):
            matrices[:, place // 3, place % 3] = entries
        # Rows are axes: y first, as in shapes.
        size, frame = np.empty((2, count)), np.empty((2, count))
        size[0], size[1] = sources
        frame[0], frame[1] = frames
        over_x = matrices[:, ::-1, 0].T * (frame[1] - 1)
        over_y = matrices[:, ::-1, 1].T * (frame[0] - 1)
        start = matrices[:, ::-1, 2].T
        lowest = start + np.minimum(over_x, 0) + np.minimum(over_y, 0)
        highest = start + np.maximum(over_x, 0) + np.maximum(over_y, 0)
        before = np.maximum(np.ceil(_REACH_PX - lowest), 0)
        after = np.maximum(np.ceil(highest + _REACH_PX - size), 0)
        pixels = (size + before + after).prod(axis=0)
        pays = (pixels <= _MOST_PIXELS) & (pixels <= size.prod(axis=0) * _MOST_GROWTH)
        before, after = before * pays, after * pays
        is_same = (matrices.reshape(count, 6) == IDENTITY).all(axis=1) & (size == frame).all(axis=0)
        matrices[:, :, 2] += before[::-1].T
        borders = np.stack([before[0], after[0], before[1], after[1]], axis=1).astype(int)
        dsizes = frame[::-1].T.astype(int).tolist()
        return cls(list(matrices), borders.tolist(), dsizes, is_same.tolist())

    def pull(self, number: int, source: Image, channels: int, options: WarpOptions) -> Image:
        """Return copy `number` of a source, each pixel pulled through its matrix.

        Parameters
        ----------
        number
            Which of the warps.
        source : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
            As :func:`padded` returned it.
        channels
            How many channels it had before that.
        options
            Border, fill value and interpolation.

        Returns
        -------
        ndarray of shape (height, width[, C]), of the same dtype; the source itself where the copy
        is no other
        """
        if self.leave_unchanged[number]:
            return source
        fill = options.border_value(channels)
        mode = BORDERS[options.fill_mode]
        border = self.borders[number]
        if any(border):
            source = cv2.copyMakeBorder(source, *border, mode, None, fill)
        return cv2.warpAffine(
            source,
            self.matrices[number],
            self.frames[number],
            None,
            INTERPOLATIONS[options.interpolation_order] | cv2.WARP_INVERSE_MAP,
            mode,
            fill,
        )


def padded(image: Image) -> Image:
    """Return 8-bit colour, and gray with alpha, with four channels; any other image as it is."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3 and image.itemsize == 1:
        return cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    if channels == 2:
        wide = np.zeros((*image.shape[:2], 4), image.dtype)
        wide[..., :2] = image
        return wide
    return image


def unpadded(image: Image, channels: int) -> Image:
    """Return the first `channels` of what :func:`padded` made of an image."""
    if image.ndim == 2 or image.shape[2] == channels:
        return image
    if channels == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
    return np.ascontiguousarray(image[..., :channels])


def with_channels(image: Image, ndim: int) -> Image:
    """Restore the third axis that OpenCV drops from an (H, W, 1) array."""
    return image[..., np.newaxis] if image.ndim < ndim else image
