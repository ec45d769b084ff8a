"""What every rival is asked to do, and the command line that says it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

JPEG_QUALITY = 95
LARGEST_CHUNK = 128
CHUNKS_PER_WORKER = 8

Pair = tuple[str, str]
Chunk = tuple[int, list[Pair]]


@dataclass(frozen=True)
class Task:
    """Write `copies` augmented pictures of those in `data` into `out`.

    Attributes
    ----------
    format : str
        `jpg` or `png`.
    resize : (int, int) or None
        `(height, width)` of the copies; None keeps that of the source.
    recipe : str
        What is done beside the geometry, "" for nothing.
    """

    data: Path
    out: Path
    copies: int
    format: str
    workers: int
    resize: tuple[int, int] | None
    recipe: str = ""


def read_task() -> Task:
    """Return the task that the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, required=True)
    parser.add_argument("--format", choices=("jpg", "png"), required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--resize", metavar="HxW")
    parser.add_argument("--recipe", default="")
    given = parser.parse_args()
    resize = None
    if given.resize is not None:
        height, width = given.resize.split("x")
        resize = (int(height), int(width))
    return Task(
        *(given.data, given.out, given.copies, given.format, given.workers),
        resize=resize,
        recipe=given.recipe,
    )


def plan_copies(task: Task) -> list[Chunk]:
    """Pair each copy with its source, and make the class folders in `out`.

    Every source has the same number of copies, the first ones in order one more.

    Returns
    -------
    list of (int, list of (str, str))
        Chunks for a pool: the index of the first copy, to be used as a seed, and pairs
        of source path and target path, ordered by source.
    """
    sources = sorted(task.data.glob("*/*"))
    for folder in {source.parent.name for source in sources}:
        (task.out / folder).mkdir(parents=True, exist_ok=True)
    share, rest = divmod(task.copies, len(sources))
    pairs = []
    for index, source in enumerate(sources):
        for copy in range(share + (index < rest)):
            target = task.out / source.parent.name / f"{source.stem}__aug{copy}.{task.format}"
            pairs.append((str(source), str(target)))
    size = max(1, min(LARGEST_CHUNK, len(pairs) // (task.workers * CHUNKS_PER_WORKER)))
    return [(start, pairs[start : start + size]) for start in range(0, len(pairs), size)]
