"""An inspection as text, for terminals and logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from augtool.core.counted import counted
from augtool.core.printable import printable
from augtool.core.records import HIDDEN, TRAIN
from augtool.views.inspect.inspect import Group, Inspection

__all__ = ["table"]

_BAR = 24
_MOST_LISTED = 5


def table(seen: Inspection, *, block: str = "█") -> str:
    """Return an inspection as lines of text, with printable names.

    Parameters
    ----------
    seen
        The inspection.
    block
        The character for bars; ``#`` for terminals without block characters.
    """
    lines = [
        _headline(seen),
        "",
        *_classes(seen, block),
        "",
        *_balance(seen),
        f"sizes       {_sizes(seen)}",
        f"formats     {_listed(seen.tally('format'))}",
        f"depth       {_listed(seen.tally('bits'), ' bit')}",
        f"channels    {_listed(seen.tally('channels'))}",
        *_rotated(seen),
        *_groups("duplicates", seen.exact),
        *_groups("look-alikes", seen.near),
        *_hidden(seen),
        *_broken(seen),
    ]
    return "\n".join(line.rstrip() for line in lines)


def _headline(seen: Inspection) -> str:
    splits = [
        f"{split} {sum(seen.count(split, label) for label in range(len(seen.listing.classes))):,}"
        for split in seen.splits
    ]
    images = counted(len(seen.facts), "image")
    classes = counted(len(seen.listing.classes), "class", "classes")
    return f"{images} in {classes} ({', '.join(splits)}), {len(seen.failures):,} broken"


def _classes(seen: Inspection, block: str) -> Iterator[str]:
    """Yield a line for each class: counts by split, a bar, and the ratio that balances it."""
    classes, splits = [printable(name) for name in seen.listing.classes], seen.splits
    width = max(len("class"), *(len(name) for name in classes))
    columns = "".join(f"  {split:>9}" for split in splits)
    yield f"{'class':{width}}{columns}  {'':{_BAR}}  to balance"
    largest = max(seen.count(TRAIN, label) for label in range(len(classes))) or 1
    for label, name in enumerate(classes):
        counts = "".join(f"  {seen.count(split, label):>9,}" for split in splits)
        bar = block * round(_BAR * seen.count(TRAIN, label) / largest)
        ratio = seen.ratio_to_balance(label)
        needed = "no images" if ratio is None else f"ratio {ratio:.4g}" if ratio else "-"
        yield f"{name:{width}}{counts}  {bar:{_BAR}}  {needed}"


def _balance(seen: Inspection) -> Iterator[str]:
    counts = [seen.count(TRAIN, label) for label in range(len(seen.listing.classes))]
    missing = sum(max(counts) - count for count in counts)
    if missing:
        made = f"{counted(missing, 'copy', 'copies')} make{'s' * (missing == 1)}"
        yield f"balance     {made} every class {counted(max(counts), 'image')}: --balance"
    else:
        yield f"balance     every class has {counts[0]:,} to train on"


def _sizes(seen: Inspection) -> str:
    """Return a summary of sizes, as width x height."""
    width, height = seen.range_of("width"), seen.range_of("height")
    if not width:
        return "-"
    if width["min"] == width["max"] and height["min"] == height["max"]:
        return f"all {width['min']} x {height['min']}"
    said = [
        f"{name} {side['min']:g} to {side['max']:g}, median {side['median']:g}"
        for name, side in (("width", width), ("height", height))
    ]
    return "; ".join(said)


def _listed(tally: dict[str, int], unit: str = "") -> str:
    return ", ".join(f"{name}{unit} {count:,}" for name, count in tally.items()) or "-"


def _rotated(seen: Inspection) -> Iterator[str]:
    rotated = seen.rotated
    if rotated:
        more = ", ..." if len(rotated) > 1 else ""
        yield f"rotated     {len(rotated):,} by EXIF ({printable(rotated[0])}{more})"


def _groups(title: str, groups: Sequence[Group]) -> Iterator[str]:
    """Yield the number of groups, and the worst ones: those across splits first."""
    files = sum(len(group.ids) for group in groups)
    across = sum(group.is_across_splits for group in groups)
    labels = sum(group.is_across_classes for group in groups)
    if not groups:
        yield f"{title:11} none"
        return
    yield (
        f"{title:11} {counted(len(groups), 'group')} of {counted(files, 'file')};"
        f" {across:,} across splits, {labels:,} across classes"
    )
    worst = sorted(
        groups, key=lambda group: (not group.is_across_splits, not group.is_across_classes)
    )
    for group in worst[:_MOST_LISTED]:
        marks = ["across splits"] * group.is_across_splits
        marks += ["across classes"] * group.is_across_classes
        mark = f"  ({', '.join(marks)})" if marks else ""
        more = ", ..." if len(group.ids) > 3 else ""
        yield f"            {printable(', '.join(group.ids[:3]))}{more}{mark}"
    if len(groups) > _MOST_LISTED:
        yield f"            and {len(groups) - _MOST_LISTED:,} more: --json lists all"


def _hidden(seen: Inspection) -> Iterator[str]:
    hidden = seen.listing.ignored.get(HIDDEN)
    if hidden:
        yield f"hidden      {hidden:,} ignored: files and folders whose names begin with a dot"


def _broken(seen: Inspection) -> Iterator[str]:
    """Yield every broken file with its reason."""
    if not seen.failures:
        yield "broken      none"
        return
    yield f"broken      {len(seen.failures):,}"
    for failure in seen.failures:
        yield f"            {printable(failure.source)}: {printable(failure.reason)}"
