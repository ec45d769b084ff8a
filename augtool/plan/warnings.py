"""Warnings before the work begins, about settings that are rarely intended."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from augtool.config.schema import Config
from augtool.core.counted import counted
from augtool.core.geometry import Image, Size
from augtool.core.photometric import colour_channels
from augtool.core.records import TRAIN
from augtool.core.transforms.brightness import Brightness
from augtool.core.transforms.crop import Crop
from augtool.errors import InputError
from augtool.images import codec
from augtool.plan.balance import balanced_size, class_sizes
from augtool.plan.plan import MANY_COPIES, Plan
from augtool.sources import Source

__all__ = ["plan_warnings", "level_warnings", "settings_warnings"]

_DIGITS = "zero|one|two|three|four|five|six|seven|eight|nine"
#: Class names of signs, whose mirror image is another sign or none.
_SIGN = re.compile(rf"(?:(?:digit|letter|class)[ _-]?)?(?:[0-9]|[a-z]|{_DIGITS})", re.IGNORECASE)
#: A crop whose sides are shorter shows too little.
_LEAST_CROP_PX = 16
#: A brightness range is too wide if it clips more than this share of an image's levels.
_MOST_CUT = 0.5


def plan_warnings(plan: Plan, config: Config, source: Source) -> list[str]:
    """Return the warnings for a plan, one sentence each."""
    return [
        *_other_order(plan, config),
        *_unbalanced(plan, config),
        *_many_copies(plan),
        *settings_warnings(config, plan.listing.classes, lambda: _first_size(plan, config, source)),
        *_lost_inputs(plan),
        *_not_held_out(plan, config),
    ]


def settings_warnings(
    config: Config, classes: Sequence[str], find_size: Callable[[], Size | None]
) -> list[str]:
    """Return the warnings for a config's transforms.

    Parameters
    ----------
    config
        The settings.
    classes
        Class names; empty if there are no classes.
    find_size
        Returns the size of a training image; called only where a warning needs it.
    """
    size = config.output.frame
    return [
        *_mirrored_signs(config, classes),
        *_large_shifts(config),
        *_small_shear(config, lambda: size or find_size()),
        *_small_crops(config, find_size),
        *_crops_and_zooms(config),
    ]


def _other_order(plan: Plan, config: Config) -> Iterator[str]:
    """Warn about labels that loaders of a tree will not find in its folders."""
    order, classes = plan.loader_order(), plan.listing.classes
    if config.output.to != "tree" or order == list(classes):
        return
    place = next(at for at, name in enumerate(classes) if at >= len(order) or order[at] != name)
    found = repr(order[place]) if place < len(order) else "none"
    yield (
        f"label {place} is {classes[place]!r} in manifest.csv and dataset.json, but loaders sort"
        f" the class folders, and number {found} {place}; pass --number-classes for folders that"
        " sort by label, or give the loader the order of classes in dataset.json"
    )


def _unbalanced(plan: Plan, config: Config) -> Iterator[str]:
    """Say which classes are larger than they should end, and what is left out of them."""
    if not config.balance:
        return
    if plan.left_out:
        named = [f"{name!r} {count:,}" for name, count in plan.left_out.items()]
        shown = ", ".join(named[:4]) + (", ..." if len(named) > 4 else "")
        total = sum(plan.left_out.values())
        yield f"{total:,} training originals are left out to balance classes ({shown})"
        return
    sizes = class_sizes(plan.listing)
    goal = balanced_size(sizes, config)
    large = [name for name, size in sizes.items() if size > goal]
    if large:
        others = f" ({len(large) - 1} more classes have, too)" if len(large) > 1 else ""
        yield (
            f"class {large[0]!r} has {sizes[large[0]]:,} training images, more than the {goal:,} to"
            f" balance to{others}: they get no copies and stay larger; pass --undersample to leave"
            " some of their originals out"
        )


def _many_copies(plan: Plan) -> Iterator[str]:
    if plan.most_copies > MANY_COPIES:
        index = plan.copies.index(plan.most_copies)
        yield (
            f"{plan.samples[index].id} gets {plan.most_copies} copies, and others may too:"
            f" more than {MANY_COPIES} copies of one image add little"
        )


def _lost_inputs(plan: Plan) -> Iterator[str]:
    count = len(plan.listing.failures)
    if count:
        first = plan.listing.failures[0]
        yield f"{counted(count, 'input')} can't be used, such as {first.source}: {first.reason}"


def _not_held_out(plan: Plan, config: Config) -> Iterator[str]:
    """Warn about classes that are missing from a split because of groups."""
    if config.split is None:
        return
    counts = plan.counts()
    for split, fraction in config.split.fractions.items():
        there = counts.get(split, {})
        lacking = [
            name
            for name, each in counts[TRAIN].items()
            if name not in there and fraction * each.originals >= 1
        ]
        if lacking:
            others = counted(len(lacking) - 1, "other class", "other classes")
            others = f" (nor of {others})" if len(lacking) > 1 else ""
            yield (
                f"{split} has no images of class {lacking[0]!r}{others}: its groups are too"
                " large to be held out; use a --group that makes smaller ones"
            )


def _mirrored_signs(config: Config, classes: Sequence[str]) -> Iterator[str]:
    """Warn about flips on classes that are named like digits or letters."""
    signs = [name for name in classes if _SIGN.fullmatch(name)]
    for flip in ("horizontal_flip", "vertical_flip"):
        mirrored = [
            name
            for name in signs
            if any(each.name == flip for each in config.pipeline(name).geometric)
        ]
        if mirrored:
            listed = ", ".join(mirrored[:4]) + (", ..." if len(mirrored) > 4 else "")
            yield (
                f"{flip} mirrors classes that are named like digits or letters ({listed}):"
                f" a mirrored sign is another sign, or none; if they are signs, set"
                f" transforms.{flip}=false"
            )


def _large_shifts(config: Config) -> Iterator[str]:
    """Warn about shifts of more than half of a side."""
    sides = {"width_shift_range": "width", "height_shift_range": "height"}
    for name, side in sides.items():
        furthest = _furthest(config.transforms.model_dump().get(name))
        size = config.output.frame
        if furthest >= 1 and size is not None:  # pixels
            furthest /= getattr(size, side)
        elif furthest >= 1:
            continue
        if furthest > 0.5:
            yield (
                f"{name} moves images by up to {furthest:.0%} of their {side}:"
                " objects can leave the frame; 10 to 20 % is usual"
            )


def _furthest(value: Any) -> float:
    """Return the largest distance from 0 of a number or a pair."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return max((abs(each) for each in values if isinstance(each, (int, float))), default=0.0)


def _small_shear(config: Config, find_size: Callable[[], Size | None]) -> Iterator[str]:
    """Warn about shears in radians, as in older tutorials, with both readings (keras#8868)."""
    value = config.transforms.model_dump().get("shear_range")
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        return
    size = find_size()
    edge = ""
    if size is not None:
        pixels = math.sin(math.radians(value)) * (size.height - 1) / 2
        edge = f" ({pixels:.2g} px at the edge of these {size.height} px images)"
    yield (
        f"shear_range {value:g} is {value:g} degrees{edge};"
        f" {value:g} rad would be {math.degrees(value):.2f}"
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


def level_warnings(config: Config, pictures: Iterable[tuple[str | None, Image]]) -> list[str]:
    """Return the warnings for brightness ranges that clip most levels of a sample of images.

    Parameters
    ----------
    config
        The settings.
    pictures
        Class name (None if there is none) and pixels.
    """
    cuts: dict[tuple[str, float], list[float]] = {}
    for class_name, image in pictures:
        pipeline = config.pipeline(class_name)
        for transform in pipeline.photometric:
            is_policys = transform.name in pipeline.gates.drawn_names
            if isinstance(transform, Brightness) and not is_policys:
                dark, bright = _cut_shares(image, transform.low, transform.high)
                cuts.setdefault(("black", transform.low), []).append(dark)
                cuts.setdefault(("white", transform.high), []).append(bright)
    return [
        f"brightness_range: at {factor:g}, {share:.0%} of the levels of the images shown turn"
        f" {colour}; move that end closer to 1"
        for (colour, factor), shares in cuts.items()
        if (share := sum(shares) / len(shares)) > _MOST_CUT
    ]


def _cut_shares(image: Image, low: float, high: float) -> tuple[float, float]:
    """Return the shares of the colour levels that newly become nearly black, and white."""
    levels = image if image.ndim == 2 else image[..., : colour_channels(image)]
    top = int(np.iinfo(image.dtype).max)
    darkest = 0.02 * top
    dark = np.mean((levels > darkest) & (levels * low <= darkest))
    bright = np.mean((levels < top) & (levels * high >= top))
    return float(dark), float(bright)


def _first_size(plan: Plan, config: Config, source: Source) -> Size | None:
    """Return the size of the first readable training image, if one of the first few is."""
    training = (sample for sample in plan.samples if sample.split == TRAIN)
    for _, sample in zip(range(5), training):
        try:
            raw = source.read(sample)
            if isinstance(raw, bytes):
                return codec.probe(raw, config.max_pixels).size
            return Size(*raw.shape[:2])
        except InputError:
            continue
    return None
