"""Make pictures that compress like photographs: gradients, shapes, texture and noise.

Runs in augtool's environment (numpy, cv2), started by `inputs.py`. SourceImage k is a
function of its kind and k alone. Sizes aimed at: CIFAR-like 32x32 JPEGs of 1 to 2 KB,
photographs of about 500x400 of 60 to 110 KB.
"""

from __future__ import annotations

import argparse
import multiprocessing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Kind:
    """How pictures of one kind look.

    Attributes
    ----------
    sizes : tuple of (int, int)
        Shapes `(height, width)`, taken in turn.
    shapes : int
        How many ellipses are drawn at most.
    roughness : float
        How much of an octave's amplitude the next finer octave has, in (0, 1).
    noise : float
        Standard deviation of the noise of each pixel, in levels; a picture has from
        half of it to twice as much.
    quality : int
        JPEG quality.
    """

    classes: int
    sizes: tuple[tuple[int, int], ...]
    shapes: int
    roughness: float
    noise: float
    quality: int


KINDS = {
    "cifar": Kind(10, ((32, 32),), 3, 0.55, 2.0, 95),
    "photos": Kind(5, ((400, 500), (375, 500), (500, 375), (400, 480)), 12, 0.7, 4.0, 95),
}


def draw_picture(kind: Kind, number: int) -> Image:
    """DrawnParams picture `number` of a kind.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
    """
    rng = np.random.default_rng([number, kind.sizes[0][0]])
    height, width = kind.sizes[number % len(kind.sizes)]
    canvas = _octaves(rng, height, width, kind.roughness)
    for _ in range(int(rng.integers(1, kind.shapes + 1))):
        _draw_ellipse(rng, canvas)
    noise = kind.noise * float(rng.uniform(0.5, 2.0))
    blurred = cv2.GaussianBlur(canvas, (0, 0), 0.6)
    noisy = blurred + rng.normal(0.0, noise, canvas.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _octaves(
    rng: np.random.Generator, height: int, width: int, roughness: float
) -> npt.NDArray[np.float32]:
    """Sum noise of finer and finer grain, each octave weaker than the one before."""
    canvas = np.full((height, width, 3), rng.uniform(60, 190, 3), np.float32)
    amplitude, cells = 60.0, 2
    while cells <= max(height, width):
        # Colour varies less than brightness, as in photographs.
        grain = rng.normal(0.0, 1.0, (cells, cells, 1)) + rng.normal(0.0, 0.3, (cells, cells, 3))
        finer = cv2.resize(grain.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        canvas += amplitude * finer
        amplitude, cells = amplitude * roughness, cells * 2
    return canvas


def _draw_ellipse(rng: np.random.Generator, canvas: npt.NDArray[np.float32]) -> None:
    """Shift the levels inside a random ellipse; the texture below stays."""
    height, width = canvas.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    centre = (int(rng.integers(width)), int(rng.integers(height)))
    axes = (int(rng.integers(2, width // 3)), int(rng.integers(2, height // 3)))
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    canvas[mask > 0] += rng.uniform(-70, 70, 3).astype(np.float32)


def _write_picture(kind: Kind, root: Path, number: int) -> None:
    folder = root / f"class_{number % kind.classes}"
    options = [cv2.IMWRITE_JPEG_QUALITY, kind.quality]
    is_encoded, data = cv2.imencode(".jpg", draw_picture(kind, number), options)
    if not is_encoded:
        msg = f"picture {number}: cv2 could not encode it"
        raise RuntimeError(msg)
    (folder / f"{number:06d}.jpg").write_bytes(data.tobytes())


def main() -> None:
    """Write `--count` pictures of `--kind` below `--out`, in class folders."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kind", choices=sorted(KINDS), required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    kind = KINDS[arguments.kind]
    for number in range(kind.classes):
        (arguments.out / f"class_{number}").mkdir(parents=True)
    cv2.setNumThreads(1)
    with multiprocessing.get_context("fork").Pool() as pool:
        write = partial(_write_picture, kind, arguments.out)
        pool.map(write, range(arguments.count), chunksize=32)


if __name__ == "__main__":
    main()
