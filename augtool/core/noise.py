"""Noise made of whole numbers: a counter, SplitMix64 and a table of normal quantiles.

The same key gives the same noise on every machine, so that a manifest row is enough to make it
again.  Work is done in blocks, which fit a cache and keep memory low for large images.

G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image
from augtool.core.photometric import colour_channels
from augtool.core.rng import Words
from augtool.core.trig import exp

__all__ = ["KEYS", "add_gaussian", "add_salt_and_pepper", "splitmix64"]

#: Keys are below this, so that a float holds each exactly.
KEYS = 2**53
#: How many values are made at once; a multiple of those in a word.
_BLOCK = 2**17
#: 16 bits choose a quantile.
_CELLS = 2**16
#: Quantiles and sigma are whole multiples of 1/4096.
_UNIT_BITS = 12
_UNIT = 2**_UNIT_BITS
#: More than any quantile: the outermost is 4.33.
_HIGHEST = 5 * _UNIT
#: Of the normal distribution at 0: 1 / sqrt(2 pi).
_PEAK_DENSITY = 0.3989422804014327
#: Beyond this power, nothing is left of the series below 5.
_LAST_ODD = 145


def splitmix64(key: int, first: int, count: int) -> Words:
    """Return words `first` to ``first + count - 1`` of the stream of a key.

    >>> [hex(word) for word in splitmix64(0, 0, 2).tolist()]
    ['0xe220a8397b1dcdaf', '0x6e789e6aa1b965f4']
    """
    words = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    words *= np.uint64(0x9E3779B97F4A7C15)
    words += np.uint64(key)
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


def add_gaussian(image: Image, sigma: float, key: int) -> Image:
    """Return an image with normal noise of `sigma` on each level of its colour channels.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
    sigma
        In levels of 255, also for 16 bits, where each stands for 257 levels.
    key
        Whole number from 0 to 2**53, from which the noise is made.
    """
    top = int(np.iinfo(image.dtype).max)
    fixed = round(sigma * (top // 255) * _UNIT)
    noisy: Image = image.copy()
    colour = _colour(noisy)
    levels = np.ascontiguousarray(colour).reshape(1, -1)
    # A table pays where there are more levels than it has entries.
    table = _scaled(_quantiles(), fixed, top) if levels.size >= _CELLS else None
    for first in range(0, levels.size, _BLOCK):
        block = levels[:, first : first + _BLOCK]
        words = splitmix64(key, first // 4, -(-block.size // 4))
        cells = words.astype("<u8", copy=False).view("<u2")[: block.size]
        noise = _quantiles().take(cells) if table is None else table.take(cells)
        noise = _scaled(noise, fixed, top) if table is None else noise
        if top == 255:
            block[:] = cv2.add(block, noise.reshape(1, -1), dtype=cv2.CV_8U)
        else:
            block[:] = np.clip(block + noise, 0, top)
    colour[...] = levels.reshape(colour.shape)
    return noisy


def add_salt_and_pepper(image: Image, share: float, key: int) -> Image:
    """Return an image with a share of its pixels, drawn with `key`, turned black or white.

    As many become black as white; alpha stays.
    """
    noisy: Image = image.copy(order="C")
    pixels = _colour(noisy.reshape(1, -1, *image.shape[2:]))[0]
    salted, peppered = round(share * 2**32), round(share * 2**31)
    for first in range(0, len(pixels), _BLOCK):
        block = pixels[first : first + _BLOCK]
        words = splitmix64(key, first // 2, -(-len(block) // 2))
        drawn = words.astype("<u8", copy=False).view("<u4")[: len(block)]
        chosen = np.flatnonzero(drawn < salted)
        is_pepper = drawn[chosen] < peppered
        block[chosen[is_pepper]] = 0
        block[chosen[~is_pepper]] = np.iinfo(image.dtype).max
    return noisy


def _colour(image: Image) -> Image:
    return image if image.ndim == 2 else image[..., : colour_channels(image)]


def _scaled(quantiles: npt.NDArray[np.int16], fixed: int, top: int) -> npt.NDArray[Any]:
    """Return quantiles times `fixed` / 4096 in levels; more than all levels is as much as all."""
    fits = fixed * _HIGHEST + _UNIT**2 < 2**31
    noise = quantiles.astype(np.int32 if fits else np.int64)
    noise *= fixed
    noise += _UNIT**2 // 2
    noise >>= 2 * _UNIT_BITS
    np.maximum(noise, -top, out=noise)
    np.minimum(noise, top, out=noise)
    return noise.astype(np.int16 if top == 255 else np.int32)


@lru_cache(1)
def _quantiles() -> npt.NDArray[np.int16]:
    """Return 65,536 quantiles of the normal distribution in 1/4096: a cell has one each.

    A quantile is the number of edges, midway between multiples of 1/4096, that lie below it. The
    distribution at an edge x is 1/2 + density(x) (x + x^3/3 + x^5/(3 5) + ...), a sum without
    cancellation (Abramowitz and Stegun, 26.2.11). No edge is so near to a cell's middle that the
    last digits of that would matter.
    """
    edge = (np.arange(_HIGHEST) + 0.5) / _UNIT
    square = edge * edge
    share, term = edge.copy(), edge.copy()
    for odd in range(3, _LAST_ODD, 2):
        term *= square / odd
        share += term
    density = exp(square / -16)  # exp is for numbers near 0: the rest by squaring
    for _ in range(3):
        density *= density
    share *= density * _PEAK_DENSITY
    middles = (np.arange(_CELLS // 2) + 0.5) / _CELLS
    upper = np.searchsorted(share, middles).astype(np.int16)
    return np.concatenate([-upper[::-1], upper])
