"""Plan a run of made-up entries: all that a run does between listing and its first image.

    python benchmarks/plan_entries.py 10000000

Runs in augtool's environment, started by `scale.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from augtool import Config
from augtool.core.records import TRAIN, Listing, Sample, Samples
from augtool.plan.plan import make_plan

CLASSES = 100


def main(entries: int) -> None:
    """List, plan, name and cut into chunks; print how many files it comes to, and the digest."""
    classes = tuple(f"class_{label:02}" for label in range(CLASSES))
    listing = Listing(Samples.of(_entries(entries, classes)), classes, has_splits=False)
    plan = make_plan(listing, Config(ratio=1.5))
    plan.renamed  # noqa: B018 - looks for names that two of them would share
    files = sum(map(plan.records_of, plan.chunks()))
    sys.stdout.write(f"{files} {plan.digest()}\n")


def _entries(count: int, classes: tuple[str, ...]) -> Iterator[Sample]:
    for number in range(count):
        label = number * len(classes) // count
        folder = f"{classes[label]}/"
        yield Sample(f"{folder}img_{number:09}.jpg", TRAIN, label, len(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]))
