"""The versions that a picture's bytes depend on."""

from __future__ import annotations

from importlib import metadata

import cv2
import numpy as np

__all__ = ["augtool_version", "versions"]


def augtool_version() -> str:
    """Return augtool's own version."""
    try:
        return metadata.version("augtool")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def versions() -> dict[str, str]:
    """Return the versions of augtool, OpenCV and NumPy."""
    return {"augtool": augtool_version(), "cv2": cv2.__version__, "numpy": np.__version__}
