"""Pieces of rules that the tables of several frameworks use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from augtool.config.imports.arguments import Arguments, Pair, Untranslatable
from augtool.config.imports.effects import Border, Effect, Either, Frame, Remark, Rule, Setting

__all__ = [
    "border",
    "crop",
    "elastic",
    "fixed_crop",
    "hold",
    "nothing_like_it",
    "plain_levels",
    "remark",
    "resize",
    "resized_crop",
    "scaled",
    "sheared",
    "sigma_of_kernel",
    "span",
    "stretched",
    "switch",
    "tidy",
    "wobble",
]

#: What ends a pipeline everywhere.
NORMALISED = "do it when you load the pictures; copies keep their levels"
TENSOR = "the loader's work; copies are image files"
#: The shorter side where nothing says how large pictures are.
_SIDE_PX = 256

_FILL_MODES = {
    "constant": "constant",
    "edge": "nearest",
    "nearest": "nearest",
    "replicate": "nearest",
    "reflect": "reflect",
    "reflect_101": "reflect",
    "symmetric": "reflect",
    "wrap": "wrap",
    "0": "constant",
    "1": "nearest",
    "2": "reflect",
    "3": "wrap",
    "4": "reflect",
}


def tidy(value: float) -> float:
    """Return a number without digits that only floating point put there."""
    short = float(f"{value:.5g}")
    return int(short) if short == int(short) else short


def span(pair: Pair, scale: float = 1.0) -> Any:
    """Return a range of offsets as a setting: r where it is [-r, r], else [low, high]."""
    low, high = sorted((tidy(pair[0] * scale), tidy(pair[1] * scale)))
    return high if low == -high else [low, high]


def factors(pair: Pair) -> list[float]:
    """Return a range as a setting that is always a list."""
    return sorted(map(tidy, pair))


def switch(name: str, value: float = 1, note: str = "", chance: float | None = 0.5) -> Rule:
    """Return the rule of an operation that is done or not, with its probability."""
    setting = Setting(name, value, note, is_switch=True)
    return Rule(lambda _: (setting,), "p", chance)


def remark(text: str, parameters: str = "") -> Rule:
    """Return the rule of an operation that is no augmentation."""
    return Rule(lambda _: (Remark(text),), parameters)


def hold(kind: str, parameters: str = "transforms p", chance: float | None = None) -> Rule:
    """Return the rule of an operation that holds others."""
    return Rule(lambda _: (), parameters, chance, kind)


def nothing_like_it(reason: str = "augtool has nothing like it") -> Rule:
    """Return the rule of an operation that is known and has no counterpart."""

    def refuse(_: Arguments) -> Iterator[Effect]:
        raise Untranslatable(reason)

    return Rule(refuse, chance=0.5)


def border(mode: Any, cval: Any = 0, repeats_edge: bool = True) -> Border:
    """Return the border of a foreign mode: a name, an OpenCV constant or its number."""
    name = str(getattr(mode, "last", mode)).lower().removeprefix("border_")
    name = {"default": "reflect_101", "reflect101": "reflect_101"}.get(name, name)
    if name not in _FILL_MODES:
        raise Untranslatable(f"the border {name!r} is not known")
    mirrored = name in ("reflect_101", "4") or (name == "reflect" and not repeats_edge)
    note = "the outermost pixel is repeated; originally it is not" if mirrored else ""
    levels = list(cval) if isinstance(cval, (list, tuple)) else [cval]
    if not levels or not all(type(each) in (int, float) for each in levels):
        levels = [0]
    return Border(_FILL_MODES[name], plain_levels(levels), note)


def plain_levels(levels: list[float]) -> Any:
    """Return the levels of channels as ``cval``: one number where they are the same.

    >>> plain_levels([0, 0, 0]), plain_levels([255.0, 127.5, 0])
    (0, [255, 127.5, 0])
    """
    tidied = [tidy(each) for each in levels]
    return tidied[0] if len(set(tidied)) == 1 else tidied


def resize(
    note: str = "", crop: bool = False, *names: str
) -> Callable[[Arguments], Iterator[Effect]]:
    """Return the effects of a change to a fixed size, from ``height width`` or ``size``."""

    def effects(arguments: Arguments) -> Iterator[Effect]:
        height, width = arguments.size_of(*(names or ("height", "width")))
        yield Frame(height, width, crop, note)

    return effects


def scaled(scale: Pair, note: str = "") -> Effect:
    """Return an isotropic scale; there > 1 makes things larger."""
    if min(scale) <= 0:
        raise Untranslatable(f"a scale of {min(scale):g} is not possible")
    apart = "width and height are drawn separately; originally together"
    if scale[0] == scale[1]:
        apart = ""
    return Either(
        (
            (Setting("scale_range", factors(scale), note),),
            (
                Setting(
                    "zoom_range",
                    factors((1 / scale[1], 1 / scale[0])),
                    "; ".join(filter(None, (note, apart))),
                ),
            ),
        )
    )


def sheared(x: Pair, y: Pair = (0, 0)) -> Iterator[Effect]:
    """Yield shears in degrees, along x and along y; there > 0 moves the lower part to the left."""
    note = "the picture gets taller by 1 / cos, as in Keras"
    along_x = (Setting("shear_range", span((-x[1], -x[0])), note),) if any(x) else ()
    if any(y) and not along_x:
        yield Setting("vertical_shear_range", span((-y[1], -y[0])))
    elif any(y):
        alone = "along x only; originally along y as well"
        yield Either(
            (
                (*along_x, Setting("vertical_shear_range", span((-y[1], -y[0])))),
                tuple(replace(each, note=f"{each.note}; {alone}") for each in along_x),
            )
        )
    else:
        yield from along_x


def crop(
    area: Pair, shape: Pair | None = None, frame: tuple[int, int] | None = None, note: str = ""
) -> Effect:
    """Return a random window of a share of the area.

    Parameters
    ----------
    area
        Its range.
    shape
        Range of the window's width over its height; None for 3/4 to 4/3 times that of the output.
    frame
        Height and width of the output; None where `shape` is relative to it.
    note
        What differs.
    """
    low, high = max(min(area), 1e-3), min(max(area), 1)
    taller = frame[0] / frame[1] if frame else 1
    narrow, wide = (end * taller for end in shape or (3 / 4, 4 / 3))
    ends = [tidy(min(max(end, 0.2), 5)) for end in (narrow, wide)]
    if not 0.2 <= narrow <= wide <= 5:
        few = "shapes from a fifth to five times that of the output"
        note = "; ".join(filter(None, (note, few)))
    is_usual = abs(narrow - 3 / 4) < 0.02 and abs(wide - 4 / 3) < 0.02
    ratio = ends[0] if ends[0] == ends[1] else ends
    beside = () if is_usual else (("crop_ratio", ratio),)
    return Setting("crop_range", factors((low, high)), note, beside=beside)


def elastic(
    alpha_px: float, sigma_px: float, size: tuple[int, int] | None, note: str = ""
) -> Setting:
    """Return the deformation by noise from -alpha to alpha that a Gaussian has smoothed.

    It moves pixels by alpha / √3 / (2 sigma √π), in root mean square.
    """
    moved_px = abs(alpha_px) / math.sqrt(3) / (2 * max(sigma_px, 0.1) * math.sqrt(math.pi))
    smooth = f"smooth over a fifth of the shorter side; originally over {sigma_px:g} pixels"
    return wobble(moved_px, size, smooth + note)


def wobble(moved_px: float, size: tuple[int, int] | None, note: str) -> Setting:
    """Return the deformation that moves pixels as far along each axis, in root mean square."""
    share = tidy(min(moved_px / 0.277 / (min(size) if size else _SIDE_PX), 0.5))
    known = "" if size else f"; strength for sides of {_SIDE_PX} pixels, which the code doesn't say"
    known += "; originally it is stronger" if share == 0.5 else ""
    hint = "moves almost nothing, as in the original" if share < 1e-3 else ""
    return Setting("elastic", [share, share], note + known, hint=hint)


def resized_crop(
    arguments: Arguments, size_of: Callable[[Arguments], tuple[int, int]]
) -> Iterator[Effect]:
    """Yield a random window that is resized, by ``scale`` and ``ratio``, if to a known size."""
    area, shape = arguments.between("scale", (0.08, 1)), arguments.between("ratio", (3 / 4, 4 / 3))
    note = stretched(arguments)
    try:
        size = size_of(arguments)
    except Untranslatable:
        yield crop(area, shape, note=note)
        raise
    yield crop(area, shape, size, note)
    yield Frame(*size, fit="window")


def stretched(arguments: Arguments) -> str:
    """Return how a window differs where the picture was brought to a size before."""
    if arguments.size is None or arguments.fit in ("cut", "kept"):
        return ""
    height, width = arguments.size
    how = "padded" if arguments.fit == "padded" else "stretched"
    return f"originally, pictures of another shape than {height}x{width} are {how} to it first"


def fixed_crop(height: int, width: int, arguments: Arguments) -> Iterator[Effect]:
    """Yield a window of a fixed size, anywhere in pictures of a known size."""
    if arguments.size is None:
        raise Untranslatable(
            f"cuts {height}x{width} pixels out of pictures whose size is not in the code;"
            " set output.resize, and crop_range to the share that it cuts out"
        )
    full_height, full_width = arguments.size
    if height > full_height or width > full_width:
        raise Untranslatable(
            f"{height}x{width} is larger than the {full_height}x{full_width} before"
        )
    share = height * width / (full_height * full_width)
    if share < 1:
        centred = "in the largest centred part; originally anywhere along the longer side"
        note = centred if arguments.fit == "kept" else stretched(arguments)
        yield crop((share, share), (1, 1), note=note)
    yield Frame(height, width)


def sigma_of_kernel(side: float) -> float:
    """Return the sigma that OpenCV takes for a Gaussian kernel of this side.

    >>> round(sigma_of_kernel(5), 3)
    1.1
    """
    return 0.3 * ((side - 1) * 0.5 - 1) + 0.8
