"""Warnings before the work begins, about a plan that is rarely intended."""

from __future__ import annotations

from collections.abc import Iterator

from augtool.config.schema import Config
from augtool.core.counted import counted
from augtool.core.geometry import Size
from augtool.core.records import TRAIN
from augtool.errors import InputError
from augtool.images import codec
from augtool.plan.balance import balanced_size, class_sizes
from augtool.plan.lint import settings_warnings
from augtool.plan.plan import MANY_COPIES, Plan
from augtool.sources import Source

__all__ = ["plan_warnings"]


def plan_warnings(plan: Plan, config: Config, source: Source) -> list[str]:
    """Return the warnings for a plan, one sentence each."""
    return [
        *_other_order(plan, config),
        *_one_more_folder(plan, config),
        *_unbalanced(plan, config),
        *_many_copies(plan),
        *settings_warnings(config, plan.listing.classes, lambda: _first_size(plan, config, source)),
        *_lost_inputs(plan),
        *_not_held_out(plan, config),
    ]


def _other_order(plan: Plan, config: Config) -> Iterator[str]:
    """Warn about labels that loaders of a tree will not find in its folders."""
    order, classes = plan.loader_order(), plan.listing.classes
    if config.output.to != "tree" or order == list(classes):
        return
    place = next(at for at, name in enumerate(classes) if at >= len(order) or order[at] != name)
    found = repr(order[place]) if place < len(order) else "none"
    yield (
        f"label {place} is {classes[place]!r} in the manifest and dataset.json, but loaders sort"
        f" the class folders, and number {found} {place}; pass --number-classes for folders that"
        " sort by label, or give the loader the order of classes in dataset.json"
    )


def _one_more_folder(plan: Plan, config: Config) -> Iterator[str]:
    """Warn of the folder of a manifest among those of classes."""
    output = config.output
    if output.to == "tree" and output.manifest == "parquet" and plan.has_classes_at_top:
        yield (
            "output.manifest: parquet makes a folder 'manifest' beside the class folders, and"
            " loaders take it for one more class; leave it out, or split the data"
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
        index = int(plan.copies.argmax())
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
