"""What this machine makes of one small image, in hashes: bytes depend on it beside versions.

The warp of one OpenCV differs by a level between CPUs with and without AVX2, and hue with Intel's
IPP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image, Sizes, WarpOptions
from augtool.core.stages import Step, apply_steps
from augtool.core.transforms.downscale import Downscale
from augtool.core.transforms.gaussian_blur import GaussianBlur
from augtool.core.transforms.hue import Hue
from augtool.core.transforms.motion_blur import MotionBlur
from augtool.core.transforms.saturation import Saturation
from augtool.core.warp import Warps
from augtool.images import codec

__all__ = ["FORMATS", "machine_hashes"]

_HEIGHT, _WIDTH = 44, 50
#: Turned, sheared and moved by parts of a pixel: no pixel falls on another.
_PULLS = ((0.9063, -0.3143, 7.377, 0.2897, 0.8809, -5.191), (-0.31, 1.27, 20.3, -0.96, 0.17, 39.7))
_QUALITY = 95
_DIGITS = 12
#: What is stored in each format: dtype and channels.
_FORMS = {
    "jpg": [(np.uint8, 1), (np.uint8, 3)],
    "png": [(np.uint8, 2), (np.uint8, 3), (np.uint16, 3)],
    "webp": [(np.uint8, 3)],
    "bmp": [(np.uint8, 3)],
    "tiff": [(np.uint8, 3)],
}
FORMATS = tuple(_FORMS)


def machine_hashes(config: Config, formats: Iterable[str]) -> dict[str, str]:
    """Return hashes of a small warp and filter, and of each format written and read again, by name.

    With ``portable: true`` they are the same everywhere.

    Parameters
    ----------
    config
        Its `portable` and `png_encoder` count.
    formats
        Of records and sources.
    """
    fast_png = config.output.png_encoder == "fpng"
    known = [name for name in formats if name in _FORMS]
    return {
        "warp": _warped(config.portable),
        "filter": _filtered(config.portable),
        **{name: _stored(name, is_fast=name == "png" and fast_png) for name in sorted(known)},
    }


@lru_cache
def _warped(portable: bool) -> str:
    orders = (0, 1) if portable else (0, 1, 3)
    size = Sizes(float(_HEIGHT), float(_WIDTH))
    warps = [Warps.prepare(pull, size, size, 1) for pull in _PULLS]
    images = [_picture(*form) for form in ((np.uint8, 1), (np.uint8, 4), (np.uint16, 4))]
    return _digest(
        warp.pull(0, image, WarpOptions("reflect", (0.0,), order, portable))
        for image, warp, order in product(images, warps, orders)
    )


@lru_cache
def _filtered(portable: bool) -> str:
    steps: list[Step] = [
        (Saturation(0, 2), (1.7,)),
        *([] if portable else [(Hue(0, 1), (0.13,))]),
        (GaussianBlur(0, 9), (1.3,)),
        *([] if portable else [(MotionBlur(0, 9), (4.4, 27.0))]),
        (Downscale(0, 1), (0.57,)),
    ]
    image = _picture(np.uint8, 3)
    wide = image.astype(np.uint16) * np.uint16(257)
    of_16_bits = [step for step in steps if step[0].name != "hue_range"]
    return _digest([apply_steps(image, steps), apply_steps(wide, of_16_bits)])


@lru_cache
def _stored(name: str, *, is_fast: bool) -> str:
    return _digest(_stored_arrays(name, is_fast=is_fast))


def _stored_arrays(name: str, *, is_fast: bool) -> Iterator[Image]:
    """Yield a picture's bytes in a format, and the pixels of these, by each decoder."""
    encoder = "fpng" if is_fast else "opencv"
    for dtype, channels in _FORMS[name]:
        data = codec.encode(_picture(dtype, channels), name, _QUALITY, png_encoder=encoder)
        yield np.frombuffer(data, np.uint8)
        # Not by `codec.decode`: nothing can be complained of.
        yield np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
        header = codec.probe(data, _HEIGHT * _WIDTH * 2)
        for reduce in (1, 2):
            strict = codec.decode_strictly(data, header, reduce)
            if strict is not None:
                yield strict


def _picture(dtype: type[np.unsignedinteger], channels: int) -> Image:
    """Return noise: Knuth's multiplicative hash of the place."""
    places = np.arange(_HEIGHT * _WIDTH * channels, dtype=np.uint32)
    noise = (places * np.uint32(2654435761)) >> np.uint32(32 - 8 * np.dtype(dtype).itemsize)
    shape = (_HEIGHT, _WIDTH) if channels == 1 else (_HEIGHT, _WIDTH, channels)
    picture: Image = noise.astype(dtype).reshape(shape)
    return picture


def _digest(arrays: Iterable[Image]) -> str:
    state = hashlib.sha256()
    for array in arrays:
        state.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return state.hexdigest()[:_DIGITS]
