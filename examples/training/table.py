"""Write the tables of a page from what `train.py` has saved; they are never typed.

    python examples/training/table.py examples/training/results/low-data.json docs/training.md

They go between two comments that name the results, `<!-- low-data: begin -->` and `end`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from cases import ONLINE, PLAIN, Case, Run, read_results

Cells = dict[tuple[str, str, int], Any]


def main(arguments: Sequence[str]) -> int:
    """Replace the block in a page, or say why not; return the exit code."""
    results, page = (Path(each) for each in arguments)
    begin, end = (f"<!-- {results.stem}: {edge} -->\n" for edge in ("begin", "end"))
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        sys.stderr.write(f"error: {page}: has no {begin.strip()} ... {end.strip()}; add both\n")
        return 1
    block = "\n".join(lines_of(read_results(results)))
    page.write_text(f"{before}{begin}\n{block}\n\n{end}{after}", encoding="utf-8")
    return 0


def lines_of(results: dict[str, Any]) -> Iterable[str]:
    """Yield both tables as Markdown, and how they were measured."""
    case = Case(**results["case"])
    cells = {(cell["run"], cell["variant"], cell["seed"]): cell for cell in results["cells"]}
    variants = list(dict.fromkeys(cell["variant"] for cell in results["cells"]))
    runs = [run for run in case.runs if is_whole(run, case, variants, cells)]
    yield from head(["accuracy in %", "train / test", *variants])
    for run in runs:
        first = cells[run.name, PLAIN, case.seeds[0]]
        sizes = f"{first['originals']:,} / {first['tested']:,}"
        row = [accuracies(run, variant, case.seeds, cells) for variant in variants]
        yield line([f"{run.name}, {run.steps:,} updates", sizes, *row])
    yield ""
    yield from head(["seconds an epoch (CPU)", *variants, "to expand once, CPU"])
    for run in runs:
        row = [epoch_s(run, variant, case, cells) for variant in variants]
        yield line([run.name, *row, expansion_s(run, variants, case.seeds, cells)])
    yield ""
    yield from about(results, case)


def line(columns: list[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(columns)} |"


def head(columns: list[str]) -> list[str]:
    """Return the head of a table."""
    return [line(columns), "|---|" + "---:|" * (len(columns) - 1)]


def is_whole(run: Run, case: Case, variants: list[str], cells: Cells) -> bool:
    """Tell whether everything in a row was measured."""
    return all((run.name, variant, seed) in cells for variant in variants for seed in case.seeds)


def accuracies(run: Run, variant: str, seeds: list[int], cells: Cells) -> str:
    """Return the accuracy and, pair by pair, what is gained over plain: mean and deviation."""
    found = [100 * cells[run.name, variant, seed]["accuracy"] for seed in seeds]
    if variant == PLAIN:
        return spread(found)
    plain = [100 * cells[run.name, PLAIN, seed]["accuracy"] for seed in seeds]
    return f"{spread(found)} ({spread([a - b for a, b in zip(found, plain)], sign='+')})"


def spread(values: list[float], sign: str = "") -> str:
    """Return mean and standard deviation."""
    deviation = f"\u00a0±\u00a0{stdev(values):.1f}" if len(values) > 1 else ""
    return f"{mean(values):{sign}.1f}{deviation}"


def epoch_s(run: Run, variant: str, case: Case, cells: Cells) -> str:
    """Return the time for as many pictures as there are originals, so that variants compare."""
    measured = [cells[run.name, variant, seed] for seed in case.seeds]
    steps = measured[0]["originals"] / case.batch
    wall_s, cpu_s = (
        median(cell[name] for cell in measured) / 1000 * steps
        for name in ("step_ms", "step_cpu_ms")
    )
    return f"{wall_s:.1f} ({cpu_s:.1f})"


def expansion_s(run: Run, variants: list[str], seeds: list[int], cells: Cells) -> str:
    """Return the CPU time of `expand` at each ratio, where it was not up to date already."""
    found = []
    for variant in variants:
        spent = [cells[run.name, variant, seed]["expand_cpu_s"] for seed in seeds]
        known = [each for each in spent if each is not None]
        if known and variant not in (PLAIN, ONLINE):
            found.append(f"{median(known):.1f} ({variant})")
    return ", ".join(found)


def about(results: dict[str, Any], case: Case) -> Iterable[str]:
    """Yield what the numbers are, and where they come from."""
    seeds = ", ".join(map(str, case.seeds))
    filters = " | ".join(" ".join(map(str, block)) for block in case.net.blocks)
    yield f"Transforms: `{case.config}`. Filters of the convolutions: {filters}. An update is one"
    yield f"of {case.batch} pictures. Seeds: {seeds}; ± is the standard deviation over them. In"
    yield "parentheses: the gain over plain with the same seed."
    yield ""
    yield "An epoch is as many pictures as there are originals; its time includes augmentation only"
    yield f"{ONLINE}. The time to expand includes start-up and the held-out pictures."
    yield ""
    yield f"Measured {results['date']} on {results['machine']}, with {results['versions']}."


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
