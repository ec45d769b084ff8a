"""What a manifest row can say: the rules that every row keeps which augtool writes.

A manifest is input like any other. A number that no config allows would keep the warp busy for
ever or end it with an error of OpenCV's, and a path could lead out of the output.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Affine, Affines, Size, Sizes
from augtool.core.pipeline import GEOMETRY_COLUMNS, Params, Pipeline
from augtool.core.records import TRAIN, Record
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.transforms import ALWAYS_LISTED
from augtool.errors import RowError
from augtool.images.codec import format_of_name
from augtool.output.dataset import DatasetInfo
from augtool.sinks import open_sink

__all__ = ["RowRules", "foreign", "is_inside"]

#: The longest side that an image format can hold: PNG's.
_LONGEST_PX = 1_000_000
_REST = {
    column: value for kind in ALWAYS_LISTED for column, value in zip(kind.columns, kind.identity)
}
#: How far an entry of a matrix may be from the one recomputed with another libm, relatively.
_TOLERANCE = 1e-6


def foreign(reason: str) -> str:
    """Return the sentence about a row that augtool did not write."""
    return f"row is not one that augtool writes: {reason}"


class RowRules:
    """Checks the rows of one output against its config, without looking at its files.

    Parameters
    ----------
    dataset
        What the output's dataset.json says.
    config
        Its config.
    """

    def __init__(self, dataset: DatasetInfo, config: Config) -> None:
        self._dataset = dataset
        self._config = config
        self.is_tree = open_sink(config).one_file_per_record
        self._most_pixels = max(config.max_pixels, Config().max_pixels)
        self._pipelines: dict[str, Pipeline] = {}
        self._known_ranges: dict[tuple[str, Size], dict[str, tuple[float, float]]] = {}

    def problem(self, record: Record) -> str | None:
        """Return what is wrong with a row, as a sentence; None for one that may be augtool's."""
        reason = next(self._reasons(record), None)
        return None if reason is None else foreign(reason)

    def require(self, record: Record) -> None:
        """Refuse a row that augtool does not write.

        Raises
        ------
        RowError
            With what is wrong.
        """
        problem = self.problem(record)
        if problem is not None:
            raise RowError(problem)

    def require_matrix(self, record: Record, geometry: ResizeGeometry) -> None:
        """Refuse a copy whose size or matrix is not that of its parameters and its source.

        Raises
        ------
        RowError
            With what is wrong.
        """
        if record.matrix is None or record.params is None:
            return
        size = Size(record.height, record.width)
        if size != geometry.frame:
            made = f"{geometry.frame.width} x {geometry.frame.height}"
            raise RowError(foreign(f"its size is {_size(record)}, its source makes {made}"))
        pipeline = self.pipeline(record.class_name)
        alone = ResizeGeometries.stack([geometry], [1])
        if not _is_close(record.matrix, pipeline.points.pulls(record.params, alone)):
            raise RowError(foreign("its matrix is not that of its parameters"))

    def pipeline(self, class_name: str) -> Pipeline:
        """Return the pipeline of a class."""
        if class_name not in self._pipelines:
            self._pipelines[class_name] = self._config.pipeline(class_name)
        return self._pipelines[class_name]

    def _reasons(self, record: Record) -> Iterator[str]:
        """Yield what is wrong; later rules rely on the earlier ones."""
        if self.is_tree and not is_inside(record.path):
            yield "its path leads out of the output"
        if self.is_tree and not format_of_name(record.path):
            yield "its path is not that of an image"
        if not is_inside(record.source):
            yield "its source leads out of the data"
        classes = self._dataset.classes
        if not 0 <= record.label < len(classes):
            yield f"label is {_short(record.label)}, and there are {len(classes):,} classes"
        if classes[record.label] != record.class_name:
            yield f"label {record.label} is class {classes[record.label]!r:.40}, not its own"
        sides = (record.width, record.height)
        if min(sides) < 1 or max(sides) > _LONGEST_PX or math.prod(sides) > self._most_pixels:
            yield f"its size is {_size(record)}"
        if record.copy is not None:
            yield from self._copy_reasons(record)

    def _copy_reasons(self, record: Record) -> Iterator[str]:
        copy, params = record.copy or 0, record.params or {}
        if not 0 <= copy < self._dataset.planned:
            yield f"copy is {_short(copy)}, and {self._dataset.planned:,} files were planned"
        if record.split != TRAIN:
            yield f"it is a copy in {record.split!r:.40}, and only {TRAIN} is augmented"
        frame = self._config.output.frame
        if frame is not None and (record.height, record.width) != frame:
            yield f"its size is {_size(record)}, the config's is {frame.width} x {frame.height}"
        yield from self._param_reasons(record, params)
        if not all(math.isfinite(entry) for entry in record.matrix or ()):
            yield "its matrix is not finite"

    def _param_reasons(self, record: Record, params: Params) -> Iterator[str]:
        """Yield which parameters the config does not draw: it draws between the ends of a range."""
        ranges = self._ranges(record.class_name, Size(record.height, record.width))
        undrawn = self._undrawn(record.class_name, params)
        for column, (low, high) in ranges.items():
            if column in undrawn:
                continue
            value = params.get(column)
            if value is None:
                yield f"it has no {column}"
                continue
            is_whole = isinstance(low, int)
            if not low <= value <= high or (is_whole and not isinstance(value, int)):
                yield f"{column} is {_short(value)}, the config draws {low:g} to {high:g}"
        for column in GEOMETRY_COLUMNS:
            if column not in ranges and params.get(column) != _REST[column]:
                yield f"{column} is {_short(params.get(column))}, and the config does not draw it"

    def _undrawn(self, class_name: str, params: Params) -> set[str]:
        """Return the columns of the transforms that the copy need not have, and does not have."""
        pipeline, columns = self.pipeline(class_name), set[str]()
        for transform in (*pipeline.geometric, *pipeline.photometric):
            if transform.name in pipeline.gates.names:
                rest = dict(zip(transform.columns, transform.identity))
                if all(params.get(column) == value for column, value in rest.items()):
                    columns |= rest.keys()
        return columns

    def _ranges(self, class_name: str, frame: Size) -> dict[str, tuple[float, float]]:
        """Return the lowest and the highest value of each parameter that is drawn for a class."""
        known = self._known_ranges.get((class_name, frame))
        if known is None:
            known = self._known_ranges[class_name, frame] = {}
            pipeline = self.pipeline(class_name)
            for transform in (*pipeline.geometric, *pipeline.photometric):
                ends = np.array([[0.0, 1.0]] * transform.uniforms)
                columns = transform.make_params(ends, Sizes(*frame))
                for name, column in zip(transform.columns, columns):
                    low, high = sorted(np.asarray(column).tolist())
                    known[name] = low, high
        return known


def is_inside(path: str) -> bool:
    """Return whether a path stays below the folder that it is relative to."""
    return bool(path) and "\0" not in path and path[0] != "/" and ".." not in path.split("/")


def _is_close(matrix: Affine, expected: Affines) -> bool:
    return all(
        abs(entry - float(other)) <= _TOLERANCE * max(1.0, abs(float(other)))
        for entry, other in zip(matrix, expected)
    )


def _size(record: Record) -> str:
    return f"{_short(record.width)} x {_short(record.height)}"


def _short(value: object) -> str:
    text = "empty" if value is None else repr(value)
    return text if len(text) <= 24 else f"{text[:20]}..."
