"""What a person should look at before the work begins: settings that rarely mean what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator

from augtool import codec
from augtool.config import Config
from augtool.core.geometry import Size
from augtool.errors import InputError
from augtool.plan import MANY_COPIES, Plan
from augtool.sources import TRAIN, Source

__all__ = ["hints"]


def hints(plan: Plan, config: Config, source: Source) -> list[str]:
    """Return the warnings for a plan, a sentence each."""
    return [
        *_many_copies(plan),
        *_small_shear(plan, config, source),
        *_lost_inputs(plan),
        *_not_held_out(plan, config),
    ]


def _many_copies(plan: Plan) -> Iterator[str]:
    if plan.most_copies > MANY_COPIES:
        index = plan.copies.index(plan.most_copies)
        yield (
            f"{plan.samples[index].id} gets {plan.most_copies} copies, and maybe others do:"
            f" more than {MANY_COPIES} of one image teach little that is new"
        )


def _lost_inputs(plan: Plan) -> Iterator[str]:
    count = len(plan.listing.failures)
    if count:
        first = plan.listing.failures[0]
        inputs = f"{count:,} input{'s' * (count > 1)}"
        yield f"{inputs} can't be used, such as {first.source}: {first.reason}"


def _not_held_out(plan: Plan, config: Config) -> Iterator[str]:
    """Warn of classes that a split should have pictures of and has none, because of groups."""
    if config.split is None:
        return
    counts = plan.counts()
    for split, fraction in config.split.fractions.items():
        there = counts.get(split, {})
        lacking = [
            name
            for name, kinds in counts[TRAIN].items()
            if name not in there and fraction * kinds["original"] >= 1
        ]
        if lacking:
            others = f" (nor of {len(lacking) - 1} other classes)" if len(lacking) > 1 else ""
            yield (
                f"{split} has no pictures of class {lacking[0]!r}{others}: its groups are too"
                " large to be held out; give a --group that makes smaller ones"
            )


def _small_shear(plan: Plan, config: Config, source: Source) -> Iterator[str]:
    """Warn of shears that are radians of older tutorials, with both readings (keras#8868)."""
    value = config.transforms.model_dump().get("shear_range")
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        return
    size = config.output.frame or _first_size(plan, config, source)
    edge = ""
    if size is not None:
        pixels = math.sin(math.radians(value)) * (size.height - 1) / 2
        edge = f" ({pixels:.2g} px at the edge of these {size.height} px images)"
    yield (
        f"shear_range {value:g} is {value:g} degrees{edge};"
        f" {value:g} rad would be {math.degrees(value):.2f}"
    )


def _first_size(plan: Plan, config: Config, source: Source) -> Size | None:
    """Return the size of the first training picture that can be read, if one of the first can."""
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
