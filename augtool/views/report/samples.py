"""Reads images of an output for its report, and measures how much copies differ."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.records import Record, Sample
from augtool.errors import ConfigError, InputError
from augtool.images import codec, source_image
from augtool.images.display import shrink, to_display, white_level
from augtool.sinks import RecordReader, open_sink
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.views.report.figures import Family
from augtool.views.strength import COMPARED_PX

__all__ = ["HARDLY_LEVELS", "Likeness", "Pictures", "data_uri", "measure"]

#: A copy hardly differs when its levels differ from the original's by less than this of 255.
HARDLY_LEVELS = 3.0
_COPIES_EACH = 3
_LOSSLESS_PX = 64


class Pictures:
    """The pixels behind manifest rows.

    Parameters
    ----------
    out
        The output.
    config
        The config of the run.
    source
        Where to read originals that are not in the output; None if unknown.
    """

    def __init__(self, out: Path, config: Config, source: Source | None = None) -> None:
        self._config = config
        self._source = source
        self._read = _reader(out, config)

    def written(self, record: Record) -> Image | None:
        """Return the pixels of a record; None if they can't be read, or are no levels."""
        if self._read is None:
            return None
        try:
            data = self._read(record.path)
            if not isinstance(data, bytes):
                return data
            return codec.decode(data, codec.probe(data, self._config.max_pixels))
        except (InputError, ValueError):
            return None

    def original(self, family: Family) -> Image | None:
        """Return the pixels of a family's original, from the output or from the source."""
        if family.original is not None:
            return self.written(family.original)
        try:
            raw = self.raw(family.source)
            return None if raw is None else source_image.load(raw, self._config).pixels()
        except InputError:
            return None

    def raw(self, source: str) -> bytes | Image | None:
        """Return a source as it is, by its id; None where the data set is not known.

        Raises
        ------
        InputError
            When it can't be read.
        """
        sample = self._samples.get(source)
        return None if self._source is None or sample is None else self._source.read(sample)

    @cached_property
    def _samples(self) -> dict[str, Sample]:
        if self._source is None:
            return {}
        listing = self._source.listing(self._config.classes)
        return {sample.id: sample for sample in listing.samples}


def _reader(out: Path, config: Config) -> RecordReader | None:
    """Return what reads records; None where a package that it needs is not installed."""
    try:
        return open_sink(config).reader(ConfinedFolder(out))
    except ConfigError:
        return None


@dataclass(slots=True)
class Likeness:
    """How many copies were compared, and which hardly differ from their originals."""

    compared: int = 0
    alike: list[Record] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """Return the share of copies that hardly differ; None if none were compared."""
        return len(self.alike) / self.compared if self.compared else None


def measure(families: Iterable[Family], pictures: Pictures) -> Likeness:
    """Compare copies with their originals, at most three of each."""
    likeness = Likeness()
    for family in families:
        original = pictures.original(family)
        if original is None:
            continue
        for record in family.copies[:_COPIES_EACH]:
            made = pictures.written(record)
            difference = None if made is None else mean_difference(original, made)
            if difference is not None:
                likeness.compared += 1
                if difference < HARDLY_LEVELS:
                    likeness.alike.append(record)
    return likeness


def mean_difference(original: Image, made: Image) -> float | None:
    """Return the mean absolute difference of two images, in levels of 255.

    None if they differ in size.
    """
    if original.shape[:2] != made.shape[:2]:
        return None
    white = white_level(original)
    one, other = (shrink(to_display(image, white=white), COMPARED_PX) for image in (original, made))
    return float(np.abs(one.astype(np.int16) - other).mean())


def data_uri(image: Image, white: int, side_px: int) -> str:
    """Return an image as a ``data:`` address: WebP, or lossless PNG for the smallest."""
    square_px = max(1, round(8 * max(image.shape[:2]) / side_px))
    shown = shrink(to_display(image, white=white, square_px=square_px), side_px)
    format = "png" if max(shown.shape[:2]) <= _LOSSLESS_PX else "webp"
    text = base64.b64encode(codec.encode(shown, format, 80)).decode("ascii")
    return f"data:image/{format};base64,{text}"
