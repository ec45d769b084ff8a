"""A pipeline: the transforms of one class, ready to draw parameters and to apply them.

Drawing and applying are separate functions.  `make_params` needs only names and numbers; `apply`
needs only pixels and parameters, so that a copy can be remade from its manifest row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from augtool.core.geometry import Affine, Image, Size, WarpOptions, centred
from augtool.core.resize import ResizeGeometry
from augtool.core.rng import copy_key, uniforms
from augtool.core.transforms import (
    GEOMETRIC,
    PHOTOMETRIC,
    TRANSFORMS,
    GeometricTransform,
    PhotometricTransform,
    Transform,
)

__all__ = ["GEOMETRY_COLUMNS", "DrawnParams", "Params", "Pipeline"]

#: Parameter name to value, in manifest units.
Params = dict[str, float]

#: The parameters of every geometric transform, which a manifest always has.
GEOMETRY_COLUMNS: tuple[str, ...] = tuple(column for kind in GEOMETRIC for column in kind.columns)
_AT_REST: Params = {
    column: value for kind in GEOMETRIC for column, value in zip(kind.columns, kind.identity)
}


class DrawnParams(NamedTuple):
    """What determines a copy: the drawn parameters, and their pull matrix.

    From a pipeline, the matrix acts within the frame; from an image, it maps output to source.
    """

    params: Params
    matrix: Affine


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The transforms that are on, in the order of application, and how the warp reads pixels."""

    geometric: tuple[GeometricTransform, ...] = ()
    photometric: tuple[PhotometricTransform, ...] = ()
    warp_options: WarpOptions = field(default_factory=WarpOptions)
    _columns: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Note which parameters are drawn, in order."""
        transforms = (*self.geometric, *self.photometric)
        drawn = tuple(column for transform in transforms for column in transform.columns)
        object.__setattr__(self, "_columns", drawn)

    @classmethod
    def parse(cls, settings: Mapping[str, Any], warp_options: WarpOptions) -> Pipeline:
        """Return the pipeline for settings by name, such as ``{"rotation_range": 20}``.

        Raises
        ------
        ValueError
            When a transform can't read its setting.
        """
        geometric = (kind.parse(settings[kind.name]) for kind in GEOMETRIC if kind.name in settings)
        photometric = (
            kind.parse(settings[kind.name]) for kind in PHOTOMETRIC if kind.name in settings
        )
        return cls(
            tuple(transform for transform in geometric if transform is not None),
            tuple(transform for transform in photometric if transform is not None),
            warp_options,
        )

    @property
    def photometric_columns(self) -> tuple[str, ...]:
        """Names of the parameters of the level changes, sorted."""
        return tuple(sorted(column for each in self.photometric for column in each.columns))

    def make_params(self, key: bytes, copy: int, frame: Size) -> DrawnParams:
        """Draw the parameters of one copy; the matrix acts within the frame.

        Parameters
        ----------
        key
            From :func:`augtool.core.rng.sample_key`.
        copy
            Number of the copy, from 0.
        frame
            Size of the output, which fractions of shifts refer to.
        """
        key = copy_key(key, copy)
        values: list[float] = []
        factors = []
        for transform in self.geometric:
            drawn = transform.make_params(uniforms(key, transform.name, transform.uniforms), frame)
            factors.append(transform.matrix(drawn))
            values += drawn
        for change in self.photometric:
            values += change.make_params(uniforms(key, change.name, change.uniforms), frame)
        return DrawnParams(
            {**_AT_REST, **dict(zip(self._columns, values))}, centred(factors, frame)
        )

    def frame_matrix(self, params: Mapping[str, float], frame: Size) -> Affine:
        """Return the pull matrix within the frame: ``C · R · T · S · Z · F · C⁻¹``."""
        factors = [transform.matrix(_values(transform, params)) for transform in self.geometric]
        return centred(factors, frame)

    def apply(
        self,
        prepared: Image,
        placement: ResizeGeometry,
        pull: Affine,
        params: Mapping[str, float],
        *,
        may_pad: bool = False,
    ) -> Image:
        """Warp once, then change levels.

        Parameters
        ----------
        prepared : ndarray of shape (H, W) or (H, W, C), uint8 or uint16
            What ``placement.prepare`` returned.
        placement, pull
            The geometry of the source, and the matrix from output to source points.
        params
            At least the parameters of the level changes.
        may_pad
            8-bit colour may be returned with a fourth, meaningless channel.

        Returns
        -------
        ndarray of shape (placement.frame[, C]), of the same dtype
        """
        may_pad = may_pad and not self.photometric
        image = placement.warp(prepared, pull, self.warp_options, may_pad=may_pad)
        for transform in self.photometric:
            image = transform.apply(image, _values(transform, params))
        return image


def _values(transform: Transform, params: Mapping[str, float]) -> tuple[float, ...]:
    return tuple([params[column] for column in transform.columns])


assert len({kind.name for kind in TRANSFORMS}) == len(TRANSFORMS), "two transforms share a name"
