"""Pictures and trees for tests, made in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt


def picture(
    seed: int = 0, height: int = 24, width: int = 31, channels: int = 3, dtype: Any = np.uint8
) -> npt.NDArray[Any]:
    """Return a smooth picture with an edge in it; neither square nor even-sided by default."""
    rng = np.random.default_rng(seed)
    highest = np.iinfo(dtype).max
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(channels):
        a, b, c = rng.uniform(0.5, 3, 3)
        wave = np.sin(a * x / width * 3 + c) + np.cos(b * y / height * 3)
        wave += (x > width * rng.uniform(0.3, 0.7)) * rng.uniform(-1, 1)
        planes.append((wave - wave.min()) / (np.ptp(wave) or 1) * highest)
    image = np.stack(planes, axis=-1).astype(dtype)
    return image[..., 0] if channels == 1 else image


def photo(seed: int = 0, height: int = 240, width: int = 320) -> npt.NDArray[np.uint8]:
    """Return a picture with detail at every scale, as in a photograph."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3))
    for size in (4, 16, 64, 256):
        coarse = rng.normal(0, 40 / size**0.4, (max(2, size * height // width), size, 3))
        image += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(image + 128, 0, 255).astype(np.uint8)


def write(path: Path, image: npt.NDArray[Any], *params: int) -> Path:
    """Encode a picture in the format of its name and write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_done, data = cv2.imencode(path.suffix, image, list(params))
    assert is_done
    path.write_bytes(data.tobytes())
    return path


def make_tree(root: Path, classes: dict[str, int], suffix: str = ".png", **form: Any) -> Path:
    """Write a class-per-folder tree of numbered pictures."""
    for label, (name, count) in enumerate(classes.items()):
        for index in range(count):
            write(root / name / f"{index:02}{suffix}", picture(100 * label + index, **form))
    return root


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
