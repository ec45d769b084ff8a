"""Prints hashes of what ``portable: true`` promises: ``python -m tests.portable_bytes``.

It is run with other features of the CPU, and with other versions of OpenCV.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.noise import splitmix64
from augtool.core.pipeline import Subject
from augtool.core.transforms import TRANSFORMS
from augtool.core.warp import unpadded
from augtool.images import codec, source_image
from tests.core.test_transforms import ON

FORMS = [(dtype, channels) for dtype in (np.uint8, np.uint16) for channels in (1, 2, 3, 4)]


def whole_picture(dtype: Any, channels: int, height: int = 61, width: int = 47) -> Any:
    """Return a picture made of whole numbers alone: waves, an edge and noise."""
    rows, columns, planes = np.ogrid[:height, :width, :channels]
    waves = (rows * (3 + planes) + columns * 5) % 97 + 60 * (columns > 20 + planes)
    noise = splitmix64(channels, 0, waves.size).reshape(waves.shape) % np.uint64(80)
    image = (waves + noise.astype(int)).astype(np.uint8)
    if dtype == np.uint16:
        image = image * np.uint16(257) + noise.astype(np.uint16)
    return image[..., 0] if channels == 1 else image


def configs() -> Iterator[tuple[str, Config]]:
    """Yield every transform that is portable, and what else makes pixels, one at a time."""
    for kind in TRANSFORMS:
        if kind.portable:
            yield kind.name, config(transforms={kind.name: ON[kind.name], "rotation_range": 30})
    turned = {"rotation_range": 60, "zoom_range": [0.5, 3], "shear_range": 20}
    for fill_mode, order in product(("nearest", "reflect", "wrap", "constant"), (0, 1)):
        modes = {"fill_mode": fill_mode, "interpolation_order": order, "cval": 77}
        yield f"{fill_mode}, {order}", config(transforms={**turned, **modes})
    for size in ("100x90", "13x9", "20x31"):
        yield size, config(transforms=turned, output={"resize": size, "crop": True})
    for wanted in (
        {"flatten": "#c08040"},
        {"color_mode": "grayscale", "flatten": "white"},
        {"depth": 8},
    ):
        yield str(wanted), config(transforms=turned, output=wanted)


def config(**settings: Any) -> Config:
    return Config.model_validate({"portable": True, **settings})


def hashes() -> dict[str, str]:
    """Return a hash of the pixels of each config and form, and one of the bytes of each format."""
    found = {}
    for (dtype, channels), (name, each) in product(FORMS, configs()):
        loaded = source_image.load(whole_picture(dtype, channels), each)
        pipeline = each.pipeline()
        if pipeline.unsupported_reason(loaded.spec) is None:
            drawn = pipeline.draw(5, [Subject("a", loaded.geometry, 3)])
            made = [drawn.make(number, loaded.prepared, loaded.channels) for number in range(3)]
            pixels = [unpadded(image, loaded.channels) for image in (*made, loaded.resized())]
            found[f"{name}, {dtype.__name__}, {channels}"] = digest(*pixels)
    for (dtype, channels), name in product(FORMS, ("jpg", "png", "webp", "bmp", "tiff")):
        image = whole_picture(dtype, channels)
        spec = source_image.load(image, Config()).spec
        if codec.unsupported_reason(name, spec) is None:
            for quality, size in product((40, 95), (None, "10x8")):
                output = {"quality": quality, "resize": size}
                data = source_image.encode(image, channels, name, config(output=output))
                again = source_image.load(data, config(output=output)).prepared
                key = f"{name}, {dtype.__name__}, {channels}, {quality}, {size}"
                found[key] = digest(np.frombuffer(data, np.uint8), again)
    return found


def exact() -> str:
    """Return a hash of the warp that is not portable."""
    matrix = np.array([[0.8, -0.6, 12.3], [0.6, 0.8, -17.7]])
    image = whole_picture(np.uint16, 4)
    return digest(cv2.warpAffine(image, matrix, (47, 61), None, cv2.WARP_INVERSE_MAP | 1))


def digest(*arrays: Any) -> str:
    state = hashlib.sha256()
    for array in arrays:
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()[:16]


if __name__ == "__main__":
    json.dump({"cv2": cv2.__version__, "exact": exact(), "portable": hashes()}, sys.stdout)
