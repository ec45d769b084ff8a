"""The gallery: every transform at the low end, the middle and the high end of its range.

The pictures are drawn by ``augtool preview`` itself, of the photos that scikit-image ships in its
wheel: chelsea (a cat), by Stefan van der Walt, and coffee, by Rachel Michetti, both CC0, and a
rocket that SpaceX gave to the public domain.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from augtool.cli.app import app
from augtool.core.transforms import TRANSFORMS

__all__ = ["EXAMPLES", "PHOTOS", "draw", "gallery_page", "photos"]

_ROOT = Path(__file__).parents[2]
PHOTOS = {"cat": "chelsea.png", "cup": "coffee.png", "rocket": "rocket.jpg"}
_HEAD = """# Gallery

Each transform alone, on the same three photos: at the low end, in the middle, and at the high end
of the range in its setting. Below a picture is what was drawn, and how strong it is: 1 - SSIM of
the gray images, and the distance in colour. All can be combined: [the config](config.md) says how,
and what a copy costs is
measured beside other libraries: [What transforms cost](speed.md).

The pictures on this page were drawn by `augtool preview --per-transform`.
"""
#: A setting of each transform that shows what it does.
EXAMPLES: dict[str, object] = {
    "crop_range": [0.2, 1],
    "rotation_range": 30,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 20,
    "vertical_shear_range": 20,
    "zoom_range": 0.3,
    "scale_range": 0.3,
    "horizontal_flip": True,
    "vertical_flip": True,
    "rotate_90": True,
    "perspective_range": 0.5,
    "elastic": [0.02, 0.1],
    "white_balance_range": 0.3,
    "channel_shuffle": True,
    "saturation_range": 0.8,
    "grayscale": True,
    "hue_range": 0.1,
    "contrast_range": 0.5,
    "channel_shift_range": 60,
    "brightness_range": [0.5, 1.5],
    "gamma_range": 0.5,
    "autocontrast": True,
    "equalize": True,
    "invert": True,
    "solarize_threshold": [64, 192],
    "posterize_bits": [1, 4],
    "clahe": [2, 16],
    "gaussian_blur_range": [0.5, 4],
    "motion_blur_range": [3, 21],
    "median": True,
    "sharpness_range": 0.9,
    "downscale_range": [0.15, 0.6],
    "gaussian_noise_range": [5, 50],
    "salt_pepper_range": [0.01, 0.1],
    "jpeg_range": [5, 50],
    "erasing_range": [0.05, 0.3],
    "grid_dropout_range": [0.2, 0.6],
}


def photos() -> Path:
    """Return the folder of scikit-image's photos, without importing it."""
    package = find_spec("skimage")
    if package is None or package.origin is None:
        sys.exit("scikit-image is not installed; pip install scikit-image")
    return Path(package.origin).parent / "data"


def draw(folder: Path, names: Sequence[str] = tuple(EXAMPLES)) -> None:
    """Draw the picture of each transform, ``NAME.webp``; one that is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [str(photos() / name) for name in PHOTOS.values()]
    for name in names:
        target = folder / f"{name}.webp"
        if target.exists():
            continue
        command = ["preview", *images, "--per-transform", "--grid", "3x4", "-q"]
        settings = ["-o", str(target), "--set", f"transforms={json.dumps({name: EXAMPLES[name]})}"]
        app([*command, *settings], standalone_mode=False)


def _costs() -> dict[str, str]:
    """Return what a copy costs with each transform that `make bench` has measured."""
    operations = json.loads((_ROOT / "benchmarks" / "costs.json").read_text())["operations"]
    return {
        each["name"]: " and ".join(
            f"{median(sizes['augtool']):,.0f} µs at {size}" for size, sizes in each["costs"].items()
        )
        for each in operations
    }


def gallery_page(folder: Path) -> str:
    """Return the page, with the pictures that are in the folder."""
    lines, costs = [_HEAD], _costs()
    for kind in TRANSFORMS:
        setting = json.dumps(EXAMPLES[kind.name])
        lines += [
            f"## {kind.name}",
            "",
            f"```yaml\ntransforms: {{{kind.name}: {setting}}}\n```",
            "",
        ]
        lines += [inspect.cleandoc(kind.__doc__ or ""), "", f"Values: {kind.help}.", ""]
        if kind.name in costs:
            lines += [f"A copy costs {costs[kind.name]}.", ""]
        if (folder / f"{kind.name}.webp").exists():
            lines += [f"![{kind.name} on three photos](gallery/{kind.name}.webp)", ""]
    return "\n".join(lines)
