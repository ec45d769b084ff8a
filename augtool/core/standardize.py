"""ImageDataGenerator's `standardize`: numbers for training, in its order and to its formulas.

``rescale -> samplewise centre, std -> featurewise centre, std -> ZCA``, after all augmentation.
As there, std implies centre, ZCA implies the featurewise centre and switches the featurewise std
off, and the statistics are those of the rescaled training set.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from augtool.core.channel_stats import Sums, add, describe, sums_of_array

__all__ = ["KEYS", "Fitted", "Standardization", "zca_bytes"]

#: The settings it reads.
KEYS = (
    "rescale",
    "samplewise_center",
    "samplewise_std_normalization",
    "featurewise_center",
    "featurewise_std_normalization",
    "zca_whitening",
)
Numbers = npt.NDArray[Any]
#: Added to every divisor, as Keras does.
_EPSILON = 1e-6


class Fitted(NamedTuple):
    """Statistics of a training set: mean and std by channel, and the whitening matrix.

    None if not asked for.
    """

    mean: Numbers | None = None
    std: Numbers | None = None
    zca_matrix: Numbers | None = None


class Standardization(NamedTuple):
    """The steps that are on."""

    rescale: float | None = None
    samplewise_center: bool = False
    samplewise_std: bool = False
    featurewise_center: bool = False
    featurewise_std: bool = False
    zca_whitening: bool = False
    zca_epsilon: float = _EPSILON

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> Standardization:
        """Return the steps for ImageDataGenerator's arguments by name."""

        def is_on(name: str) -> bool:
            return bool(settings.get(name))

        whitens = is_on("zca_whitening")
        epsilon = settings.get("zca_epsilon")
        divides = is_on("featurewise_std_normalization")
        return cls(
            rescale=settings.get("rescale") or None,
            samplewise_center=is_on("samplewise_center") or is_on("samplewise_std_normalization"),
            samplewise_std=is_on("samplewise_std_normalization"),
            featurewise_center=is_on("featurewise_center") or divides or whitens,
            featurewise_std=divides and not whitens,
            zca_whitening=whitens,
            zca_epsilon=_EPSILON if epsilon is None else float(epsilon),
        )

    @property
    def is_identity(self) -> bool:
        """Whether no step is on."""
        return not (self.rescale or self.samplewise_center or self.featurewise_center)

    @property
    def needs_fit(self) -> bool:
        """Whether a training set must be read first."""
        return self.featurewise_center

    def fit(self, blocks: Callable[[], Iterable[Numbers]], dtype: Any) -> Fitted:
        """Return what the steps need to know about a training set.

        Parameters
        ----------
        blocks
            Returns the set, block by block: arrays of shape (n, H, W, C), uint8 or uint16. It is
            called twice if whitening is on. Sums of levels are exact, so block sizes don't affect
            mean and std.
        dtype
            What the statistics are rounded to.
        """
        if not self.needs_fit:
            return Fitted()
        sums: Sums = {}
        for block in blocks():
            add(sums, sums_of_array(block))
        described = describe(sums)
        mean, std = np.array(described["mean"]), np.array(described["std"])
        scale = self.rescale or 1.0
        fitted = Fitted(
            np.asarray(mean * scale, dtype),
            np.asarray(std * abs(scale), dtype) if self.featurewise_std else None,
        )
        if not self.zca_whitening:
            return fitted
        centred = (self._featurewise(self._rescaled(each, dtype), fitted) for each in blocks())
        return Fitted(fitted.mean, fitted.std, _whitening(centred, self.zca_epsilon, dtype))

    def apply(self, block: Numbers, fitted: Fitted, dtype: Any) -> Numbers:
        """Return a block of images, (n, H, W, C) of whole numbers, as standardised floats."""
        images = self._rescaled(block, dtype)
        picture = tuple(range(1, images.ndim))
        if self.samplewise_center:
            images -= images.mean(axis=picture, keepdims=True)
        if self.samplewise_std:
            images /= images.std(axis=picture, keepdims=True) + _EPSILON
        images = self._featurewise(images, fitted)
        if fitted.zca_matrix is None:
            return images
        flat: Numbers = images.reshape(len(images), -1) @ fitted.zca_matrix
        return flat.reshape(images.shape)

    def _rescaled(self, block: Numbers, dtype: Any) -> Numbers:
        images = block.astype(dtype)
        if self.rescale:
            images *= np.asarray(self.rescale, dtype)
        return images

    def _featurewise(self, images: Numbers, fitted: Fitted) -> Numbers:
        if fitted.mean is not None:
            images -= fitted.mean
        if fitted.std is not None:
            images /= fitted.std + np.asarray(_EPSILON, images.dtype)
        return images


def _whitening(blocks: Iterable[Numbers], epsilon: float, dtype: Any) -> Numbers:
    """Return ``U diag(sqrt(n) / (s + epsilon)) U^T`` of the set's singular values and vectors.

    Keras decomposes the whole set at once; the eigenvectors of ``X^T X`` are the same U, and its
    eigenvalues s squared, and that matrix can be summed up block by block.
    """
    count, gram = 0, None
    for block in blocks:
        flat = block.reshape(len(block), -1).astype(np.float64)
        count += len(flat)
        gram = flat.T @ flat if gram is None else gram + flat.T @ flat
    assert gram is not None
    values, vectors = np.linalg.eigh(gram)
    rank = min(count, len(values))  # `full_matrices=False`
    singular = np.sqrt(np.maximum(values[-rank:], 0))
    kept = vectors[:, -rank:]
    matrix: Numbers = ((kept * (math.sqrt(count) / (singular + epsilon))) @ kept.T).astype(dtype)
    return matrix


def zca_bytes(numbers: int) -> int:
    """Return about how much memory whitening takes for images of this many numbers."""
    return 5 * 8 * numbers * numbers
