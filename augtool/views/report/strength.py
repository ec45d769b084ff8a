"""Measures how strong each transform is, alone, with the parameters that copies were drawn.

Strength is 1 - SSIM: 0 for a copy that looks the same, about 1 for one that has nothing in common
with its original.  It is blind to colour, so the distance in colour stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image, Size
from augtool.core.pipeline import Pipeline
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.ssim import ssim
from augtool.core.warp import padded, unpadded
from augtool.images.display import shrink, to_display, white_level
from augtool.views.report.figures import Family
from augtool.views.report.samples import COMPARED_PX, Pictures

__all__ = ["HARDLY_COLOUR", "HARDLY_STRENGTH", "Strength", "measure_strength"]

#: A transform hardly changes a copy if it moves neither measure further than this.
HARDLY_STRENGTH, HARDLY_COLOUR = 0.02, 1.0
_MOST_FAMILIES, _COPIES_EACH = 60, 2


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong a transform is.

    Parameters
    ----------
    transform
        Its name in the config.
    copies
        How many copies were measured.
    dissimilarity
        Mean of 1 - SSIM, of gray images.
    colour
        Mean distance in the a*b* plane of CIELAB.
    hardly
        Share of copies that it hardly changes.
    """

    transform: str
    copies: int
    dissimilarity: float
    colour: float
    hardly: float


def measure_strength(
    families: Iterable[Family], pictures: Pictures, config: Config
) -> list[Strength]:
    """Return the strength of each transform that is on, in the order of application.

    Parameters
    ----------
    families
        Originals with copies, of which a few are taken.
    pictures
        Where their pixels are.
    config
        The config of the run.
    """
    measured: dict[str, list[tuple[float, float]]] = {}
    looked_at = 0
    for family in families:
        original = pictures.original(family)
        if original is None:
            continue
        small = shrink(original, COMPARED_PX)
        scale = small.shape[1] / original.shape[1]
        for copy in family.copies[:_COPIES_EACH]:
            pipeline = config.pipeline(copy.class_name)
            params = _scaled(copy.params or {}, scale)
            for name, made in _each_alone(pipeline, small, params):
                measured.setdefault(name, []).append(_difference(small, made))
        looked_at += 1
        if looked_at == _MOST_FAMILIES:
            break
    return [_strength(name, pairs) for name, pairs in measured.items()]


def _scaled(params: Mapping[str, float], scale: float) -> dict[str, float]:
    """Return parameters for a reduced image; only shifts are in pixels."""
    return {
        name: value * scale if name.startswith("shift_") else value
        for name, value in params.items()
    }


def _each_alone(
    pipeline: Pipeline, image: Image, params: Mapping[str, float]
) -> Iterable[tuple[str, Image]]:
    """Yield the name of each transform, and the image that it alone makes."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    geometries = ResizeGeometries.stack([ResizeGeometry.fit(Size(*image.shape[:2]))], [1])
    prepared = padded(image)
    alone = [replace(pipeline, geometric=(each,), photometric=()) for each in pipeline.geometric]
    alone += [replace(pipeline, geometric=(), photometric=(each,)) for each in pipeline.photometric]
    for transform, only in zip((*pipeline.geometric, *pipeline.photometric), alone):
        own = {column: params[column] for column in transform.columns}
        pulls = only.points.pulls(own, geometries)
        made = only.place(own, pulls, geometries).make(0, prepared, channels)
        yield transform.name, unpadded(made, channels)


def _difference(original: Image, made: Image) -> tuple[float, float]:
    """Return 1 - SSIM, and the distance in colour."""
    white = white_level(original)
    one, other = (to_display(image, white=white) for image in (original, made))
    grays = (cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in (one, other))
    labs = [
        cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[..., 1:]
        for image in (one, other)
    ]
    distance = np.linalg.norm(labs[0] - labs[1], axis=2).mean()
    return 1 - ssim(*grays), float(distance)


def _strength(name: str, pairs: list[tuple[float, float]]) -> Strength:
    hardly = sum(
        dissimilarity < HARDLY_STRENGTH and colour < HARDLY_COLOUR
        for dissimilarity, colour in pairs
    )
    dissimilarities, colours = zip(*pairs)
    count = len(pairs)
    return Strength(name, count, sum(dissimilarities) / count, sum(colours) / count, hardly / count)
