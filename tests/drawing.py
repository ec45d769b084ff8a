"""Draws for tests: a hash of a name and a number, not a generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from augtool.core.geometry import Size, Sizes
from augtool.core.pipeline import Copies, Pipeline, Subject
from augtool.core.resize import ResizeGeometry
from augtool.core.rng import sample_word, uniforms
from augtool.core.transforms import Transform
from augtool.core.warp import unpadded
from augtool.images.source_image import SourceImage


def numbers(name: str, number: int, count: int) -> tuple[float, ...]:
    """Return `count` numbers in [0, 1)."""
    word = np.array([sample_word(0, name)], np.uint64)
    (drawn,) = uniforms(word, np.array([number], np.uint64), [("tests", count)])
    return tuple(drawn[:, 0].tolist())


def params_at(transform: Transform, at: Sequence[float], size: Size) -> tuple[float, ...]:
    """Return what a transform draws of given uniform numbers, for an output of some size."""
    columns = transform.make_params(np.array(at, float)[:, np.newaxis], Sizes(*size))
    return tuple(np.asarray(column).tolist()[0] for column in columns)


def one_copy(pipeline: Pipeline, sample: str, number: int, geometry: ResizeGeometry) -> Copies:
    """Return copies up to `number`; that one is the last."""
    return pipeline.draw(0, [Subject(sample, geometry, number + 1)])


def make_copy(pipeline: Pipeline, seed: int, sample: str, number: int, loaded: SourceImage) -> Any:
    """Return the pixels of a copy of an image."""
    copies = pipeline.draw(seed, [Subject(sample, loaded.geometry, number + 1)])
    prepared = loaded.at(copies.reductions[number])
    return unpadded(copies.make(number, prepared, loaded.channels), loaded.channels)
