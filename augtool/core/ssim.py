"""Structural similarity of two gray images. Pure.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: Image quality assessment: from error
visibility to structural similarity. IEEE Transactions on Image Processing 13(4), 2004.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image

__all__ = ["ssim"]

#: The paper's window, a circular Gaussian of 11 x 11 pixels.
_SIDE, _SIGMA = 11, 1.5
#: Its constants, which keep the quotient stable where an image is flat: (K L) squared.
_K1, _K2, _HIGHEST = 0.01, 0.03, 255


def ssim(one: Image, other: Image) -> float:
    """Return the mean structural similarity of two images: 1 for equal ones, 0 for unrelated ones.

    Parameters
    ----------
    one, other : ndarray of shape (H, W), uint8
        Of the same shape. Edges are mirrored, so that small images have a similarity too.

    Examples
    --------
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> ssim(image, image)
    1.0
    """
    x, y = one.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x = _blurred(x * x) - mean_x * mean_x
    variance_y = _blurred(y * y) - mean_y * mean_y
    covariance = _blurred(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * _HIGHEST) ** 2, (_K2 * _HIGHEST) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return float((luminance * structure).mean())


def _blurred(values: npt.NDArray[np.float64]) -> Any:
    return cv2.GaussianBlur(values, (_SIDE, _SIDE), _SIGMA, borderType=cv2.BORDER_REFLECT)
