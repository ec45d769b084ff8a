"""How large an image may be: what it costs in memory, told from its size before it is decoded.

A worker holds the decoded image, the same with a fourth channel for the warp, and the copy: three
times four bytes a pixel of 8-bit colour.  16-bit colour takes twice that, so its pixels count
double, and one number bounds the memory of every format.
"""

from __future__ import annotations

from augtool.core.geometry import Size
from augtool.errors import InputError

__all__ = ["counted_pixels", "require_within"]

#: Bytes of a pixel that counts once.
_PIXEL_BYTES = 4
#: How often a worker holds an image while it makes a copy.
_HELD = 3


def counted_pixels(size: Size, pixel_bytes: int) -> int:
    """Return how many pixels an image counts as: those of 16-bit colour count double.

    Parameters
    ----------
    size
        Height and width.
    pixel_bytes
        Bytes of a pixel: channels times bytes of a level.

    Examples
    --------
    >>> counted_pixels(Size(10, 20), 3), counted_pixels(Size(10, 20), 6)
    (200, 400)
    """
    return size.height * size.width * max(1, -(-pixel_bytes // _PIXEL_BYTES))


def require_within(size: Size, pixel_bytes: int, max_pixels: int) -> None:
    """Refuse an image of more than `max_pixels`.

    Raises
    ------
    InputError
        With the number to pass to read it, and what that costs.
    """
    counted = counted_pixels(size, pixel_bytes)
    if counted <= max_pixels:
        return
    twice = ""
    if counted > size.height * size.width:
        twice = f" of {pixel_bytes} bytes, which count as {counted:,}"
    gigabytes = counted * _PIXEL_BYTES * _HELD / 1e9
    raise InputError(
        f"claims {size.width} x {size.height} pixels{twice}, more than the limit of"
        f" {max_pixels:,}; if it is really that large, pass --max-pixels {counted}"
        f" (needs about {gigabytes:.1f} GB of memory for each worker)",
        stage="decode",
    )
