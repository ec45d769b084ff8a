"""A pipeline: the transforms of one class, ready to draw the parameters of copies and to make them.

Drawing and making are separate.  `draw` needs only names and numbers, and works on many copies at
once; a copy is made from pixels, matrix and parameters, so that it can be made again from its
manifest row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, NamedTuple, cast

import numpy as np

from augtool.core.gates import Gates
from augtool.core.geometry import Affine, Affines, Column, Image, WarpOptions
from augtool.core.image_spec import ImageSpec
from augtool.core.point_maps import PointMaps
from augtool.core.policies.joining import joined, widened
from augtool.core.resize import Reduction, ResizeGeometries, ResizeGeometry
from augtool.core.rng import sample_word, uniforms
from augtool.core.stages import STAGES, Step, apply_steps
from augtool.core.transforms import (
    ALWAYS_LISTED,
    GEOMETRIC,
    PHOTOMETRIC,
    TRANSFORMS,
    GeometricTransform,
    PhotometricTransform,
    Transform,
)
from augtool.core.transforms.crop import Crop
from augtool.core.warp import Warps, unpadded

__all__ = ["GEOMETRY_COLUMNS", "Copies", "Params", "Pipeline", "Subject"]

#: Parameter name to value, in manifest units.
Params = dict[str, float]

#: The parameters that a manifest always has.
GEOMETRY_COLUMNS = tuple(column for kind in ALWAYS_LISTED for column in kind.columns)
_AT_REST: Params = {
    column: value for kind in ALWAYS_LISTED for column, value in zip(kind.columns, kind.identity)
}
_PLACES = {stage: place for place, stage in enumerate(STAGES)}


class Subject(NamedTuple):
    """A sample whose copies are drawn: its id, its geometry, and how many copies it gets."""

    id: str
    geometry: ResizeGeometry
    copies: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The transforms that are on, in the order of application, and how the warp reads pixels.

    Parameters
    ----------
    geometric, photometric
        The transforms.
    warp_options
        How the warp samples.
    gates
        Which of the transforms a copy gets.
    columns
        Names of the parameters of a copy: those that are always listed, and those of the others
        that are on.
    points
        What the geometric transforms do together.
    """

    geometric: tuple[GeometricTransform, ...] = ()
    photometric: tuple[PhotometricTransform, ...] = ()
    warp_options: WarpOptions = field(default_factory=WarpOptions)
    gates: Gates = field(default_factory=Gates)
    columns: tuple[str, ...] = field(init=False, repr=False)
    points: PointMaps = field(init=False, repr=False)
    _places: tuple[slice, ...] = field(init=False, repr=False)
    _reasons: dict[ImageSpec, str | None] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        """Note which parameters a copy has, in order, and where in its row they stand."""
        columns = list(GEOMETRY_COLUMNS)
        for transform in self.geometric:
            columns += [column for column in transform.columns if column not in _AT_REST]
        counts = [len(transform.columns) for transform in self.photometric]
        ends = list(accumulate(counts, initial=len(columns)))
        columns += [column for each in self.photometric for column in each.columns]
        object.__setattr__(self, "columns", tuple(columns))
        object.__setattr__(self, "_places", tuple(map(slice, ends, ends[1:])))
        object.__setattr__(self, "points", PointMaps.of(self.geometric))

    def steps(self, row: tuple[float, ...]) -> list[Step]:
        """Return what follows the warp of a copy: the transforms that change it.

        `row` is one of :class:`Copies`.
        """
        values = [row[place] for place in self._places]
        return [step for step in zip(self.photometric, values) if step[1] != step[0].identity]

    @classmethod
    def parse(
        cls,
        settings: Mapping[str, Any],
        warp_options: WarpOptions,
        gates: Gates | None = None,
        own: Sequence[Any] = (),
    ) -> Pipeline:
        """Return the pipeline for settings by name, such as ``{"rotation_range": 20}``.

        `own` are kinds beside those of the registry, with `name`, `stage` (None if geometric) and
        `parse`; they come last, those with a stage as the last of it.

        Raises
        ------
        ValueError
            When a transform can't read its setting.
        """
        first = [*GEOMETRIC, *(kind for kind in own if kind.stage is None)]
        then = [*PHOTOMETRIC, *(kind for kind in own if kind.stage is not None)]
        then.sort(key=lambda kind: _PLACES[kind.stage])
        gates = gates or Gates()
        on = _read(settings, (*first, *then))
        if gates.drawn is not None:
            drawn = _read(gates.drawn.policy.settings())
            shared = [each for name, each in on.items() if name in drawn]
            gates = replace(gates, drawn=gates.drawn._replace(own=tuple(shared)))
            on |= drawn | {each.name: widened(each, drawn[each.name]) for each in shared}
        geometric = tuple(on[kind.name] for kind in first if kind.name in on)
        photometric = tuple(on[kind.name] for kind in then if kind.name in on)
        return cls(geometric, photometric, warp_options, gates.among(on))

    @property
    def photometric_columns(self) -> tuple[str, ...]:
        """Names of the parameters that are not always listed, sorted."""
        return tuple(sorted(self.columns[len(GEOMETRY_COLUMNS) :]))

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Return why copies can't be made of such images, and what fixes it; else None."""
        if spec not in self._reasons:  # most images of a set are alike
            self._reasons[spec] = self._unsupported_reason(spec)
        return self._reasons[spec]

    def _unsupported_reason(self, spec: ImageSpec) -> str | None:
        try:
            self.warp_options.border_value(spec.channels)
        except ValueError as error:
            return f"{error}; set cval to one number"
        reasons = (transform.unsupported_reason(spec) for transform in self.photometric)
        return next((reason for reason in reasons if reason), None)

    def draw(self, seed: int, subjects: Sequence[Subject]) -> Copies:
        """Draw the copies of several samples, one sample after another.

        A copy's draws depend on the seed, its sample's id, its number and the size of its frame.
        """
        numbers = [subject.copies for subject in subjects]
        geometries = ResizeGeometries.stack([subject.geometry for subject in subjects], numbers)
        words = np.array([sample_word(seed, subject.id) for subject in subjects], np.uint64)
        each = np.concatenate([np.arange(count, dtype=np.uint64) for count in numbers])
        transforms: tuple[Transform, ...] = (*self.geometric, *self.photometric)
        elsewhere = self.gates.drawn_names
        alone = [transform for transform in transforms if transform.name not in elsewhere]
        alone += self.gates.drawn.own if self.gates.drawn else ()
        names = [(transform.name, transform.uniforms) for transform in alone]
        drawn = uniforms(np.repeat(words, numbers), each, names + self.gates.uniforms)
        masks = self.gates.masks(drawn[len(names) :])
        params: dict[str, Column] = {
            column: rest
            for transform in transforms
            for column, rest in zip(transform.columns, transform.identity)
        }
        params |= self.gates.params(drawn[len(names) :], geometries.frame)
        for transform, own in zip(alone, drawn):
            values = transform.make_params(own, geometries.frame)
            if (mask := masks.get(transform.name)) is not None:
                values = tuple(
                    np.where(mask, value, rest) for value, rest in zip(values, transform.identity)
                )
            for column, value in zip(transform.columns, values):
                is_both = transform.name in elsewhere
                params[column] = joined(transform.name, value, params[column]) if is_both else value
        return self.place(params, self.points.pulls(params, geometries), geometries)

    def place(
        self, params: Mapping[str, Column], pulls: Affines, geometries: ResizeGeometries
    ) -> Copies:
        """Return copies of given parameters and matrices, newly drawn or read from a manifest.

        Parameters
        ----------
        params
            A column for each of `columns`; geometric ones that are missing are at rest.
        pulls
            From points of the outputs to points of the sources, as from ``points.pulls``.
        geometries
            Of the copies.
        """
        params = {**_AT_REST, **params}
        matrices = _rows(pulls, geometries.copies)
        rows = _rows([params[column] for column in self.columns], geometries.copies)
        by = geometries.reductions(self.points.windows(params, geometries))
        warps = geometries.warps(pulls, by, self.points.tilts(params, geometries))
        reductions = Reduction.listed(by, geometries.copies)
        return Copies(self, cast("list[Affine]", matrices), rows, warps, reductions)


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies that are drawn, in the order of their drawing, but not yet made.

    Parameters
    ----------
    pipeline
        What they were drawn by.
    matrices
        Of each, from output to source points.
    rows
        The parameters of each, in the order of ``pipeline.columns``.
    warps
        How each is pulled from its source.
    reductions
        By how much the source of each is to be reduced.
    """

    pipeline: Pipeline
    matrices: list[Affine]
    rows: list[tuple[float, ...]]
    warps: Warps
    reductions: list[Reduction]
    _unpadded: list[Image] = field(default_factory=list, repr=False)

    def params(self, index: int) -> Params:
        """Return the parameters of a copy."""
        return dict(zip(self.pipeline.columns, self.rows[index]))

    def make(self, index: int, prepared: Image, channels: int) -> Image:
        """Return the pixels of a copy: warp once, then apply what follows.

        Parameters
        ----------
        index
            Which copy.
        prepared : ndarray of shape (H, W) or (H, W, C), uint8 or uint16
            Its source, from ``ResizeGeometry.prepare`` with the copy's reduction, as
            :func:`augtool.core.warp.padded` returned it.
        channels
            How many channels the source had before that.

        Returns
        -------
        ndarray of shape (height, width[, C]) of the frame, of the same dtype; `channels` of the C
        channels count
        """
        options = self.pipeline.warp_options
        image = self.warps.pull(index, prepared, options)
        if not self.pipeline.photometric:
            return image
        steps = self.pipeline.steps(self.rows[index])
        if not steps:
            return image
        plain = unpadded(image, channels) if image is not prepared else self._plain(image, channels)
        return apply_steps(plain, steps, options)

    def _plain(self, source: Image, channels: int) -> Image:
        """Return a source without padding: once, where the warp leaves its copies as they are."""
        if not self._unpadded or self._unpadded[0] is not source:
            self._unpadded[:] = [source, unpadded(source, channels)]
        return self._unpadded[1]


def _read(settings: Mapping[str, Any], kinds: Iterable[Any] = TRANSFORMS) -> dict[str, Any]:
    """Return the transforms that settings turn on, by name; a crop has two settings."""
    read: dict[str, Any] = {
        kind.name: kind.parse(settings[kind.name])
        for kind in kinds
        if kind.name in settings and kind is not Crop
    }
    if Crop.name in settings:
        read[Crop.name] = Crop.parse(settings[Crop.name], settings.get("crop_ratio"))
    return {name: transform for name, transform in read.items() if transform is not None}


def _rows(columns: Sequence[Column], count: int) -> list[tuple[float, ...]]:
    """Return columns as rows, one for each copy."""
    lists = (np.ravel(column).tolist() for column in columns)
    return list(zip(*[each if len(each) == count else each * count for each in lists]))


assert len({kind.name for kind in TRANSFORMS}) == len(TRANSFORMS), "two transforms share a name"
