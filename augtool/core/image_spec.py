"""What images in one array must have in common: size, channels and depth."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MAX_PIXELS", "ImageSpec"]

#: The default of --max-pixels: photographs of 61 megapixels, with less than 1 GB for each worker.
MAX_PIXELS = 64_000_000

_COLOURS = {1: "gray", 2: "gray with alpha", 3: "colour", 4: "colour with alpha"}


class ImageSpec(NamedTuple):
    """The form of one image, as an array of shape (height, width, channels)."""

    height: int
    width: int
    channels: int
    bits: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return height, width and channels."""
        return self.height, self.width, self.channels

    @property
    def pixels(self) -> int:
        """Return the number of pixels."""
        return self.height * self.width

    @property
    def dtype(self) -> str:
        """Return the name of the dtype that its levels have."""
        return f"uint{self.bits}"

    @property
    def size_bytes(self) -> int:
        """Return how many bytes its levels take."""
        return self.pixels * self.channels * (self.bits // 8)

    def __str__(self) -> str:
        size = f"{self.height}x{self.width}"
        return f"{size} (height x width), {_COLOURS[self.channels]}, {self.bits} bits"

    def mismatch_reason(self, expected: ImageSpec) -> str:
        """Explain why this one can't share an array with another, and which flags help."""
        flags = []
        if self[:2] != expected[:2]:
            flags.append(f"--resize {expected.height}x{expected.width}")
        if self.channels != expected.channels and 0 in (self.channels % 2, expected.channels % 2):
            flags.append("--flatten white")
        if self.bits != expected.bits:
            flags.append("--depth 8")
        if self.channels != expected.channels and max(self.channels, expected.channels) > 2:
            flags.append("--color-mode rgb")
        return (
            f"is {self}, but the first image is {expected}, and one array can't hold both;"
            f" pass {' '.join(flags)}"
        )
