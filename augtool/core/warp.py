"""The warps of many copies: one for each, whatever its matrix is made of.

OpenCV is slow wherever a warp must make up pixels beyond the edge.  So each copy's source is first
given just the border that its matrix reads, by one fast copy, and the warp finds every pixel there.

OpenCV 5 warps four channels of uint8 in half the time of three, to the same pixels; and two
channels take its old path, which knows 32 positions between two pixels, up to 4 levels off.  So
both are padded to four (:func:`padded`), once for all copies.

Its exact warp differs by a level from CPU to CPU and from version to version.  Where all must give
the same bytes (``portable``), positions are rounded to 1/32 pixel, and levels are weighed in sums
that lose nothing, so that it does not matter how they are added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import (
    BORDERS,
    FLAT,
    IDENTITY,
    INTERPOLATIONS,
    Affines,
    Column,
    Image,
    Sizes,
    Tilts,
    WarpOptions,
    tilted,
)
from augtool.core.mirrors import mirrors_of
from augtool.core.photometric import rounded

__all__ = ["LONGEST_SIDE", "Warps", "padded", "unpadded", "with_channels"]

#: The longest side that OpenCV warps, in pixels.
LONGEST_SIDE = 32_766

#: How far beyond a point the kernels read, and room for rounding.
_REACH_PX = 3
#: A border is made if the source with it has at most so many pixels, times its own, and times those
#: of the output. The last holds back nothing but small crops: other sources are reduced.
_MOST_PIXELS, _MOST_GROWTH, _MOST_FRAMES = 2**24, 4.0, 16.0
#: Positions are worked out for so many pixels at once.
_BAND_PIXELS = 2**20

Matrix = npt.NDArray[np.float64]
#: A number for each copy, for y and for x.
_Axes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Warps:
    """What the warps of n copies need.

    Parameters
    ----------
    matrices : list of n ndarrays of shape (2, 3), or (3, 3) for copies in perspective; float64
        From points of the output to points of the source with its border.
    borders
        How many pixels to add at the top, bottom, left and right of the source.
    frames
        Size of each output, as OpenCV takes it: width, height.
    leave_unchanged
        Whether a copy is the source as it is.
    mirrors
        How OpenCV mirrors the source where a copy is just that (1 for x, 0 for y, -1 for both),
        which gives the same pixels as the warp in a tenth of the time; None where it is not.
    """

    matrices: list[Matrix]
    borders: list[tuple[int, int, int, int]]
    frames: list[tuple[int, int]]
    leave_unchanged: list[bool]
    mirrors: list[int | None]

    @classmethod
    def prepare(
        cls,
        pulls: Affines,
        sources: Sizes,
        frames: Sizes,
        count: int,
        tilts: Tilts = FLAT,
    ) -> Warps:
        """Return the warps of `count` copies.

        Parameters
        ----------
        pulls, tilts
            From points of the output to points of the source.
        sources, frames
            Sizes of the sources, and of the outputs.
        """
        matrices = _matrices(pulls, count)
        size, frame = _by_axis(sources, count), _by_axis(frames, count)
        lowest, highest = _reach(matrices, frame)
        leans = np.empty((2, count))
        leans[0], leans[1] = tilts
        (leaning,) = leans.any(axis=0).nonzero()
        if leaning.size:
            planes = _matrices(tilted(pulls, tilts, frames), count)[leaning]
            lowest[:, leaning], highest[:, leaning] = _plane_reach(planes, frame[:, leaning])
        before = np.maximum(np.ceil(_REACH_PX - lowest), 0)
        after = np.maximum(np.ceil(highest + _REACH_PX - size), 0)
        whole = size + before + after
        pixels = whole.prod(axis=0)
        pays = (pixels <= _MOST_PIXELS) & (pixels <= size.prod(axis=0) * _MOST_GROWTH)
        pays &= pixels <= frame.prod(axis=0) * _MOST_FRAMES
        pays &= whole.max(axis=0) <= LONGEST_SIDE
        before, after = before * pays, after * pays
        is_same = (matrices.reshape(count, 6) == IDENTITY).all(axis=1) & (size == frame).all(axis=0)
        is_same[leaning] = False
        mirrors = mirrors_of(matrices, size, frame, leaning.tolist())
        matrices[:, :, 2] += before[::-1].T
        each = list(matrices)
        if leaning.size:
            planes[:, :2] += before[::-1, leaning].T[:, :, np.newaxis] * planes[:, 2:]
            for number, plane in zip(leaning.tolist(), planes):
                each[number] = plane
        borders = np.stack([before[0], after[0], before[1], after[1]], axis=1).astype(int)
        dsizes = frame[::-1].T.astype(int).tolist()
        return cls(each, borders.tolist(), dsizes, is_same.tolist(), mirrors)

    def pull(self, number: int, source: Image, options: WarpOptions) -> Image:
        """Return copy `number` of a source, each pixel pulled through its matrix.

        Parameters
        ----------
        number
            Which of the warps.
        source : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
            As :func:`padded` returned it.
        options
            Border, fill value and interpolation.

        Returns
        -------
        ndarray of shape (height, width[, C]), of the same dtype; the source itself where the copy
        is no other
        """
        if self.leave_unchanged[number]:
            return source
        if (mirror := self.mirrors[number]) is not None:
            return with_channels(cv2.flip(source, mirror), source.ndim)
        fill, mode = options.fill, BORDERS[options.fill_mode]
        border = self.borders[number]
        if any(border):
            source = cv2.copyMakeBorder(source, *border, mode, None, fill)
        matrix, frame = self.matrices[number], self.frames[number]
        if options.portable:
            return _pull_portably(source, matrix, frame, options, fill)
        flags = INTERPOLATIONS[options.interpolation_order] | cv2.WARP_INVERSE_MAP
        warp = cv2.warpAffine if len(matrix) == 2 else cv2.warpPerspective
        return warp(source, matrix, frame, None, flags, mode, fill)


def _pull_portably(
    source: Image,
    matrix: Matrix,
    frame: tuple[int, int],
    options: WarpOptions,
    fill: tuple[float, ...],
) -> Image:
    """Return the warp by positions in 1/32 pixels, in bands of rows, which bound its memory."""
    is_weighed = source.itemsize > 1 and options.interpolation_order > 0
    if is_weighed and source.ndim == 3 and source.size > _BAND_PIXELS:
        planes = (cv2.extractChannel(source, channel) for channel in range(source.shape[2]))
        return cv2.merge(
            [
                _pull_portably(each, matrix, frame, options, (cval,))
                for each, cval in zip(planes, fill)
            ]
        )
    method, mode = INTERPOLATIONS[options.interpolation_order], BORDERS[options.fill_mode]
    levels = source.astype(np.float64) if is_weighed else source
    width, height = frame
    pulled: Image = np.empty((height, width, *source.shape[2:]), source.dtype)
    step = max(1, _BAND_PIXELS // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        whole, parts = _fixed_points(matrix, width, rows, method)
        band = cv2.remap(levels, whole, parts, method, None, mode, fill)
        pulled[rows] = with_channels(
            rounded(band, source.dtype) if is_weighed else band, source.ndim
        )
    return pulled


def _fixed_points(matrix: Matrix, width: int, rows: slice, method: int) -> tuple[Any, Any]:
    """Return where in the source the pixels of some rows lie, as OpenCV's remap takes it.

    In whole pixels, which are cut at 32,767, and in 1/32 beyond them; the nearest whole ones alone
    for INTER_NEAREST.

    Parameters
    ----------
    matrix : ndarray of shape (2, 3), or (3, 3) of a homography, float64
        From points of the frame to points of the source.
    width
        Of the frame.
    """
    by_x, by_y, at_origin = matrix.astype(np.float32).T[:, :, np.newaxis]
    across = by_x * _counted(width)
    down = by_y * _counted(rows.stop)[rows] + at_origin
    x, y, *depth = across[:, np.newaxis] + down[:, :, np.newaxis]
    if depth:
        x, y = x / depth[0], y / depth[0]
    is_nearest = method == cv2.INTER_NEAREST
    points: tuple[Any, Any] = cv2.convertMaps(x, y, cv2.CV_16SC2, nninterpolation=is_nearest)
    return points


@lru_cache  # most frames of a set are of one size
def _counted(length: int) -> npt.NDArray[np.float32]:
    """Return 0 to `length` - 1."""
    numbers = np.arange(length, dtype=np.float32)
    numbers.flags.writeable = False
    return numbers


def _matrices(entries: Sequence[Column], count: int) -> npt.NDArray[np.float64]:
    """Return columns of entries as `count` matrices, of two rows or of three."""
    matrices = np.empty((count, len(entries) // 3, 3))
    for place, column in enumerate(entries):
        matrices[:, place // 3, place % 3] = column
    return matrices


def _by_axis(sizes: Sizes, count: int) -> _Axes:
    """Return sizes as an array of two rows: y first, as in shapes."""
    axes = np.empty((2, count))
    axes[0], axes[1] = sizes
    return axes


def _reach(matrices: npt.NDArray[np.float64], frame: _Axes) -> tuple[_Axes, _Axes]:
    """Return the lowest and the highest point of a source that each output reads."""
    over_x = matrices[:, ::-1, 0].T * (frame[1] - 1)
    over_y = matrices[:, ::-1, 1].T * (frame[0] - 1)
    start = matrices[:, ::-1, 2].T
    lowest = start + np.minimum(over_x, 0) + np.minimum(over_y, 0)
    highest = start + np.maximum(over_x, 0) + np.maximum(over_y, 0)
    return lowest, highest


def _plane_reach(planes: npt.NDArray[np.float64], frame: _Axes) -> tuple[_Axes, _Axes]:
    """Return the same for copies in perspective: an output's corners reach furthest there too."""
    corners = []
    for x, y in product((0, frame[1] - 1), (0, frame[0] - 1)):
        ends = planes[..., 0].T * x + planes[..., 1].T * y + planes[..., 2].T
        corners.append(ends[1::-1] / ends[2])
    return np.min(corners, axis=0), np.max(corners, axis=0)


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
