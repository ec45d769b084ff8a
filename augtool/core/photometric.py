"""Which channels of an image are colour, and the levels that they hold."""

from __future__ import annotations

from augtool.core.geometry import Image

__all__ = ["LUMA", "colour_channels", "level_extremes"]

#: Weights of B, G, R in luma (Rec. 601), in the order of OpenCV's channels.
LUMA = (0.114, 0.587, 0.299)


def colour_channels(image: Image) -> int:
    """Return how many of the channels are colour: 1 of gray(+alpha), 3 of colour(+alpha)."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    return 3 if channels >= 3 else 1


def level_extremes(image: Image) -> tuple[int, int]:
    """Return the lowest and the highest level over all colour channels."""
    colour = image[..., : colour_channels(image)] if image.ndim == 3 else image
    return int(colour.min()), int(colour.max())
