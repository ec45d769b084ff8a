"""Augments images that are already in memory, with the same draws as `expand`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

from augtool.config.schema import Config
from augtool.core.geometry import Image, Size
from augtool.core.image_spec import ImageSpec
from augtool.core.pipeline import Params, Subject
from augtool.core.resize import Reduction, ResizeGeometry
from augtool.core.warp import padded, unpadded
from augtool.errors import InputError

__all__ = ["Augmented", "augment"]

#: Images, or floats from 0 to 1.
Pixels = npt.NDArray[Any]
Images = TypeVar("Images", Pixels, list[Pixels])

#: Floats are augmented as levels from 0 to this.
_HIGHEST = 255


@dataclass(frozen=True, slots=True)
class Augmented(Generic[Images]):
    """Copies of images.

    Parameters
    ----------
    images : ndarray of shape (n * copies, h, w[, c]), or a list of n * copies arrays
        Copy 0, 1, ... of the first image, then of the second, and so on.
    source : ndarray of shape (n * copies,), int
        Which image each one was made from: index labels with it.
    params
        The parameters drawn for each.
    """

    images: Images
    source: np.ndarray[tuple[int], np.dtype[np.int64]]
    params: tuple[Params, ...]


@overload
def augment(
    images: Pixels,
    config: Config | None = ...,
    *,
    copies: int = ...,
    ids: Sequence[str] | None = ...,
) -> Augmented[Pixels]: ...


@overload
def augment(
    images: Sequence[Pixels],
    config: Config | None = ...,
    *,
    copies: int = ...,
    ids: Sequence[str] | None = ...,
) -> Augmented[list[Pixels]]: ...


def augment(
    images: Pixels | Sequence[Pixels],
    config: Config | None = None,
    *,
    copies: int = 1,
    ids: Sequence[str] | None = None,
) -> Augmented[Any]:
    """Return augmented copies of an array, or of a list, of images.

    Parameters
    ----------
    images : ndarray of shape (n, h, w) or (n, h, w, c), or a list of (h, w) or (h, w, c); c <= 4
        The images: uint8, uint16, or floats from 0 to 1. In a list, sizes, channels and dtypes may
        differ. A second or fourth channel is alpha. Colours are R, G, B; their order matters only
        to transforms that know colours, such as ``saturation_range``.
    config
        Its transforms, seed and resize settings are used; None for the defaults. What changes
        numbers when arrays are written (``rescale``, ``featurewise_center``, ``dtype``, ...) is not
        applied.
    copies
        Copies of each image.
    ids
        A name for each image, which its draws are hashed with; None for 00000, 00001, ...

    Returns
    -------
    Augmented
        Images and parameters: an array for an array, a list for a list, of the same dtype.

    Raises
    ------
    InputError
        When an image has another shape or dtype, floats are not from 0 to 1, or a transform does
        not take such images.

    Notes
    -----
    Floats are rounded to levels of 8 bits, so the result is that for the uint8 image, divided by
    255; ``channel_shift_range`` and ``cval`` are in levels of 255 then. Pass uint16 where that
    is too coarse. Floats from 0 to 255, as Keras has them, must be divided by 255 first.

    Examples
    --------
    >>> augment(np.zeros((2, 8, 6, 3), np.uint8), copies=3).images.shape
    (6, 8, 6, 3)
    >>> mixed = [np.zeros((8, 6, 3), np.uint8), np.ones((5, 7), np.float32)]
    >>> [(image.shape, image.dtype.name) for image in augment(mixed).images]
    [((8, 6, 3), 'uint8'), ((5, 7), 'float32')]
    """
    config = config or Config()
    _check(images, ids)
    names = ids if ids is not None else [f"{index:05}" for index in range(len(images))]
    geometries = [_geometry(image, index, config) for index, image in enumerate(images)]
    if not geometries:
        none = np.zeros(0, np.int64)
        return Augmented(images if isinstance(images, np.ndarray) else [], none, ())
    pipeline = config.pipeline()
    swaps = any(transform.knows_colours for transform in pipeline.photometric)
    if not swaps:
        pipeline = replace(pipeline, warp_options=pipeline.warp_options.swapped())
    drawn = pipeline.draw(
        config.seed,
        [Subject(name, geometry, copies) for name, geometry in zip(names, geometries)],
    )
    made: Pixels | list[Pixels] = []
    if isinstance(images, np.ndarray):
        shape = (len(images) * copies, *geometries[0].frame, *images.shape[3:])
        made = np.empty(shape, images.dtype)
    for index, image in enumerate(images):
        levels = _levels(image, index)
        channels = 1 if levels.ndim == 2 else levels.shape[2]
        if swaps:
            levels = _swapped(levels)
        spec = ImageSpec(*geometries[index].frame, channels, 8 * levels.itemsize)
        if reason := pipeline.unsupported_reason(spec):
            raise InputError(f"image {index}: {reason}", stage="transform")
        full, known = padded(levels), dict[Reduction, Image]()
        shape = (*geometries[index].frame, *levels.shape[2:])
        for place in range(index * copies, (index + 1) * copies):
            reduction = drawn.reductions[place]
            if reduction not in known:
                known[reduction] = geometries[index].prepare(full, reduction=reduction)
            made_of = drawn.make(place, known[reduction], channels)
            pixels = unpadded(made_of, channels).reshape(shape)
            copy = _as(image.dtype, _swapped(pixels) if swaps else pixels)
            if isinstance(made, list):
                is_shared = drawn.warps.leave_unchanged[place]
                made.append(copy.copy() if is_shared else copy)
            else:
                made[place] = copy
    count = len(images) * copies
    source = np.repeat(np.arange(len(images)), copies)
    return Augmented(made, source, tuple(drawn.params(place) for place in range(count)))


def _check(images: Pixels | Sequence[Pixels], ids: Sequence[str] | None) -> None:
    if isinstance(images, np.ndarray) and images.ndim not in (3, 4):
        hint = "; for one image, pass image[None]" if images.ndim == 2 else ""
        raise InputError(
            f"got an array of shape {images.shape}; expected (n, h, w) or (n, h, w, c){hint}"
        )
    if ids is not None and len(ids) != len(images):
        raise InputError(f"got {len(ids)} ids for {len(images)} images; pass one for each")


def _geometry(image: Pixels, index: int, config: Config) -> ResizeGeometry:
    """Return how an image maps to its frame; it must be one."""
    where = f"image {index}"
    if not isinstance(image, np.ndarray):
        raise InputError(f"{where}: got {type(image).__name__}; expected a NumPy array")
    if image.ndim not in (2, 3) or (image.ndim == 3 and not 1 <= image.shape[2] <= 4):
        raise InputError(
            f"{where}: got shape {image.shape}; expected (h, w), or (h, w, c) with 1 to 4 channels"
        )
    if not image.size:
        raise InputError(f"{where}: got shape {image.shape}, which has no pixels")
    size = Size(*image.shape[:2])
    return ResizeGeometry.fit(size, config.output.frame, crop=config.output.crop)


def _levels(image: Pixels, index: int) -> Image:
    """Return an image as levels of 8 or 16 bits."""
    if image.dtype in (np.uint8, np.uint16):
        return image
    where = f"image {index}"
    if image.dtype.kind != "f":
        raise InputError(f"{where}: got {image.dtype}; expected uint8, uint16, or floats in [0, 1]")
    low, high = float(image.min()), float(image.max())
    if not 0 <= low <= high <= 1:  # NaN is neither
        raise InputError(
            f"{where}: got floats from {low:g} to {high:g}; expected 0 to 1, so divide levels of 8"
            " bits by 255, or pass them as uint8"
        )
    levels: Image = np.rint(image * np.float32(_HIGHEST)).astype(np.uint8)
    return levels


def _swapped(levels: Image) -> Image:
    """Return an image whose red and blue, if it has them, have changed places."""
    channels = 1 if levels.ndim == 2 else levels.shape[2]
    if channels < 3:
        return levels
    return np.ascontiguousarray(levels[..., [2, 1, 0, 3][:channels]])


def _as(dtype: np.dtype[Any], levels: Image) -> Pixels:
    """Return levels in the dtype of the image that they were made from."""
    return levels if dtype.kind == "u" else (levels / np.float32(_HIGHEST)).astype(dtype)
