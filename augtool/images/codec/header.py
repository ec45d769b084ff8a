"""The header of an image file, read before anything is decoded."""

from __future__ import annotations

from typing import NamedTuple

from augtool.core.geometry import Size
from augtool.errors import InputError

__all__ = ["Header", "corrupt_image", "unsupported_image", "require"]


class Header(NamedTuple):
    """The header of an image.

    Parameters
    ----------
    format
        One of the registered formats' names.
    stored
        Size as stored, before any EXIF orientation.
    orientation
        EXIF orientation, 1 to 8.
    turned_by_decoder
        True if OpenCV applies the orientation whether asked to or not.
    is_gray
        True for a JPEG of one component (the other formats leave it to the decoder).
    is_gray_alpha
        True if OpenCV's four channels are gray, gray, gray, alpha.
    transparent_level
        The one gray level that is transparent (PNG's tRNS), which OpenCV drops.
    end
        End of the image data, for decoders that would read beyond it; None for the others.
    """

    format: str
    stored: Size
    orientation: int = 1
    turned_by_decoder: bool = False
    is_gray: bool = False
    is_gray_alpha: bool = False
    transparent_level: int | None = None
    end: int | None = None

    @property
    def size(self) -> Size:
        """Size of the upright image."""
        height, width = self.stored
        return Size(width, height) if self.orientation >= 5 else self.stored


def corrupt_image(what: str) -> InputError:
    """Return the error for a file whose bytes violate its format."""
    return InputError(f"damaged: {what}; replace or remove the file", stage="decode")


def unsupported_image(what: str, fix: str) -> InputError:
    """Return the error for an intact file of a kind that augtool does not support."""
    return InputError(f"{what}; {fix}", stage="decode")


def require(condition: object, what: str) -> None:
    """Raise the error of :func:`corrupt_image` unless `condition` is true."""
    if not condition:
        raise corrupt_image(what)
