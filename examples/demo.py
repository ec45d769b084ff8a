"""Make a small picture tree, expand it, and say where to look. Run by ``make demo``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from augtool.runtime import load_opencv

load_opencv()

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402

HEIGHT, WIDTH = 96, 128
INK = {"circles": (60, 90, 220), "squares": (90, 180, 70), "triangles": (210, 130, 50)}


def draw(shape: str, seed: int) -> npt.NDArray[np.uint8]:
    """Return a picture of one shape on a graded ground, BGR, (HEIGHT, WIDTH, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    slope = rng.uniform(0.2, 0.8, 3)
    ground = 110 + 90 * (slope * (x / WIDTH)[..., None] + (1 - slope) * (y / HEIGHT)[..., None])
    image = (ground + rng.normal(0, 4, (HEIGHT, WIDTH, 3))).clip(0, 255).astype(np.uint8)
    middle = np.array([WIDTH, HEIGHT]) * rng.uniform(0.35, 0.65, 2)
    radius = rng.uniform(18, 30)
    if shape == "circles":
        cv2.circle(image, middle.astype(int).tolist(), int(radius), INK[shape], -1, cv2.LINE_AA)
    else:
        corners = 4 if shape == "squares" else 3
        angles = rng.uniform(0, 6.3) + np.arange(corners) * 2 * np.pi / corners
        points = middle + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        cv2.fillPoly(image, [points.astype(np.int32)], INK[shape], cv2.LINE_AA)
    return image


def main() -> None:
    """Write the tree, and call augtool as a person would."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    data, out = folder / "data", folder / "out"
    for shape in INK:
        (data / shape).mkdir(parents=True, exist_ok=True)
        for number in range(6):
            encoded = cv2.imencode(".png", draw(shape, number))[1].tobytes()
            (data / shape / f"{number}.png").write_bytes(encoded)
    call("preview", data, "-o", folder / "sheet.png")
    call("expand", data, out, "--ratio", 1.5, "--overwrite")
    print(f"contact sheet:  {folder}/sheet.png")
    print(f"pictures:       {out}/<class>/")
    print(f"manifest:       {out}/manifest.csv")


def call(*arguments: object) -> None:
    """Run augtool, showing the command."""
    words = [str(argument) for argument in arguments]
    print("$ augtool", *words, flush=True)
    subprocess.run([sys.executable, "-m", "augtool", *words], check=True)


if __name__ == "__main__":
    main()
