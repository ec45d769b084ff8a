"""What the geometric transforms of a pipeline do together, from points of outputs to sources.

Matrices multiply within the frame, and a tilt divides the points of the output before all of them:
one homography, in two parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from augtool.core.geometry import FLAT, Affines, Column, Tilts, centred
from augtool.core.resize import ResizeGeometries
from augtool.core.transforms import (
    GeometricTransform,
    MatrixTransform,
    TiltTransform,
    Transform,
)

__all__ = ["PointMaps"]


class PointMaps(NamedTuple):
    """Geometric transforms by what they contribute, in their order."""

    matrices: tuple[MatrixTransform, ...]
    tilt: TiltTransform | None

    @classmethod
    def of(cls, transforms: Sequence[GeometricTransform]) -> PointMaps:
        """Return those of a pipeline."""
        matrices = (each for each in transforms if isinstance(each, MatrixTransform))
        tilts = (each for each in transforms if isinstance(each, TiltTransform))
        return cls(tuple(matrices), next(tilts, None))

    def pulls(self, params: Mapping[str, Column], geometries: ResizeGeometries) -> Affines:
        """Return the matrices from output to source points, without the tilt.

        Within the frames, they are ``C · R · T · ... · F · Q · C⁻¹``.
        """
        factors = [transform.matrix(_own(transform, params)) for transform in self.matrices]
        return geometries.pulls(centred(factors, geometries.frame))

    def tilts(self, params: Mapping[str, Column], geometries: ResizeGeometries) -> Tilts:
        """Return what points of the outputs are divided by before :meth:`pulls`."""
        if self.tilt is None:
            return FLAT
        return self.tilt.tilt(_own(self.tilt, params), geometries.frame)


def _own(transform: Transform, params: Mapping[str, Column]) -> tuple[Column, ...]:
    """Return a transform's own parameters, in its order."""
    return tuple(params[column] for column in transform.columns)
