"""Grid dropout."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Column, Size, Sizes
from augtool.core.transforms.family import Box, Uniforms
from augtool.core.transforms.ranges import StrengthRange

__all__ = ["GridDropout"]

#: Cells along the shorter side.
_CELLS = 10


class GridDropout(StrengthRange):
    """Fill a box in each cell of a grid with cval; its share of a cell's side is in [low, high).

    Ten square cells fit along the shorter side, the default of Albumentations' ``GridDropout``; the
    grid begins anywhere within a cell. Alpha stays.

    P. Chen et al., "GridMask Data Augmentation", 2020.
    """

    stage: ClassVar[str] = "erase"
    name: ClassVar[str] = "grid_dropout_range"
    columns: ClassVar[tuple[str, ...]] = ("grid_share", "grid_x", "grid_y")
    measures: ClassVar[tuple[str, ...]] = ("share", "share", "share")
    identity: ClassVar[tuple[float, ...]] = (0.0, 0.0, 0.0)
    uniforms: ClassVar[int] = 3
    help: ClassVar[str] = (
        "boxes of cval in a grid, by their share of a cell's side: c draws from [0, c); or"
        " [low, high]"
    )
    highest: ClassVar[float] = 1

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (grid_share, grid_x, grid_y): the last two in sides of a cell."""
        return (self.at(uniforms[0]), uniforms[1], uniforms[2])

    def boxes(self, params: tuple[float, ...], size: Size) -> list[Box]:
        """Return the boxes, cut at the edges of the image."""
        share, x, y = params
        cell = max(min(size) // _CELLS, 2)
        side = round(share * cell)
        rows, columns = (
            [
                slice(max(start, 0), min(start + side, length))
                for start in range(int(offset * cell) - cell, length, cell)
                if start + side > 0
            ]
            for offset, length in zip((y, x), size)
        )
        return [(down, across) for down in rows for across in columns] if side else []
