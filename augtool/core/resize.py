"""How the source maps to the output: resize, centre crop and reduction, around one warp.

The manifest's matrix maps points of the output to points of the *source*.  The warp itself may
read a cropped and reduced source; its matrix is derived from the manifest's, never the other way
round, so that remaking a copy from its row uses exactly the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from augtool.core.geometry import (
    FLAT,
    IDENTITY,
    Affines,
    Column,
    Image,
    Size,
    Sizes,
    Tilts,
    Windows,
    compose,
    resize_matrix,
    translation,
)
from augtool.core.warp import Warps, with_channels

__all__ = ["Reduction", "ResizeGeometry", "ResizeGeometries"]


class Reduction(NamedTuple):
    """Powers of two by which a region shrinks, without aliasing, before the warp."""

    y: int
    x: int

    @classmethod
    def listed(cls, columns: tuple[Column, Column], count: int) -> list[Reduction]:
        """Return the reductions of `count` copies, given columns for y and x."""
        if not any(isinstance(column, np.ndarray) and column.ndim for column in columns):
            return [cls(int(columns[0]), int(columns[1]))] * count
        y, x = (np.broadcast_to(column, count).astype(int).tolist() for column in columns)
        return list(map(cls, y, x))


class ResizeGeometry(NamedTuple):
    """The part of a source that is used, and the frame that it fills.

    Parameters
    ----------
    left, top, region
        The used part of the source, in whole pixels.
    frame
        Size of the output.
    reduction
        By how much the whole region shrinks before the warp; copies that show a part of it begin
        with less (:meth:`ResizeGeometries.reductions`).
    """

    left: int
    top: int
    region: Size
    frame: Size
    reduction: Reduction

    @classmethod
    @lru_cache  # most images of a set are of one size
    def fit(cls, source: Size, resize: Size | None = None, *, crop: bool = False) -> ResizeGeometry:
        """Return the placement of an image of size `source` that is resized to `resize`.

        `crop` takes the largest centred part in the shape of `resize` (whole pixels, rounded
        down, as Keras' ``keep_aspect_ratio`` does) instead of stretching the whole.
        """
        if resize is None:
            return cls(0, 0, source, source, Reduction(1, 1))
        region = source
        if crop:
            region = Size(
                min(source.height, max(1, source.width * resize.height // resize.width)),
                min(source.width, max(1, source.height * resize.width // resize.height)),
            )
        left = (source.width - region.width) // 2
        top = (source.height - region.height) // 2
        sides = zip(region, resize)
        reduction = Reduction(*(int(_powers_of_two(side / made)) for side, made in sides))
        return cls(left, top, region, resize, reduction)

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is cropped."""
        return not self.left and not self.top

    def prepare(self, image: Image, already: int = 1, reduction: Reduction | None = None) -> Image:
        """Return the region, reduced; done once for all copies of a source.

        Parameters
        ----------
        image
            The source.
        already
            The power of two by which the decoder has already reduced it (uncropped).
        reduction
            By how much it shrinks; None for that of the whole region.
        """
        y, x = reduction or self.reduction
        if not self.is_whole:
            right, bottom = self.left + self.region.width, self.top + self.region.height
            image = image[self.top : bottom, self.left : right]
        return _reduce(image, y // already, x // already)

    @lru_cache(maxsize=1024)  # noqa: B019 - a tuple of numbers; images of a set have few sizes
    def resizing_warp(self) -> Warps:
        """Return the one warp that fills the frame with the whole region."""
        alone = ResizeGeometries.stack([self], [1])
        pulls = alone.pulls(IDENTITY, alone.whole)
        return alone.warps(pulls, alone.reductions(alone.whole), FLAT)


class ResizeGeometries(NamedTuple):
    """The geometries of many copies: columns of what :class:`ResizeGeometry` has.

    Parameters
    ----------
    copies
        How many copies there are.
    """

    copies: int
    left: Column
    top: Column
    region: Sizes
    frame: Sizes

    @classmethod
    def stack(cls, geometries: Sequence[ResizeGeometry], copies: Sequence[int]) -> ResizeGeometries:
        """Return the geometry of each copy, given those of the sources and their `copies`."""
        count, first = sum(copies), geometries[0]
        if geometries.count(first) == len(geometries):
            left, top, region, frame, _ = first
            return cls(count, left, top, Sizes(*region), Sizes(*frame))
        table = [(*each[:2], *each.region, *each.frame) for each in geometries]
        columns = np.repeat(np.array(table, np.float64), copies, axis=0).T
        left, top = columns[:2]
        return cls(count, left, top, Sizes(*columns[2:4]), Sizes(*columns[4:6]))

    @property
    def whole(self) -> Windows:
        """The windows of copies that show all of their regions."""
        return Windows(0.0, 0.0, self.region)

    def pulls(self, frame_matrices: Affines, windows: Windows) -> Affines:
        """Return the matrices from output to source points.

        Parameters
        ----------
        frame_matrices
            Those within the frames.
        windows
            The parts of the regions that fill the frames.
        """
        resized = compose(resize_matrix(windows.size, self.frame), frame_matrices)
        return compose(translation(self.left + windows.left, self.top + windows.top), resized)

    def reductions(self, windows: Windows) -> tuple[Column, Column]:
        """Return by how much the region is reduced for each copy, along y and x.

        A copy that shows a part reads more pixels of it, so that it keeps the detail.
        """
        return (
            _powers_of_two(windows.size.height / self.frame.height),
            _powers_of_two(windows.size.width / self.frame.width),
        )

    def warps(self, pulls: Affines, reductions: tuple[Column, Column], tilts: Tilts) -> Warps:
        """Return the warps of regions that were reduced, given the matrices to source points."""
        y, x = reductions
        to_region = compose(translation(-self.left, -self.top), pulls)
        to_prepared = compose(_to_reduced(y, x), to_region)
        prepared = Sizes(np.ceil(self.region.height / y), np.ceil(self.region.width / x))
        return Warps.prepare(to_prepared, prepared, self.frame, self.copies, tilts)


def _powers_of_two(ratios: Column) -> Column:
    """Return the largest powers of two that are at most `ratios`, and at least 1."""
    _, exponents = np.frexp(np.maximum(ratios, 1.0))  # mantissas are in [0.5, 1)
    powers: Column = np.ldexp(1.0, exponents - 1)
    return powers


def _to_reduced(reduce_y: Column, reduce_x: Column) -> Affines:
    """Return the matrix from points of the region to points of the reduced region."""
    return (1 / reduce_x, 0.0, 0.5 / reduce_x - 0.5, 0.0, 1 / reduce_y, 0.5 / reduce_y - 0.5)


def _reduce(image: Image, reduce_y: int, reduce_x: int) -> Image:
    """Return `image` with each block of `reduce_y` x `reduce_x` pixels averaged.

    An incomplete last block is filled by repeating the edge, so that block i always
    begins at pixel ``i * reduce_y`` and points map exactly.
    """
    if reduce_y == reduce_x == 1:
        return image
    height, width = image.shape[:2]
    bottom, right = -height % reduce_y, -width % reduce_x
    if bottom or right:
        image = with_channels(
            cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE), image.ndim
        )
    if (reduce_y, reduce_x) == (2, 1):
        return _half_as_high(image)
    if (reduce_y, reduce_x) == (1, 2):
        turned = with_channels(cv2.transpose(image), image.ndim)
        return with_channels(cv2.transpose(_half_as_high(turned)), image.ndim)
    dsize = (image.shape[1] // reduce_x, image.shape[0] // reduce_y)
    return with_channels(cv2.resize(image, dsize, interpolation=cv2.INTER_AREA), image.ndim)


def _half_as_high(image: Image) -> Image:
    """Return an image of an even height with each two rows averaged.

    The same levels as of OpenCV's resize, which takes ten times as long to halve one side alone.
    """
    height, width, *channels = image.shape
    pairs = image.reshape(height // 2, 2 * width, *channels)
    halved = cv2.addWeighted(pairs[:, :width], 0.5, pairs[:, width:], 0.5, 0.0)
    return with_channels(halved, image.ndim)
