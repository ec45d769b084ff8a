"""Examines images one by one: fully decoded, described, and hashed. Runs in any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from augtool.core.geometry import Image
from augtool.core.records import Failure, Sample
from augtool.engines import item_deadline
from augtool.errors import InputError
from augtool.images import codec
from augtool.images.display import to_display, white_level
from augtool.images.source_image import source_digest
from augtool.sources import Source
from augtool.views.inspect.perceptual_hash import PerceptualHash, perceptual_hash

__all__ = ["ImageScanner", "Item", "ImageFacts"]


class Item(NamedTuple):
    """A sample, and its place in the listing."""

    place: int
    sample: Sample


class ImageFacts(NamedTuple):
    """Facts about one image.

    `format` is "pixels" for packed data sets; `height` and `width` are those of the upright
    image; `orientation` is EXIF's.
    """

    place: int
    format: str
    height: int
    width: int
    channels: int
    bits: int
    orientation: int
    digest: bytes
    fingerprint: PerceptualHash


@dataclass(frozen=True, slots=True)
class ImageScanner:
    """Examines items of a source. Holds only settings, so that it can be sent to workers."""

    source: Source
    max_pixels: int

    def __call__(self, items: Sequence[Item]) -> tuple[list[ImageFacts], list[Failure]]:
        """Return the facts about each image, and which could not be used."""
        facts, failures = [], []
        for item in items:
            try:
                facts.append(self._scan(item))
            except InputError as error:
                failures.append(Failure(item.sample.id, error.stage, error.reason))
        return facts, failures

    @property
    def reads_ahead(self) -> bool:
        """Whether images are better read before they are wanted."""
        return self.source.reads_ahead

    def expect(self, items: Sequence[Item]) -> None:
        """Begin to read the next images."""
        self.source.expect(item.sample for item in items)

    def _scan(self, item: Item) -> ImageFacts:
        raw = self.source.read(item.sample)
        with item_deadline:
            return self._facts(item, raw)

    def _facts(self, item: Item, raw: bytes | Image) -> ImageFacts:
        digest = bytes.fromhex(source_digest(raw))
        if not isinstance(raw, bytes):
            pixels = raw[..., ::-1] if raw.ndim == 3 and raw.shape[2] == 3 else raw
            return _facts_of(item.place, "pixels", pixels, 1, digest)
        header = codec.probe(raw, self.max_pixels)
        pixels = codec.decode(raw, header)
        return _facts_of(item.place, header.format, pixels, header.orientation, digest)


def _facts_of(
    place: int, format: str, pixels: Image, orientation: int, digest: bytes
) -> ImageFacts:
    # Squares larger than any image: transparent parts count as white.
    shown = to_display(pixels, white=white_level(pixels), square_px=2**20)
    return ImageFacts(
        place,
        format,
        height=int(pixels.shape[0]),
        width=int(pixels.shape[1]),
        channels=1 if pixels.ndim == 2 else int(pixels.shape[2]),
        bits=8 * pixels.itemsize,
        orientation=orientation,
        digest=digest,
        fingerprint=perceptual_hash(shown),
    )
