"""The versions that a picture's bytes depend on."""

from __future__ import annotations

import cv2
import numpy as np

from augtool import __version__

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Return the versions of augtool, OpenCV and NumPy."""
    return {"augtool": __version__, "cv2": cv2.__version__, "numpy": np.__version__}
