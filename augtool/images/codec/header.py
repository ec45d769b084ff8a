"""The header of an image file, read before anything is decoded."""

from __future__ import annotations

from typing import NamedTuple

from augtool.core.geometry import Size
from augtool.errors import InputError

__all__ = ["Header", "Repair", "corrupt_image", "require", "unsupported_image"]


class Repair(NamedTuple):
    """A stretch of a file that the decoder must not see, and what it sees instead."""

    start: int
    end: int
    replacement: bytes


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
    pixel_bytes
        Bytes of a decoded pixel, 1 to 8.
    tile
        Size of a tile, if the image is stored in tiles; it may be larger than the image.
    repairs
        What to change before decoding, in order: harmless oddities that the decoder reports, and
        which would hide what it reports next.
    """

    format: str
    stored: Size
    orientation: int = 1
    turned_by_decoder: bool = False
    is_gray: bool = False
    is_gray_alpha: bool = False
    transparent_level: int | None = None
    end: int | None = None
    pixel_bytes: int = 4
    tile: Size | None = None
    repairs: tuple[Repair, ...] = ()

    @property
    def size(self) -> Size:
        """Size of the upright image."""
        height, width = self.stored
        return Size(width, height) if self.orientation >= 5 else self.stored

    def for_decoder(self, data: bytes) -> bytes:
        """Return what the decoder gets of a file's bytes."""
        if not self.repairs:
            return data if self.end is None else data[: self.end]
        parts, position = [], 0
        for repair in self.repairs:
            parts += [data[position : repair.start], repair.replacement]
            position = repair.end
        return b"".join([*parts, data[position : self.end]])


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
