"""Warnings about settings that are rarely intended, each with what to do about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image, Size
from augtool.core.photometric import colour_channels
from augtool.core.pipeline import Pipeline
from augtool.core.transforms import Transform
from augtool.core.transforms.brightness import Brightness
from augtool.core.transforms.crop import Crop
from augtool.core.transforms.erasing import Erasing
from augtool.core.transforms.shear import Shear, VerticalShear
from augtool.core.transforms.shift import HeightShift, WidthShift
from augtool.plan.confused_names import confused_names

__all__ = ["settings_warnings"]

#: A brightness range is too wide if it clips more than this share of an image's levels.
_MOST_CUT = 0.5
#: An object may be all hidden by a box of more than this share of the area.
_MOST_ERASED = 0.5
#: A crop whose sides are shorter shows too little.
_LEAST_CROP_PX = 16
#: Each level once: what a brightness range does where no images are known.
_ALL_LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)

Kind = TypeVar("Kind", bound=Transform)


def settings_warnings(
    config: Config,
    classes: Sequence[str],
    find_size: Callable[[], Size | None],
    pictures: Iterable[tuple[str | None, Image]] | None = None,
) -> list[str]:
    """Return the warnings for a config's transforms, one sentence each.

    Parameters
    ----------
    config
        The settings.
    classes
        Class names; empty if there are no classes.
    find_size
        Returns the size of a training image; called only where a warning needs it.
    pictures
        Class name (None if there is none) and pixels of a sample of images, whose levels are
        counted; None to take all levels as equally frequent.
    """
    size = config.output.frame
    warnings = [
        *confused_names(config, classes),
        *_large_shifts(config),
        *_small_shears(config, lambda: size or find_size()),
        *_clipping_brightness(config, pictures),
        *_hiding_boxes(config),
        *_small_crops(config, find_size),
        *_crops_and_zooms(config),
    ]
    return list(dict.fromkeys(warnings))


def _each(config: Config, kind: type[Kind]) -> Iterator[Kind]:
    """Yield a transform of one kind as it is set in general, and for classes of their own."""
    for name in (None, *config.per_class):
        yield from _set(config.pipeline(name), kind)


def _set(pipeline: Pipeline, kind: type[Kind]) -> Iterator[Kind]:
    """Yield a transform of one kind, unless it is on only because a policy draws it."""
    for transform in (*pipeline.geometric, *pipeline.photometric):
        if isinstance(transform, kind) and transform.name not in pipeline.gates.drawn_names:
            yield transform


def _large_shifts(config: Config) -> Iterator[str]:
    """Warn about shifts of more than half of a side."""
    size = config.output.frame
    kinds: tuple[type[WidthShift | HeightShift], ...] = (WidthShift, HeightShift)
    for kind, side in zip(kinds, ("width", "height")):
        for shift in _each(config, kind):
            furthest = max(abs(shift.low), abs(shift.high))
            if shift.unit != "fraction" and size is not None:
                furthest /= getattr(size, side)
            elif shift.unit != "fraction":
                continue
            if furthest > 0.5:
                yield (
                    f"{kind.name} moves images by up to {furthest:.0%} of their {side}:"
                    " objects can leave the frame; 10 to 20 % is usual"
                )


def _small_shears(config: Config, find_size: Callable[[], Size | None]) -> Iterator[str]:
    """Warn about shears in radians, as in older tutorials, with both readings (keras#8868)."""
    kinds: tuple[type[Shear | VerticalShear], ...] = (Shear, VerticalShear)
    for kind, side in zip(kinds, ("height", "width")):
        for shear in _each(config, kind):
            furthest = max(abs(shear.low), abs(shear.high))
            if furthest >= 1:
                continue
            size, edge = find_size(), ""
            if size is not None:
                length = getattr(size, side)
                pixels = math.sin(math.radians(furthest)) * (length - 1) / 2
                edge = f" ({pixels:.2g} px at the edge of these {length} px images)"
            yield (
                f"{kind.name} {furthest:g} is {furthest:g} degrees{edge}, which changes next to"
                f" nothing; if it was meant in radians, set it to {math.degrees(furthest):.2f},"
                " otherwise to 5 or more, or leave it out"
            )


def _small_crops(config: Config, find_size: Callable[[], Size | None]) -> Iterator[str]:
    """Warn about crops of a few pixels, as of small images by a share that suits photographs."""
    window = config.pipeline().points.window
    if not isinstance(window, Crop) or config.output.frame is not None:
        return
    size = find_size()
    if size is None:
        return
    least = math.sqrt(window.low)
    height, width = round(size.height * least), round(size.width * least)
    if min(height, width) < _LEAST_CROP_PX <= min(size):
        yield (
            f"crop_range shows as little as {window.low:.3g} of the area: {width}x{height} px of"
            f" {size.width}x{size.height}, enlarged; use a larger share, e.g. [0.5, 1]"
        )


def _crops_and_zooms(config: Config) -> Iterator[str]:
    """Warn about transforms that do again what crops do."""
    on = [each.name for each in config.pipeline().geometric]
    again = [name for name in ("zoom_range", "scale_range") if name in on]
    if "crop_range" in on and again:
        yield (
            f"crop_range and {again[0]} both change how large things are: a copy is cropped, and"
            " then zoomed further in, or out beyond its crop; leave out one of them"
        )


def _clipping_brightness(
    config: Config, pictures: Iterable[tuple[str | None, Image]] | None
) -> Iterator[str]:
    """Warn about ends of brightness ranges at which most levels are clipped."""
    whose = "all levels" if pictures is None else "the levels of the images shown"
    if pictures is None:
        pictures = [(name, _ALL_LEVELS) for name in (None, *config.per_class)]
    cuts: dict[tuple[str, float], list[float]] = {}
    for class_name, image in pictures:
        for transform in _set(config.pipeline(class_name), Brightness):
            dark, bright = _cut_shares(image, transform.low, transform.high)
            cuts.setdefault(("black", transform.low), []).append(dark)
            cuts.setdefault(("white", transform.high), []).append(bright)
    for (colour, factor), shares in cuts.items():
        share = sum(shares) / len(shares)
        if share > _MOST_CUT:
            yield (
                f"brightness_range: at {factor:g}, {share:.0%} of {whose} turn {colour}; move that"
                " end closer to 1"
            )


def _cut_shares(image: Image, low: float, high: float) -> tuple[float, float]:
    """Return the shares of the colour levels that newly become nearly black, and white."""
    levels = image if image.ndim == 2 else image[..., : colour_channels(image)]
    top = int(np.iinfo(image.dtype).max)
    darkest = 0.02 * top
    dark = np.mean((levels > darkest) & (levels * low <= darkest))
    bright = np.mean((levels < top) & (levels * high >= top))
    return float(dark), float(bright)


def _hiding_boxes(config: Config) -> Iterator[str]:
    """Warn about boxes that can hide the whole object."""
    for erasing in _each(config, Erasing):
        if erasing.high > _MOST_ERASED:
            yield (
                f"erasing_range hides up to {erasing.high:.0%} of an image, and with it the whole"
                " object, while the label stays; [0.02, 0.33] is usual"
            )
