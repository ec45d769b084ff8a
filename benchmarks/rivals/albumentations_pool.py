"""Albumentations in a `multiprocessing.Pool`, reading and writing with cv2.

The nearest to augtool's defaults: one Affine and a mirror; or a whole recipe. No change of channel
order, which geometry does not need, and no version check over the network.
"""

from __future__ import annotations

import multiprocessing
import os
from functools import partial

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A
import cv2
import numpy as np
from task import JPEG_QUALITY, Chunk, Task, plan_copies, read_task


def main() -> None:
    """Do the task of the command line in a pool of forked processes."""
    task = read_task()
    cv2.setNumThreads(1)
    chunks = plan_copies(task)
    pool = multiprocessing.get_context("fork").Pool(task.workers)
    for _ in pool.imap_unordered(partial(run_chunk, task, pipeline(task)), chunks):
        pass
    pool.close()
    pool.join()


def pipeline(task: Task) -> A.Compose:
    """Return the steps of the task, after a resize if one is asked for."""
    if task.recipe:
        return A.Compose(recipe(task))
    steps = geometry()
    if task.resize is not None:
        steps.insert(0, A.Resize(*task.resize))
    return A.Compose(steps)


def recipe(task: Task) -> list[A.BasicTransform]:
    """Return what the task's file in `recipes/` says; rotation and zoom as one warp."""
    steps: list[A.BasicTransform] = []
    scale = (1.0, 1.25)
    if task.resize is not None:
        steps = [A.RandomResizedCrop(size=task.resize, scale=(0.35, 1), p=1.0)]
        scale = (1.0, 1.0)
    affine = A.Affine(
        rotate=(-15, 15),
        scale=scale,
        keep_ratio=False,
        interpolation=cv2.INTER_LINEAR,
        border_mode=cv2.BORDER_REPLICATE,
        p=1.0,
    )
    span = (0.7, 1.3)
    return [
        *steps,
        A.HorizontalFlip(p=0.5),
        affine,
        A.ColorJitter(brightness=span, contrast=span, saturation=span, hue=(0, 0), p=1.0),
        A.GaussianBlur(blur_limit=0, sigma_limit=(0.1, 2), p=0.3),
        A.GaussNoise(std_range=(0, 10 / 255), mean_range=(0, 0), p=0.3),
        A.Erasing(scale=(0.02, 0.33), ratio=(0.3, 3.3), fill=0, p=0.5),
    ]


def geometry() -> list[A.BasicTransform]:
    """Return rotation 20, shifts 0.1, zoom 0.1, mirror."""
    affine = A.Affine(
        rotate=(-20, 20),
        translate_percent={"x": (-0.1, 0.1), "y": (-0.1, 0.1)},
        scale=(0.9, 1.1),
        keep_ratio=False,
        interpolation=cv2.INTER_LINEAR,
        border_mode=cv2.BORDER_REPLICATE,
        p=1.0,
    )
    return [affine, A.HorizontalFlip(p=0.5)]


def run_chunk(task: Task, transform: A.Compose, chunk: Chunk) -> None:
    """Make the copies of one chunk."""
    seed, pairs = chunk
    transform.set_random_seed(seed)
    suffix = f".{task.format}"
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if task.format == "jpg" else []
    for source, target in pairs:
        with open(source, "rb") as file:  # noqa: PTH123 - as the floor does
            data = file.read()
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        augmented = transform(image=image)["image"]
        _, encoded = cv2.imencode(suffix, augmented, options)
        with open(target, "wb") as file:  # noqa: PTH123 - as the floor does
            file.write(encoded.data)


if __name__ == "__main__":
    main()
