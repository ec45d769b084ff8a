"""Turn measurements into a Markdown report and a JSON file; measures nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from measure import Measurement, Spread, spread

REFERENCE = "floor"


@dataclass
class Results:
    """All runs of one rival on one workload.

    Attributes
    ----------
    runs : list of Measurement
        One for each round.
    bytes_per_file : float
        Mean size of the files that the last run wrote.
    note : str
        Why there are no more runs; empty when all rounds were run.
    """

    rival: str
    runs: list[Measurement] = field(default_factory=list)
    bytes_per_file: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Table:
    """One workload and what each rival needed for it.

    Attributes
    ----------
    ratio : float
        Copies for each file.
    creation_us : float
        CPU microseconds that creating a small file cost before the first round.
    """

    title: str
    ratio: float
    images: int
    copies: int
    creation_us: float
    results: Sequence[Results]


def to_markdown(table: Table) -> str:
    """Return one table: a row for each rival, and its CPU seconds as a multiple of the floor's."""
    lines = [
        f"## {table.title}: {table.images:,} files to {table.copies:,} copies",
        "",
        f"Creating a small file cost {table.creation_us:.0f} us of CPU before the first round.",
        "",
        "| rival | CPU s, median (min-max) | wall s, median (min-max) | CPU / floor | KB/file |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [_row(result, table) for result in table.results]
    return "\n".join(lines) + "\n"


def multiples(result: Results, table: Table) -> Spread | None:
    """Return a rival's CPU seconds as multiples of the floor's in the same round."""
    floor = next((each.runs for each in table.results if each.rival == REFERENCE), [])
    pairs = list(zip(result.runs, floor, strict=False))
    return spread([run.cpu_s / other.cpu_s for run, other in pairs]) if pairs else None


def _row(result: Results, table: Table) -> str:
    if not result.runs:
        return f"| {result.rival} | {result.note} | | | |"
    cpu_s = spread([run.cpu_s for run in result.runs])
    wall_s = spread([run.wall_s for run in result.runs])
    ratio = multiples(result, table)
    times = "-" if ratio is None else f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"
    name = f"{result.rival} ({result.note})" if result.note else result.rival
    return (
        f"| {name} | {cpu_s.median:.2f} ({cpu_s.low:.2f}-{cpu_s.high:.2f}) "
        f"| {wall_s.median:.2f} ({wall_s.low:.2f}-{wall_s.high:.2f}) "
        f"| {times} | {result.bytes_per_file / 1000:.1f} |"
    )


def write_json(path: Path, header: dict[str, str], tables: Sequence[Table]) -> None:
    """Save the header and every single run."""
    content = {"header": header, "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> tuple[dict[str, str], list[Table]]:
    """Return what :func:`write_json` saved."""
    content = json.loads(path.read_text(encoding="utf-8"))
    tables = []
    for table in content["tables"]:
        results = [
            Results(**{**result, "runs": [Measurement(**run) for run in result["runs"]]})
            for result in table["results"]
        ]
        tables.append(Table(**{**table, "results": results}))
    return content["header"], tables


def header_to_markdown(header: dict[str, str]) -> str:
    """Return the header as a list, one line for each entry."""
    return "".join(f"- {name}: {value}\n" for name, value in header.items())
