"""Looks for what the first pictures of a plan are like, before or after any are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import Sample
from augtool.engines import Done, item_deadline, open_near
from augtool.errors import InputError, ShapeMismatchError
from augtool.images import source_image
from augtool.sources import Source

__all__ = ["SpecProbe"]


@dataclass(frozen=True, slots=True)
class SpecProbe:
    """Looks at pictures in the order of the plan, in a worker, for the first of some kind."""

    config: Config
    source: Source
    engine: str
    timeout_s: float

    def first(self, samples: Iterable[Sample]) -> ImageSpec | None:
        """Return the spec of the first picture that can be used."""
        return next((spec for _, spec in self._each(samples)), None)

    def first_mismatch(
        self, samples: Iterable[Sample], expected: ImageSpec
    ) -> ShapeMismatchError | None:
        """Return the error for the first picture of another spec."""
        for sample, spec in self._each(samples):
            if spec != expected:
                return ShapeMismatchError(f"{sample.id}: {spec.mismatch_reason(expected)}")
        return None

    def _each(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, ImageSpec]]:
        look = _ReadSpec(self.config, self.source)
        engine = open_near(self.engine, timeout_s=self.timeout_s)
        with closing(engine.run(look, ([each] for each in samples))) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Done) and outcome.value is not None:
                    yield outcome.items[0], outcome.value


@dataclass(frozen=True, slots=True)
class _ReadSpec:
    """Returns a sample's spec, None where it can't be used."""

    config: Config
    source: Source

    def __call__(self, samples: Sequence[Sample]) -> ImageSpec | None:
        try:
            raw = self.source.read(samples[0])
            with item_deadline:
                return source_image.load(raw, self.config).spec
        except InputError:
            return None
