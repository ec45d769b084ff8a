"""Measures how strong a transform is on one image: how far it takes the image from its original.

Strength is 1 - SSIM: 0 for a copy that looks the same, about 1 for one that has nothing in common
with its original.  It is blind to colour, so the distance in colour stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from augtool.core.geometry import Image, Size
from augtool.core.pipeline import Pipeline
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.ssim import ssim
from augtool.core.transforms import Transform
from augtool.core.warp import padded, unpadded
from augtool.images.display import shrink, to_display, white_level

__all__ = [
    "COMPARED_PX",
    "HARDLY_COLOUR",
    "HARDLY_STRENGTH",
    "Difference",
    "StrengthMeter",
    "each_alone",
]

#: Both images are reduced to this size first, which keeps what is visible and removes JPEG noise.
COMPARED_PX = 128
#: A larger original is reduced to this before it is transformed: a photograph of 12 megapixels
#: would take a hundred times as long.
_MADE_PX = 512
#: A transform hardly changes a copy if it moves neither measure further than this.
HARDLY_STRENGTH, HARDLY_COLOUR = 0.02, 1.0


class Difference(NamedTuple):
    """How far an image is from its original.

    Parameters
    ----------
    dissimilarity
        1 - SSIM of the gray images (:mod:`augtool.core.ssim`).
    colour
        Mean distance in the a*b* plane of CIELAB (CIE 1976), ``sqrt(da*^2 + db*^2)``: the colour
        difference of CIE76 without its lightness, which SSIM sees; from about 2 it can be seen.
    """

    dissimilarity: float
    colour: float

    @property
    def is_hardly_seen(self) -> bool:
        """Tell whether neither measure is large enough to be noticed."""
        return self.dissimilarity < HARDLY_STRENGTH and self.colour < HARDLY_COLOUR


def each_alone(pipeline: Pipeline) -> Iterator[tuple[Transform, Pipeline]]:
    """Yield each transform that is on, in the order of application, and a pipeline of it alone."""
    for geometric in pipeline.geometric:
        yield geometric, replace(pipeline, geometric=(geometric,), photometric=())
    for photometric in pipeline.photometric:
        yield photometric, replace(pipeline, geometric=(), photometric=(photometric,))


class StrengthMeter:
    """Measures transforms on one original.

    Parameters
    ----------
    original : ndarray of shape (H, W) or (H, W, C), uint8 or uint16, in OpenCV's channel order
        At the size of its copies.
    """

    def __init__(self, original: Image) -> None:
        small = shrink(original, _MADE_PX)
        self._scale = small.shape[1] / original.shape[1]
        self._channels = 1 if small.ndim == 2 else small.shape[2]
        self._white = white_level(small)
        self._prepared = padded(small)
        self._geometries = ResizeGeometries.stack([ResizeGeometry.fit(Size(*small.shape[:2]))], [1])
        self._shown = self._compared(small)

    def measure(
        self, transform: Transform, alone: Pipeline, params: Mapping[str, float]
    ) -> Difference:
        """Return how far a transform takes the original.

        Parameters
        ----------
        transform, alone
            From :func:`each_alone`.
        params
            By column of the manifest, for the original's size; the transform's own are used.
        """
        own = {
            column: params[column] * (self._scale if measure == "pixels" else 1)
            for column, measure in zip(transform.columns, transform.measures)
        }
        copies = alone.place(own, alone.points.pulls(own, self._geometries), self._geometries)
        made = unpadded(copies.make(0, self._prepared, self._channels), self._channels)
        return _difference(self._shown, self._compared(made))

    def _compared(self, image: Image) -> Image:
        return shrink(to_display(image, white=self._white), COMPARED_PX)


def _difference(original: Image, made: Image) -> Difference:
    grays = (cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in (original, made))
    labs = [
        cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[..., 1:]
        for image in (original, made)
    ]
    distance = np.linalg.norm(labs[0] - labs[1], axis=2).mean()
    return Difference(1 - ssim(*grays), float(distance))
