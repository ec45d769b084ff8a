"""Augmentor's `Pipeline.sample`, with the nearest that it has to augtool's defaults.

Rotation up to 20 degrees, zoom 0.9 to 1.1, mirror. Augmentor has no shifts: it does less
here. It picks its sources at random, uses threads of its own number, and writes JPEG at
Pillow's quality of 75, without offering another.
"""

from __future__ import annotations

import Augmentor
from task import Task, read_task


def main() -> None:
    """Do the task of the command line."""
    task = read_task()
    pipeline(task).sample(task.copies)


def pipeline(task: Task) -> Augmentor.Pipeline:
    """Return the operations, ready to sample."""
    steps = Augmentor.Pipeline(
        str(task.data.resolve()), output_directory=str(task.out.resolve()), save_format=task.format
    )
    if task.resize is not None:
        height, width = task.resize
        steps.resize(probability=1, width=width, height=height)
    steps.rotate(probability=1, max_left_rotation=20, max_right_rotation=20)
    steps.zoom(probability=1, min_factor=0.9, max_factor=1.1)
    steps.flip_left_right(probability=0.5)
    return steps


if __name__ == "__main__":
    main()
