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
    Affines,
    Column,
    Image,
    Size,
    Sizes,
    Tilts,
    compose,
    resize_matrix,
    translation,
)
from augtool.core.warp import Warps, with_channels

__all__ = ["ResizeGeometry", "ResizeGeometries"]


class ResizeGeometry(NamedTuple):
    """The part of a source that is used, and the frame that it fills.

    Parameters
    ----------
    left, top, region
        The used part of the source, in whole pixels.
    frame
        Size of the output.
    reduce_y, reduce_x
        Powers of two by which the region shrinks, without aliasing, before the warp.
    """

    left: int
    top: int
    region: Size
    frame: Size
    reduce_y: int
    reduce_x: int

    @classmethod
    @lru_cache  # most images of a set are of one size
    def fit(cls, source: Size, resize: Size | None = None, *, crop: bool = False) -> ResizeGeometry:
        """Return the placement of an image of size `source` that is resized to `resize`.

        `crop` takes the largest centred part in the shape of `resize` (whole pixels, rounded
        down, as Keras' ``keep_aspect_ratio`` does) instead of stretching the whole.
        """
        if resize is None:
            return cls(0, 0, source, source, 1, 1)
        region = source
        if crop:
            region = Size(
                min(source.height, max(1, source.width * resize.height // resize.width)),
                min(source.width, max(1, source.height * resize.width // resize.height)),
            )
        left = (source.width - region.width) // 2
        top = (source.height - region.height) // 2
        reduce_y = _power_of_two(region.height // resize.height)
        reduce_x = _power_of_two(region.width // resize.width)
        return cls(left, top, region, resize, reduce_y, reduce_x)

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is cropped."""
        return not self.left and not self.top

    def prepare(self, image: Image, already: int = 1) -> Image:
        """Return the region, reduced; done once for all copies of a source.

        `already` is the power of two by which the decoder has already reduced `image` (uncropped).
        """
        if not self.is_whole:
            right, bottom = self.left + self.region.width, self.top + self.region.height
            image = image[self.top : bottom, self.left : right]
        return _reduce(image, self.reduce_y // already, self.reduce_x // already)


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
    reduce_y: Column
    reduce_x: Column

    @classmethod
    def stack(cls, geometries: Sequence[ResizeGeometry], copies: Sequence[int]) -> ResizeGeometries:
        """Return the geometry of each copy, given those of the sources and their `copies`."""
        count, first = sum(copies), geometries[0]
        if geometries.count(first) == len(geometries):
            left, top, region, frame, reduce_y, reduce_x = first
            return cls(count, left, top, Sizes(*region), Sizes(*frame), reduce_y, reduce_x)
        table = [(*each[:2], *each.region, *each.frame, *each[4:]) for each in geometries]
        columns = np.repeat(np.array(table, np.float64), copies, axis=0).T
        left, top = columns[:2]
        regions, frames = Sizes(*columns[2:4]), Sizes(*columns[4:6])
        return cls(count, left, top, regions, frames, *columns[6:])

    def pulls(self, frame_matrices: Affines) -> Affines:
        """Return the matrices from output to source points, given those within the frames."""
        resized = compose(resize_matrix(self.region, self.frame), frame_matrices)
        return compose(translation(self.left, self.top), resized)

    def warps(self, pulls: Affines, tilts: Tilts = FLAT) -> Warps:
        """Return the warps of what ``prepare`` returned, given the matrices to source points."""
        to_region = compose(translation(-self.left, -self.top), pulls)
        to_prepared = compose(_to_reduced(self.reduce_y, self.reduce_x), to_region)
        prepared = Sizes(
            np.ceil(self.region.height / self.reduce_y), np.ceil(self.region.width / self.reduce_x)
        )
        return Warps.prepare(to_prepared, prepared, self.frame, self.copies, tilts)


def _power_of_two(ratio: int) -> int:
    """Return the largest power of two that is at most `ratio`, and at least 1."""
    return 1 << (max(ratio, 1).bit_length() - 1)


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
    dsize = (image.shape[1] // reduce_x, image.shape[0] // reduce_y)
    return with_channels(cv2.resize(image, dsize, interpolation=cv2.INTER_AREA), image.ndim)
