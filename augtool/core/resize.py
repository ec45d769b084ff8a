"""How the source maps to the output: resize, centre crop and reduction, around one warp.

The manifest's matrix maps points of the output to points of the *source*.  The warp itself may
read a cropped and reduced source; its matrix is derived from the manifest's, never the other way
round, so that remaking a copy from its row uses exactly the same numbers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2

from augtool.core.geometry import (
    IDENTITY,
    Affine,
    Image,
    Size,
    WarpOptions,
    compose,
    resize_matrix,
    translation,
    warp,
    with_channels,
)

__all__ = ["ResizeGeometry"]


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

    def pull(self, frame_matrix: Affine = IDENTITY) -> Affine:
        """Return the matrix from output to source points; `frame_matrix` acts in the frame."""
        if self.region == self.frame and self.is_whole:
            return frame_matrix
        resized = compose(resize_matrix(self.region, self.frame), frame_matrix)
        return compose(translation(self.left, self.top), resized)

    def prepare(self, image: Image, already: int = 1) -> Image:
        """Return the region, reduced; done once for all copies of a source.

        `already` is the power of two by which the decoder has already reduced `image` (uncropped).
        """
        if not self.is_whole:
            right, bottom = self.left + self.region.width, self.top + self.region.height
            image = image[self.top : bottom, self.left : right]
        return _reduce(image, self.reduce_y // already, self.reduce_x // already)

    def warp(
        self, prepared: Image, pull: Affine, warp_options: WarpOptions, *, may_pad: bool = False
    ) -> Image:
        """Return the image of size `frame` pulled from what `prepare` returned.

        `may_pad` as for :func:`augtool.core.geometry.warp`.
        """
        if not self.is_whole:
            pull = compose(translation(-self.left, -self.top), pull)
        if self.reduce_y > 1 or self.reduce_x > 1:
            pull = compose(_to_reduced(self.reduce_y, self.reduce_x), pull)
        return warp(prepared, pull, self.frame, warp_options, may_pad=may_pad)


def _power_of_two(ratio: int) -> int:
    """Return the largest power of two that is at most `ratio`, and at least 1."""
    return 1 << (max(ratio, 1).bit_length() - 1)


def _to_reduced(reduce_y: int, reduce_x: int) -> Affine:
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
