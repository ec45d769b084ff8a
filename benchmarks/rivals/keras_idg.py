"""Keras' ImageDataGenerator: `flow_from_directory` with `save_to_dir`.

One process: the generator has no workers of its own. It writes all files into one
folder, at Pillow's JPEG quality of 75, and offers no other. Every batch has one size, so
photographs without a resize are read at 400x500.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image
from task import Task, read_task

BATCH = 32
PHOTO_SIZE = (400, 500)
SMALL_PX = 64


def main() -> None:
    """Do the task of the command line."""
    task = read_task()
    task.out.mkdir(parents=True, exist_ok=True)
    generator = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.1,
        height_shift_range=0.1,
        zoom_range=0.1,
        horizontal_flip=True,
        fill_mode="nearest",
    )
    flow = generator.flow_from_directory(
        str(task.data),
        target_size=target_size(task),
        class_mode=None,
        batch_size=BATCH,
        shuffle=True,
        seed=0,
        save_to_dir=str(task.out),
        save_format="png" if task.format == "png" else "jpeg",
    )
    for batch, indices in enumerate(batches(len(flow.filenames), task.copies)):
        # File names hold a random number: the prefix keeps two of them from being equal.
        flow.save_prefix = f"b{batch}"
        flow._get_batches_of_transformed_samples(indices)


def batches(images: int, copies: int) -> list[list[int]]:
    """Return the indices of `copies` pictures, cycling through all, BATCH at a time.

    The generator's own batches end with each epoch, which would overshoot the count.
    """
    indices = [number % images for number in range(copies)]
    return [indices[start : start + BATCH] for start in range(0, copies, BATCH)]


def target_size(task: Task) -> tuple[int, int]:
    """Return `(height, width)` that every picture is read at."""
    if task.resize is not None:
        return task.resize
    with Image.open(min(task.data.glob("*/*"))) as image:
        width, height = image.size
    return (height, width) if max(height, width) <= SMALL_PX else PHOTO_SIZE


if __name__ == "__main__":
    main()
