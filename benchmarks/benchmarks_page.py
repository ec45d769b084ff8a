"""Write the table of docs/benchmarks.md from the numbers that `run.py --json` has saved.

    python benchmarks/benchmarks_page.py benchmarks/results.json docs/benchmarks.md

The table stands between two comments, and is never typed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from marked import MarksError, write_between
from measure import spread
from report import Results, Table, multiples, read_json

NAMES = {
    "augtool": "augtool",
    "floor": "bare loop",
    "albumentations": "Albumentations, `multiprocessing.Pool`",
    "keras": "Keras, `save_to_dir`",
    "augmentor": "Augmentor, `sample`",
    "ray": "augtool, `--engine ray`",
}


def main(arguments: Sequence[str]) -> int:
    """Replace the table in a file, or say why not; return the exit code."""
    results, page = (Path(each) for each in arguments)
    try:
        write_between(page, "benchmark", table_of(results))
    except MarksError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def table_of(results: Path) -> str:
    """Return the table as Markdown: work in rows, rivals in columns."""
    header, tables = read_json(results)
    rivals = [result.rival for result in tables[0].results]
    lines = [
        "| work | " + " | ".join(NAMES[rival] for rival in rivals) + " |",
        "|---|" + "---:|" * len(rivals),
    ]
    for table in tables:
        work = f"{table.images:,} {table.title}, ratio {table.ratio:g}"
        cells = [cell(result, table) for result in table.results]
        lines.append(f"| {work} | " + " | ".join(cells) + " |")
    about = (
        f"Measured {header['date']} on {header['machine']}, {header['workers, rounds']} "
        "(workers, rounds)."
    )
    return "\n".join(["", *lines, "", about, ""]) + "\n"


def cell(result: Results, table: Table) -> str:
    """Return median CPU seconds, and the multiple of the floor with its range."""
    if not result.runs:
        return result.note or "-"
    seconds = spread([run.cpu_s for run in result.runs]).median
    times = multiples(result, table)
    if times is None or result.rival == "floor":
        return f"{seconds:.1f} s"
    return f"{seconds:.1f} s, {times.median:.2f} ({times.low:.2f}-{times.high:.2f})"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
