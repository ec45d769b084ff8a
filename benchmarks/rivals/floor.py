"""The floor: a bare loop of read, decode, warp, encode, write, once for each copy.

No manifest, no hashes, no checks of the pictures, nothing shared between copies of the
same source. What OpenCV and the disk cost when nothing else is done.
"""

from __future__ import annotations

import math
import multiprocessing
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
from task import JPEG_QUALITY, Chunk, Task, plan_copies, read_task

ROTATION_DEG = 20.0
SHIFT = 0.1
ZOOM = 0.1


def main() -> None:
    """Do the task of the command line in a pool of forked processes."""
    task = read_task()
    cv2.setNumThreads(1)  # before the fork: afterwards it can deadlock
    chunks = plan_copies(task)
    pool = multiprocessing.get_context("fork").Pool(task.workers)
    for _ in pool.imap_unordered(partial(run_chunk, task), chunks):
        pass
    pool.close()
    pool.join()


def run_chunk(task: Task, chunk: Chunk) -> None:
    """Make the copies of one chunk."""
    seed, pairs = chunk
    suffix = f".{task.format}"
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if task.format == "jpg" else []
    draws = np.random.default_rng(seed).uniform(-1.0, 1.0, (len(pairs), 6)).tolist()
    for (source, target), numbers in zip(pairs, draws, strict=True):
        with open(source, "rb") as file:  # noqa: PTH123 - the floor pays for no Path
            data = file.read()
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            msg = f"{source}: cannot be decoded"
            raise ValueError(msg)
        if task.resize is not None:
            image = cv2.resize(image, task.resize[::-1])
        height, width = image.shape[:2]
        warped = cv2.warpAffine(
            image,
            pull_matrix(numbers, height, width),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        _, encoded = cv2.imencode(suffix, warped, options)
        with open(target, "wb") as file:  # noqa: PTH123 - the floor pays for no Path
            file.write(encoded.data)


def pull_matrix(draws: list[float], height: int, width: int) -> npt.NDArray[np.float64]:
    """Return the matrix from output to source: rotation, shifts, zoom, mirror.

    Parameters
    ----------
    draws : list of 6 float
        Numbers from [-1, 1): rotation, shifts in x and y, zooms in x and y, mirror.
    height, width : int
        Size of the picture, in pixels.

    Returns
    -------
    ndarray of shape (2, 3), float64
    """
    rotation, shift_x, shift_y, zoom_x, zoom_y, mirror = draws
    angle = math.radians(ROTATION_DEG * rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    scale_x = (1.0 + ZOOM * zoom_x) * (-1.0 if mirror < 0.0 else 1.0)
    scale_y = 1.0 + ZOOM * zoom_y
    m00, m01, m10, m11 = cos * scale_x, -sin * scale_y, sin * scale_x, cos * scale_y
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    m02 = centre_x + SHIFT * shift_x * width - m00 * centre_x - m01 * centre_y
    m12 = centre_y + SHIFT * shift_y * height - m10 * centre_x - m11 * centre_y
    return np.array([[m00, m01, m02], [m10, m11, m12]])


if __name__ == "__main__":
    main()
