"""Tells which warps are mirrors of the whole image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["mirrors_of"]


def mirrors_of(
    matrices: npt.NDArray[np.float64],
    size: npt.NDArray[np.float64],
    frame: npt.NDArray[np.float64],
    leaning: Sequence[int],
) -> list[int | None]:
    """Return for each matrix how it mirrors an image onto itself; None if it does something else.

    Parameters
    ----------
    matrices : ndarray of shape (n, 2, 3)
    size, frame : ndarrays of shape (2, n)
        Heights and widths of the sources, and of the outputs.
    leaning
        Which are in perspective, so that their matrix is not all.
    """
    if not (np.abs(matrices[:, (0, 1), (0, 1)]) == 1).all(axis=1).any():
        return [None] * len(matrices)  # the usual case, a tenth of the work
    turned = matrices[:, 0, 0] == -1, matrices[:, 1, 1] == -1
    expected = np.zeros_like(matrices)
    for axis, is_turned in enumerate(turned):
        expected[:, axis, axis] = np.where(is_turned, -1.0, 1.0)
        expected[:, axis, 2] = np.where(is_turned, size[1 - axis] - 1, 0.0)
    is_mirror = (matrices == expected).all(axis=(1, 2)) & (size == frame).all(axis=0)
    is_mirror[leaning] = False
    codes = {(True, False): 1, (False, True): 0, (True, True): -1}
    found = zip(is_mirror.tolist(), turned[0].tolist(), turned[1].tolist())
    return [codes.get((x, y)) if mirrors else None for mirrors, x, y in found]
