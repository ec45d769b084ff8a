"""What the geometric transforms of a pipeline do together, from points of outputs to sources.

A window of the source fills the frame, matrices multiply within the frame, and a tilt divides the
points of the output before all of them: one homography, in two parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from augtool.core.geometry import FLAT, Affines, Column, Tilts, Windows, centred
from augtool.core.resize import ResizeGeometries
from augtool.core.transforms import (
    GeometricTransform,
    MatrixTransform,
    TiltTransform,
    Transform,
    WindowTransform,
)

__all__ = ["PointMaps"]


class PointMaps(NamedTuple):
    """Geometric transforms by what they contribute, in their order."""

    window: WindowTransform | None
    matrices: tuple[MatrixTransform, ...]
    tilt: TiltTransform | None

    @classmethod
    def of(cls, transforms: Sequence[GeometricTransform]) -> PointMaps:
        """Return those of a pipeline."""
        # By their methods: isinstance looks at each member of a protocol, for 30 us.
        windows = [cast(WindowTransform, each) for each in transforms if hasattr(each, "window")]
        matrices = [cast(MatrixTransform, each) for each in transforms if hasattr(each, "matrix")]
        tilts = [cast(TiltTransform, each) for each in transforms if hasattr(each, "tilt")]
        return cls(next(iter(windows), None), tuple(matrices), next(iter(tilts), None))

    def pulls(self, params: Mapping[str, Column], geometries: ResizeGeometries) -> Affines:
        """Return the matrices from output to source points, without the tilt.

        Within the frames, they are ``C · R · T · ... · F · Q · C⁻¹``.
        """
        factors = [transform.matrix(_own(transform, params)) for transform in self.matrices]
        within = centred(factors, geometries.frame)
        return geometries.pulls(within, self.windows(params, geometries))

    def tilts(self, params: Mapping[str, Column], geometries: ResizeGeometries) -> Tilts:
        """Return what points of the outputs are divided by before :meth:`pulls`."""
        if self.tilt is None:
            return FLAT
        return self.tilt.tilt(_own(self.tilt, params), geometries.frame)

    def windows(self, params: Mapping[str, Column], geometries: ResizeGeometries) -> Windows:
        """Return the parts of the regions that fill the frames."""
        if self.window is None:
            return geometries.whole
        own = _own(self.window, params)
        return self.window.window(own, geometries.region, geometries.frame)


def _own(transform: Transform, params: Mapping[str, Column]) -> tuple[Column, ...]:
    """Return a transform's own parameters, in its order."""
    return tuple(params[column] for column in transform.columns)
