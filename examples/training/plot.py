"""Plot loss and accuracy over training, from what `train.py` has saved.

    python examples/training/plot.py examples/training/results/low-data.json curves.png

Solid lines are the test, with the range over seeds; dotted ones are training.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cases import Case, read_results

mpl.use("Agg")
from matplotlib import pyplot as plt

ROWS = {"loss": ("loss", "val_loss"), "accuracy": ("accuracy", "val_accuracy")}


def main(arguments: Sequence[str]) -> int:
    """Write the picture."""
    source, target = (Path(each) for each in arguments)
    results = read_results(source)
    case = Case(**results["case"])
    cells = results["cells"]
    runs = [run for run in case.runs if any(cell["run"] == run.name for cell in cells)]
    figure, grid = plt.subplots(
        2, len(runs), squeeze=False, sharex="col", sharey="row", layout="constrained"
    )
    figure.set_size_inches(2.6 * len(runs) + 0.8, 5.2)
    for column, run in enumerate(runs):
        of_run = [cell for cell in cells if cell["run"] == run.name]
        for axes, (label, names) in zip(grid[:, column], ROWS.items()):
            draw(axes, of_run, names, run.steps)
            axes.grid(alpha=0.3)
            if column == 0:
                axes.set_ylabel(label)
        grid[0, column].set_title(run.name)
        grid[1, column].set_xlabel("gradient updates")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    columns = min(2 * len(runs), len(labels))
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, frameon=False)
    figure.savefig(target, dpi=90)
    return 0


def draw(axes: Any, cells: list[Any], names: tuple[str, str], steps: int) -> None:
    """Draw the mean over seeds of each variant: tested, and dotted, in training."""
    for place, variant in enumerate(dict.fromkeys(cell["variant"] for cell in cells)):
        curves = [cell["curves"] for cell in cells if cell["variant"] == variant]
        trained, tested = (np.array([each[name] for each in curves]) for name in names)
        at = np.linspace(0, steps, tested.shape[1] + 1)[1:]
        axes.plot(at, tested.mean(axis=0), f"C{place}-", label=variant)
        axes.fill_between(at, tested.min(axis=0), tested.max(axis=0), color=f"C{place}", alpha=0.15)
        axes.plot(at, trained.mean(axis=0), f"C{place}:")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
