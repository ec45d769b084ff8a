"""Augments images that are already in memory, with the same draws as `expand`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image, Size
from augtool.core.pipeline import Params, Subject
from augtool.core.resize import ResizeGeometry
from augtool.core.warp import padded, unpadded
from augtool.errors import InputError

__all__ = ["Augmented", "augment"]


@dataclass(frozen=True, slots=True)
class Augmented:
    """Copies of the images in an array.

    Parameters
    ----------
    images : ndarray of shape (n * copies, h, w[, c])
        Copy 0, 1, ... of the first image, then of the second, and so on.
    source : ndarray of shape (n * copies,), int
        Which image each one was made from: index labels with it.
    params
        The parameters drawn for each.
    """

    images: Image
    source: np.ndarray[tuple[int], np.dtype[np.int64]]
    params: tuple[Params, ...]


def augment(
    images: Image,
    config: Config | None = None,
    *,
    copies: int = 1,
    ids: Sequence[str] | None = None,
) -> Augmented:
    """Return augmented copies of an array of images.

    Parameters
    ----------
    images : ndarray of shape (n, h, w) or (n, h, w, c), c <= 4, uint8 or uint16
        The images. Order of channels does not matter; a second or fourth one is alpha.
    config
        Its transforms, seed and resize settings are used; None for the defaults.
    copies
        Copies of each image.
    ids
        A name for each image, which its draws are hashed with; None for 00000, 00001, ...

    Returns
    -------
    Augmented
        Images, of the same dtype, and parameters.

    Raises
    ------
    InputError
        When the array has another shape or dtype.

    Examples
    --------
    >>> augment(np.zeros((2, 8, 6, 3), np.uint8), copies=3).images.shape
    (6, 8, 6, 3)
    """
    config = config or Config()
    if images.ndim not in (3, 4) or (images.ndim == 4 and not 1 <= images.shape[3] <= 4):
        raise InputError(
            f"got an array of shape {images.shape}; expected (n, h, w) or (n, h, w, c)"
        )
    if images.dtype not in (np.uint8, np.uint16):
        raise InputError(f"got an array of {images.dtype}; expected uint8 or uint16")
    if ids is not None and len(ids) != len(images):
        raise InputError(f"got {len(ids)} ids for {len(images)} images; pass one for each")
    pipeline = config.pipeline()
    geometry = ResizeGeometry.fit(
        Size(*images.shape[1:3]), config.output.frame, crop=config.output.crop
    )
    channels = 1 if images.ndim == 3 else images.shape[3]
    made = np.empty((len(images) * copies, *geometry.frame, *images.shape[3:]), images.dtype)
    names = ids if ids is not None else [f"{index:05}" for index in range(len(images))]
    drawn = pipeline.draw(config.seed, [Subject(name, geometry, copies) for name in names])
    for index, image in enumerate(images):
        prepared = geometry.prepare(padded(image))
        for place in range(index * copies, (index + 1) * copies):
            pixels = unpadded(drawn.make(place, prepared, channels), channels)
            made[place] = pixels.reshape(made.shape[1:])
    params = tuple(drawn.params(place) for place in range(len(made)))
    return Augmented(made, np.repeat(np.arange(len(images)), copies), params)
