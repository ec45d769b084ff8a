"""A transform of the user's own, whose mistakes become errors that name it.

Nothing that such a class does wrong may look like a bug of augtool, stop the other images, or end
in pixels that are not what was meant.  Loading its code is no business of this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Affines, Column, Image, Size, Sizes
from augtool.core.image_spec import ImageSpec
from augtool.core.levels import Change, Levels, Numbers
from augtool.core.transforms.family import Box, Mix, Uniforms
from augtool.errors import ConfigError, InputError

__all__ = ["Guarded"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Guarded:
    """A user's transform, behind the protocols of :mod:`augtool.core.transforms.family`.

    What fails while parameters are drawn is a :class:`ConfigError`, since no image is to blame;
    what fails on an image is an :class:`InputError`.

    Parameters
    ----------
    name
        Its key in the config, ``module:Class``.
    inner
        What the class's `parse` returned.
    """

    name: str
    inner: Any

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its parameters."""
        return tuple(self.inner.columns)

    @property
    def measures(self) -> tuple[str, ...]:
        """What each parameter counts."""
        return tuple(self.inner.measures)

    @property
    def identity(self) -> tuple[float, ...]:
        """The parameters that leave an image unchanged."""
        return tuple(self.inner.identity)

    @property
    def uniforms(self) -> int:
        """How many uniform numbers a draw takes."""
        return int(self.inner.uniforms)

    @property
    def stage(self) -> str:
        """Its stage."""
        return str(self.inner.stage)

    @property
    def knows_colours(self) -> bool:
        """Whether red and blue must be in their places."""
        return bool(getattr(self.inner, "knows_colours", True))

    @property
    def portable(self) -> bool:
        """Whether the class says that it gives the same bytes everywhere."""
        return bool(getattr(self.inner, "portable", False))

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its setting: anything, if it has none."""
        return dict(getattr(self.inner, "schema", {}))

    @property
    def help(self) -> str:
        """One line about it, if it has any."""
        return str(getattr(self.inner, "help", ""))

    def parse(self, value: Any) -> Any:
        """Return what the class reads from a setting."""
        return self.inner.parse(value)

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:
        """Return the parameters of many copies."""

        def drawn() -> tuple[Column, ...]:
            made = self.inner.make_params(uniforms, frames)
            if len(made) != len(self.columns):
                raise ValueError(f"got {len(made)} parameters for {len(self.columns)} columns")
            return tuple(_numbers(column, uniforms.shape[1]) for column in made)

        return self._drawing("make_params", drawn)

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return the pull matrices."""

        def placed() -> Affines:
            a, b, c, d, e, f = self.inner.matrix(params)
            if not all(np.isfinite(entry).all() for entry in (a, b, c, d, e, f)):
                raise ValueError("got entries that are not finite")
            return (a, b, c, d, e, f)

        return self._drawing("matrix", placed)

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Return why it can't be applied to such images."""
        own = getattr(self.inner, "unsupported_reason", None)
        reason = None if own is None else self._making("unsupported_reason", lambda: own(spec))
        return None if reason is None else f"{self.name}: {reason}"

    def mix(self, params: tuple[float, ...]) -> Mix:
        """Return the matrix from B, G, R to B, G, R."""

        def mixed() -> Mix:
            made = np.asarray(self.inner.mix(params), np.float64)
            if made.shape != (3, 3) or not np.isfinite(made).all():
                raise ValueError(f"got shape {made.shape}; expected 3 x 3 finite numbers")
            return made

        return self._making("mix", mixed)

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Add its changes to those of the image."""
        self._making("change", lambda: self.inner.change(_CheckedLevels(levels), params))

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the changed image; the class gets one that it can't write to."""
        read_only = image.view()
        read_only.flags.writeable = False

        def applied() -> Image:
            made = self.inner.apply(read_only, params)
            if not isinstance(made, np.ndarray):
                raise TypeError(f"got {type(made).__name__}; expected an array")
            if (made.size, made.shape[:2]) != (image.size, image.shape[:2]):
                raise ValueError(f"got shape {made.shape}; expected {image.shape}")
            if made.dtype != image.dtype:
                raise TypeError(f"got {made.dtype}; expected {image.dtype}")
            return np.ascontiguousarray(made)

        return self._making("apply", applied)

    def boxes(self, params: tuple[float, ...], size: Size) -> list[Box]:
        """Return the boxes that are filled with cval."""

        def hidden() -> list[Box]:
            boxes = list(self.inner.boxes(params, size))
            for rows, columns in boxes:
                for side, length in ((rows, size.height), (columns, size.width)):
                    if side.step is not None or not 0 <= side.start <= side.stop <= length:
                        raise ValueError(f"got {side}; expected a part of 0 to {length}")
            return boxes

        return self._making("boxes", hidden)

    def _drawing(self, verb: str, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except Exception as error:  # it is the user's code, and may raise anything
            said = f"transforms.own: {self._said(verb, error)}; fix the class"
            raise ConfigError(said) from error

    def _making(self, verb: str, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except Exception as error:
            raise InputError(self._said(verb, error), stage="transform") from error

    def _said(self, verb: str, error: Exception) -> str:
        return f"{self.name}: {verb} failed: {type(error).__name__}: {error}"


class _CheckedLevels:
    """The levels of an image, for changes whose results are looked at."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def __getattr__(self, name: str) -> Any:
        return getattr(self._levels, name)

    def then(self, change: Change) -> None:
        """Add a change."""

        def checked(before: Numbers) -> Numbers:
            made = np.asarray(change(before), np.float64)
            channels = (before.shape[-1], self._levels.colours)
            if made.shape[:-1] != before.shape[:-1] or made.shape[-1] not in channels:
                raise ValueError(f"got levels of shape {made.shape}; expected {before.shape}")
            if not np.isfinite(made).all():
                raise ValueError("got levels that are not finite")
            return made

        self._levels.then(checked)


def _numbers(column: Any, count: int) -> npt.NDArray[Any]:
    """Return a parameter of `count` copies as whole or finite numbers."""
    values = np.asarray(column)
    if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise ValueError(f"got {values.dtype} {values!r:.60}; expected finite numbers")
    if values.shape not in ((), (count,)):
        raise ValueError(f"got {values.shape} numbers for {count} copies")
    whole = values.astype(np.int64) if values.dtype.kind in "biu" else values.astype(np.float64)
    return np.broadcast_to(whole, (count,))
