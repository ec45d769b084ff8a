"""Write the tables of docs/speed.md from numbers that were saved.

    python benchmarks/speed_page.py benchmarks/costs.json benchmarks/recipe.json docs/speed.md

`costs.py --json` saves the first, `run.py --only 7,8,9 --json` the second.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marked import MarksError, write_between
from measure import Spread, spread
from report import read_json

NAMES = {"albumentations": "Albumentations", "torchvision": "torchvision"}
#: A transform counts as slower than the faster rival above this.
TENTH = 1.1


def main(arguments: Sequence[str]) -> int:
    """Replace both tables, or say why not; return the exit code."""
    costs, recipe, page = (Path(each) for each in arguments)
    try:
        write_between(page, "costs", costs_table(json.loads(costs.read_text(encoding="utf-8"))))
        write_between(page, "recipe", recipe_table(recipe))
    except MarksError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def costs_table(content: Mapping[str, Any]) -> str:
    """Return the costs of all transforms: one row each, the sizes side by side."""
    header, operations = content["header"], content["operations"]
    sizes = list(operations[0]["costs"])
    heads = [f"{size}: augtool | {' | '.join(NAMES.values())} | augtool / faster" for size in sizes]
    lines = [
        f"| transform | {' | '.join(heads)} |",
        "|---|" + "---:|" * (4 * len(sizes)),
    ]
    slower: dict[str, list[str]] = {size: [] for size in sizes}
    for operation in operations:
        cells = [f"`{operation['name']}: {operation['setting']}`"]
        for size in sizes:
            own = operation["costs"][size]
            ratio = multiple(own)
            cells += [_us(own, "augtool"), *(_us(own, name) for name in NAMES), _times(ratio)]
            if ratio is not None and ratio.median > TENTH:
                slower[size].append(f"`{operation['name']}` {ratio.median:.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    said = [
        f"At {size}, slower than the faster one by more than a tenth: {', '.join(names) or 'none'}."
        for size, names in slower.items()
    ]
    about = (
        f"CPU microseconds a copy, medians; ratios with their range over rounds. Measured"
        f" {header['date']} on {header['machine']}, load {header['load before']}; rounds:"
        f" {header['rounds']}."
    )
    return "\n".join(["", *lines, "", *(f"{line}\n" for line in said), about, ""]) + "\n"


def multiple(costs: Mapping[str, Sequence[float]]) -> Spread | None:
    """Return augtool's cost as a multiple of the faster rival's in the same round."""
    rivals = [costs[name] for name in NAMES if costs.get(name)]
    if not rivals:
        return None
    faster = min(rivals, key=lambda each: spread(each).median)
    return spread([own / other for own, other in zip(costs["augtool"], faster, strict=True)])


def recipe_table(results: Path) -> str:
    """Return what the whole recipe cost, and how often augtool fits into its rival's time."""
    header, tables = read_json(results)
    lines = [
        "| work | augtool | Albumentations, `multiprocessing.Pool` | Albumentations / augtool |",
        "|---|---:|---:|---:|",
    ]
    for table in tables:
        runs = {result.rival: [run.cpu_s for run in result.runs] for result in table.results}
        own, other = runs["augtool"], runs["albumentations"]
        pairs = spread([theirs / ours for ours, theirs in zip(own, other, strict=True)])
        lines.append(
            f"| {table.images:,} {table.title}, {table.copies:,} copies |"
            f" {spread(own).median:.1f} s | {spread(other).median:.1f} s | {_times(pairs)} |"
        )
    about = (
        f"CPU seconds, medians. Measured {header['date']} on {header['machine']}, load"
        f" {header['load before']}; workers, rounds: {header['workers, rounds']}."
    )
    return "\n".join(["", *lines, "", about, ""]) + "\n"


def _us(costs: Mapping[str, Sequence[float]], name: str) -> str:
    values = costs.get(name)
    if not values:
        return "-"
    median = spread(values).median
    return f"{median:,.0f}" if median >= 100 else f"{median:.1f}"


def _times(ratio: Spread | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
