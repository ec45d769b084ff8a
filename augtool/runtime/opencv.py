"""Imports OpenCV, with what must be set before and after.

Some of OpenCV's limits count only when they are set before ``import cv2``; this module must
therefore be called before anything that imports it, and imports nothing heavy itself.
"""

from __future__ import annotations

import os

from augtool.errors import EngineError

__all__ = ["load_opencv"]


def load_opencv() -> None:
    """Import cv2 with one thread and no BLAS pool.

    Workers are the parallelism: an OpenCV or OpenBLAS thread pool next to them only costs time,
    and forking after such threads have run can deadlock.

    Raises
    ------
    EngineError
        When the import fails, with the command that fixes this environment.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The size limit is augtool's own and reads headers; OpenCV's must not come first.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**40))
    # OpenCV's warnings about damaged files are captured (augtool.images.codec.stderr_capture).
    os.environ["OPENCV_LOG_LEVEL"] = "WARNING"
    try:
        import cv2  # noqa: PLC0415

        # Of a wheel that was uninstalled in part, an empty folder may be left, which imports.
        cv2.setNumThreads(1)
    except (ImportError, AttributeError) as error:
        from augtool.runtime.opencv_wheels import fix_opencv  # noqa: PLC0415

        problem = " ".join(str(error).split())
        raise EngineError(
            f"OpenCV can't be loaded ({problem}); run: {fix_opencv(problem)}"
        ) from error
