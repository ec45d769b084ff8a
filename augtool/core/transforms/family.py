"""What a transform is: protocols, and the schema pieces that their settings share.

A transform reads its setting once (`parse`), draws its parameters from uniform numbers
(`make_params`), and then does one thing: a geometric one contributes a window, a matrix or a tilt
to the warp, a photometric one changes the pixels that were warped (:mod:`augtool.core.stages`).
Drawing and applying are kept apart, so that a manifest row can be applied again without drawing.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from augtool.core.displacement import Displacement
from augtool.core.geometry import Affines, Column, Image, Size, Sizes, Tilts, Windows
from augtool.core.image_spec import ImageSpec
from augtool.core.levels import Levels

__all__ = [
    "Box",
    "ColourTransform",
    "DisplaceTransform",
    "NUMBER_OR_PAIR",
    "PROBABILITY",
    "WHOLE_OR_PAIR",
    "EraseTransform",
    "GeometricTransform",
    "LevelTransform",
    "MatrixTransform",
    "Mix",
    "PhotometricTransform",
    "PixelTransform",
    "TiltTransform",
    "Transform",
    "Uniforms",
    "WindowTransform",
]

#: Numbers in [0, 1): a row for each that a draw takes, a column for each copy.
Uniforms = npt.NDArray[np.float64]
#: A matrix of shape (3, 3) from the colours B, G, R of a pixel to others.
Mix = npt.NDArray[np.float64]
#: Rows and columns of an image.
Box = tuple[slice, slice]

#: JSON Schema of "r, or [low, high]".
NUMBER_OR_PAIR: dict[str, Any] = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ]
}
#: JSON Schema of "n, or [low, high]", whole numbers.
WHOLE_OR_PAIR: dict[str, Any] = {
    "anyOf": [
        {"type": "integer"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    ]
}
#: JSON Schema of "true, false, or a probability".
PROBABILITY: dict[str, Any] = {
    "anyOf": [{"type": "boolean"}, {"type": "number", "minimum": 0, "maximum": 1}]
}


class Transform(Protocol):
    """What every transform has.

    Attributes
    ----------
    name
        Its key in the YAML's ``transforms:`` block, ImageDataGenerator's own name for it.
        Its draws are hashed with it: renaming it changes images.
    columns
        Names of its parameters in the manifest.
    measures
        What each parameter counts, for those who read a report: a unit, `factor`, `switch` for 0
        or 1, or `key` for what noise is made from, which says nothing by itself.
    identity
        The parameters that leave an image unchanged.
    uniforms
        How many uniform numbers a draw takes.
    schema
        JSON Schema of its setting.
    help
        One line for the starter config.
    portable
        Whether it gives the same bytes on any CPU and OpenCV from 4.13. It does unless it calls
        what adds up floats, such as ``filter2D``; ``portable: true`` refuses it if not.
    """

    name: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    measures: ClassVar[tuple[str, ...]]
    identity: ClassVar[tuple[float, ...]]
    uniforms: ClassVar[int]
    schema: ClassVar[dict[str, Any]]
    help: ClassVar[str]
    portable: ClassVar[bool]

    @classmethod
    def parse(cls, value: Any) -> Transform | None:
        """Return the transform for a setting, or None if the setting turns it off.

        Raises
        ------
        ValueError
            What is wrong with `value`, and what to write instead.
        """

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:
        """Return the parameters of many copies, a column of values for each of `columns`.

        Each value lies between those for all uniforms 0 and for all uniforms 1.

        Parameters
        ----------
        uniforms : ndarray of shape (`uniforms`, n), float64
        frames
            Sizes of the outputs.
        """


class GeometricTransform(Transform, Protocol):
    """A transform of points: one of the three below."""

    @classmethod
    def parse(cls, value: Any) -> GeometricTransform | None:
        """Return the transform for a setting, or None if the setting turns it off."""


class WindowTransform(GeometricTransform, Protocol):
    """A transform that comes before all others: it chooses a part of the image."""

    def window(self, params: tuple[Column, ...], regions: Sizes, frames: Sizes) -> Windows:
        """Return the parts of the regions that fill the frames."""


class TiltTransform(GeometricTransform, Protocol):
    """A transform that comes after the others: it looks at the result from aside."""

    def tilt(self, params: tuple[Column, ...], frames: Sizes) -> Tilts:
        """Return px and py, as :func:`augtool.core.geometry.tilted` takes them."""


class MatrixTransform(GeometricTransform, Protocol):
    """A transform about the centre of the frame."""

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return the pull matrices about the centres of the frames."""


class PhotometricTransform(Transform, Protocol):
    """A transform of the warped pixels.

    Attributes
    ----------
    stage
        Its stage, which says by which verb it is applied: a key of
        :data:`augtool.core.stages.STAGES`.
    knows_colours
        Whether it does something else to an image whose red and blue have changed places: they
        must be in OpenCV's order, B, G, R.
    """

    stage: ClassVar[str]
    knows_colours: ClassVar[bool]

    @classmethod
    def parse(cls, value: Any) -> PhotometricTransform | None:
        """Return the transform for a setting, or None if the setting turns it off."""

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Return why it can't be applied to such images, and the flag that fixes it; else None."""


class DisplaceTransform(PhotometricTransform, Protocol):
    """A transform that moves pixels where no matrix can. Its stage is `displace`."""

    def displacement(self, params: tuple[float, ...], size: Size) -> Displacement:
        """Return where the pixels of an image of some size come from."""


class ColourTransform(PhotometricTransform, Protocol):
    """A transform that mixes the colours of each pixel. Its stage is `colour`."""

    def mix(self, params: tuple[float, ...]) -> Mix:
        """Return the matrix from B, G, R to B, G, R."""


class PixelTransform(PhotometricTransform, Protocol):
    """A transform of the image as a whole. Its stage is `hue`, `filter` or `noise`."""

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the changed image, of the same size and dtype; the input is not overwritten."""


class EraseTransform(PhotometricTransform, Protocol):
    """A transform that hides parts of the image. Its stage is `erase`."""

    def boxes(self, params: tuple[float, ...], size: Size) -> list[Box]:
        """Return the boxes that are filled with cval, in an image of some size."""


class LevelTransform(PhotometricTransform, Protocol):
    """A transform of levels: each is mapped on its own. Its stage is `levels`."""

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Add its changes to those of the image."""
