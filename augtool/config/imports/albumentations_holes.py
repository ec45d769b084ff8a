"""Albumentations' holes: what it cuts out and fills."""

from __future__ import annotations

from collections.abc import Iterator

from augtool.config.imports.arguments import Arguments, Pair, Untranslatable
from augtool.config.imports.boxes import fill_of
from augtool.config.imports.effects import Effect, Rule, Rules, Setting
from augtool.config.imports.shared_rules import factors, tidy

__all__ = ["RULES"]


def _holes(arguments: Arguments) -> Iterator[Effect]:
    """Yield one rectangle with the area of all holes."""
    if arguments.has("num_holes_range", "hole_height_range", "hole_width_range"):
        count = arguments.between("num_holes_range", (1, 2))
        sides = [
            arguments.between(f"hole_{name}_range", (0.1, 0.2)) for name in ("height", "width")
        ]
        once = ""
    elif arguments.is_dated or arguments.call.last == "Cutout" or arguments.has(*_OLD_HOLES):
        count, sides = _old_holes(arguments)
        once = ""
    else:
        count, sides = (1.0, 2.0), [(0.1, 0.2), (0.1, 0.2)]
        once = "" if arguments.is_dated is False else "the default of 2.x; in 1.x 8 holes of 8 x 8"
    shares = [_share(pair, arguments, axis) for axis, pair in enumerate(sides)]
    low, high = (count[end] * shares[0][end] * shares[1][end] for end in (0, 1))
    several = "one rectangle of the same area; originally several holes" if count[1] > 1 else ""
    fill, other = fill_of(arguments, *_FILL)
    note = "; ".join(filter(None, (once, several, other)))
    yield Setting("erasing_range", factors((min(low, 1), min(high, 1))), note, fill=fill)


def _old_holes(arguments: Arguments) -> tuple[Pair, list[Pair]]:
    """Return count and sides from the arguments of 1.x (CoarseDropout, Cutout)."""
    most = arguments.number("max_holes", arguments.number("num_holes", 8))
    count = (arguments.number("min_holes", most) if arguments.has("min_holes") else most, most)
    sides: list[Pair] = []
    for old, new in (("max_height", "max_h_size"), ("max_width", "max_w_size")):
        largest = arguments.number(old, arguments.number(new, 8))
        least = old.replace("max", "min")
        sides.append(
            (arguments.number(least, largest) if arguments.has(least) else largest, largest)
        )
    return count, sides


def _share(pair: Pair, arguments: Arguments, axis: int) -> Pair:
    """Return sides as shares of the picture's; whole numbers are pixels."""
    if not any(isinstance(each, int) and each >= 1 for each in pair):
        return pair
    if arguments.size is None:
        raise Untranslatable("holes in pixels of pictures whose size is not in the code")
    return pair[0] / arguments.size[axis], pair[1] / arguments.size[axis]


def _erasing(arguments: Arguments) -> Iterator[Effect]:
    fill, note = fill_of(arguments, *_FILL)
    area = factors(arguments.between("scale", (0.02, 0.33)))
    yield Setting("erasing_range", area, note, fill=fill)


def _grid_dropout(arguments: Arguments) -> Iterator[Effect]:
    share = tidy(arguments.number("ratio", 0.5))
    fill, note = fill_of(arguments, *_FILL)
    yield Setting("grid_dropout_range", [share, share], note, fill=fill)


_FILL = ("fill", "fill_value")
_PIXELS = "max_holes max_height max_width min_holes min_height min_width"
_OLD_HOLES = (*_PIXELS.split(), "num_holes", "max_h_size", "max_w_size")
RULES: Rules = {
    "CoarseDropout": Rule(_holes, _PIXELS, 0.5),
    "Cutout": Rule(_holes, "num_holes max_h_size max_w_size", 0.5),
    "Erasing": Rule(_erasing, "scale ratio", 0.5),
    "GridDropout": Rule(_grid_dropout, "ratio", 0.5),
}
