"""Compression as JPEG."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.image_spec import ImageSpec
from augtool.core.transforms.ranges import WholeRange, require_8_bits

__all__ = ["Jpeg"]

_LONGEST_PX = 65_500


class Jpeg(WholeRange):
    """Compress the image as a JPEG with a quality drawn from low to high, and decode it again.

    Colour is stored at half the size, as in most programs. 16-bit images and alpha are refused:
    JPEG has neither.
    """

    stage: ClassVar[str] = "noise"
    name: ClassVar[str] = "jpeg_range"
    columns: ClassVar[tuple[str, ...]] = ("jpeg_quality",)
    measures: ClassVar[tuple[str, ...]] = ("quality",)
    identity: ClassVar[tuple[float, ...]] = (0,)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "JPEG quality of 1 to 100; or [low, high], e.g. [30, 90]"
    lowest: ClassVar[int] = 1
    highest: ClassVar[int] = 100

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Refuse 16 bits, alpha and sides that no JPEG has."""
        if spec.channels in (2, 4):
            return f"{self.name} can't keep its alpha channel; pass --flatten white"
        if max(spec.height, spec.width) > _LONGEST_PX:
            return f"{self.name} takes no sides above {_LONGEST_PX:,} pixels; pass --resize"
        return require_8_bits(self.name, spec)

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return what is left of the image."""
        if not params[0]:
            return image
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(params[0])])
        decoded = cv2.imdecode(np.asarray(data), cv2.IMREAD_UNCHANGED)
        assert decoded is not None  # it was encoded just now
        return decoded
