"""What a picture's first bytes say of it, before anything is decoded."""

from __future__ import annotations

from typing import NamedTuple

from augtool.core.geometry import Size
from augtool.errors import InputError

__all__ = ["Header", "corrupt_image", "unsupported_image", "require"]


class Header(NamedTuple):
    """A picture's form.

    Parameters
    ----------
    format
        One of the registered formats' names.
    stored
        Size as stored, before any EXIF orientation.
    orientation
        EXIF orientation, 1 to 8.
    turned_by_decoder
        True where OpenCV applies the orientation whether asked to or not.
    is_gray
        True for a JPEG of one component (the other formats leave it to the decoder).
    is_gray_alpha
        True where OpenCV's four channels are gray, gray, gray, alpha.
    transparent_level
        The one gray level that is transparent (PNG's tRNS), which OpenCV drops.
    end
        Where the picture's bytes end, for decoders that would read on beyond; None for the rest.
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
        """Size of the upright picture."""
        height, width = self.stored
        return Size(width, height) if self.orientation >= 5 else self.stored


def corrupt_image(what: str) -> InputError:
    """Return the error for a file whose bytes are not what its format asks for."""
    return InputError(f"damaged: {what}; replace the file or take it out", stage="decode")


def unsupported_image(what: str, mend: str) -> InputError:
    """Return the error for a sound file of a kind that augtool does not take."""
    return InputError(f"{what}; {mend}", stage="decode")


def require(condition: object, what: str) -> None:
    """Raise the error of :func:`corrupt_image` unless `condition` is true."""
    if not condition:
        raise corrupt_image(what)
