"""The gallery: every transform at the low end, the middle and the high end of its range.

The pictures are drawn by ``augtool preview`` itself, of the photos that scikit-image ships in its
wheel. CC0: chelsea (a cat), by Stefan van der Walt, coffee, by Rachel Michetti, and cell. Public
domain: rocket, by SpaceX, text, and the Hubble deep field, by NASA.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from augtool.cli.app import app
from augtool.core.transforms import TRANSFORMS

__all__ = ["EXAMPLES", "PHOTOS", "STARTS", "draw", "gallery_page", "photos", "starts"]

_ROOT = Path(__file__).parents[2]
PHOTOS = {"cat": "chelsea.png", "cup": "coffee.png", "rocket": "rocket.jpg"}
#: The page up to the transforms, and the photo on which each config in it is shown.
_HEAD = Path(__file__).with_name("gallery.md")
STARTS = {
    "photographs": "coffee.png",
    "letters": "text.png",
    "scans": "cell.png",
    "any-side": "hubble_deep_field.jpg",
}
#: Title of the transforms of some stages; those of the one warp have none.
_GROUPS = {
    "Geometry": (None, "displace"),
    "Colour": ("colour", "hue"),
    "Levels": ("levels",),
    "Detail and noise": ("filter", "noise"),
    "Hidden parts": ("erase",),
}
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


def starts() -> dict[str, str]:
    """Return the configs to start from, as YAML, by name."""
    blocks = re.findall(r'^```yaml title="([\w-]+)\.yaml"\n(.*?)^```$', _head(), re.M | re.S)
    return dict(blocks)


def _head() -> str:
    return _HEAD.read_text(encoding="utf-8")


def draw(folder: Path) -> None:
    """Draw ``NAME.webp`` for each transform and config; one that is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [str(photos() / name) for name in PHOTOS.values()]
    for name, setting in EXAMPLES.items():
        shown = ["--set", f"transforms={json.dumps({name: setting})}", "--per-transform"]
        _preview(folder / f"{name}.webp", [*images, "--grid", "3x4", *shown])
    for name, text in starts().items():
        config = folder / f"{name}.yaml"
        config.write_text(text, encoding="utf-8")
        image = str(photos() / STARTS[name])
        _preview(folder / f"{name}.webp", [image, "--grid", "2x4", "--config", str(config)])


def _preview(target: Path, arguments: Sequence[str]) -> None:
    if not target.exists():
        app(["preview", *arguments, "-q", "-o", str(target)], standalone_mode=False)


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
    lines, costs = [_head_with_pictures(folder)], _costs()
    for title, stages in _GROUPS.items():
        lines += [f"## {title}", ""]
        for kind in TRANSFORMS:
            if getattr(kind, "stage", None) in stages:
                lines += _entry(kind, costs.get(kind.name), folder)
    return "\n".join(lines)


def _head_with_pictures(folder: Path) -> str:
    """Return the part above the transforms, with a picture below each config."""
    head = _head()
    for name, text in starts().items():
        shown = _picture(folder, name, f"A photo and copies that {name}.yaml makes of it")
        head = head.replace(f"{text}```\n", "\n".join([f"{text}```", "", *shown]))
    return head


def _entry(kind: Any, cost: str | None, folder: Path) -> list[str]:
    setting = json.dumps(EXAMPLES[kind.name])
    return [
        f"### {kind.name}",
        "",
        f"```yaml\ntransforms: {{{kind.name}: {setting}}}\n```",
        "",
        inspect.cleandoc(kind.__doc__ or ""),
        "",
        f"Values: {kind.help}.",
        "",
        *([f"[A copy costs](speed.md) {cost}.", ""] if cost else []),
        *_picture(folder, kind.name, f"{kind.name} on three photos"),
    ]


def _picture(folder: Path, name: str, description: str) -> list[str]:
    """Return a picture that opens alone, where its captions can be read on a phone too."""
    target = f"gallery/{name}.webp"
    there = (folder / f"{name}.webp").exists()
    return [f"[![{description}]({target})]({target})", ""] if there else []
