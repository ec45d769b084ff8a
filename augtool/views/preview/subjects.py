"""Finds the images to preview: single images, and samples of data sets."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.pipeline import Pipeline
from augtool.core.records import TRAIN, Listing, Sample
from augtool.core.rng import shuffle_key
from augtool.engines import DEFAULT_TIMEOUT_S, LoneWorker, item_deadline
from augtool.errors import InputError
from augtool.images import codec
from augtool.images.source_image import SourceImage, load
from augtool.plan.naming import plain_names
from augtool.sources import Source, open_source
from augtool.storage.files import read_regular

__all__ = ["DEFAULT_READING", "PreviewSet", "PreviewImage", "Reading", "find_images", "is_picture"]

#: The most classes to show of a data set, unless more rows are asked for.
_MOST_ROWS = 12
#: How many more images of a class to try until enough can be decoded.
_TRIES = 20


class PreviewImage(NamedTuple):
    """A source image to show; `class_name` is None for a single image."""

    id: str
    class_name: str | None
    picture: SourceImage

    @property
    def title(self) -> str:
        """The title of its row."""
        return self.id if not self.class_name else f"{self.class_name}   {self.id}"


class Reading(NamedTuple):
    """What opens a data set, and how many seconds decoding an image may take; 0 for any time."""

    open_data: Callable[..., Source] = open_source
    timeout_s: float = DEFAULT_TIMEOUT_S


DEFAULT_READING = Reading()


@dataclass(slots=True)
class PreviewSet:
    """The images to show, the classes of all data sets, and warnings."""

    images: list[PreviewImage] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_picture(path: str) -> bool:
    """Return whether a path is a single image, by its name."""
    return bool(codec.format_of_name(path)) and os.path.isfile(path)  # noqa: PTH113


def find_images(
    inputs: Sequence[str],
    config: Config,
    *,
    rows: int | None = None,
    shuffled: bool = False,
    reading: Reading = DEFAULT_READING,
) -> PreviewSet:
    """Return the images of `inputs`, in their order.

    Parameters
    ----------
    inputs
        Images and data sets. Of a data set, the first training images of each class.
    config
        The settings to read them with.
    rows
        How many to find; None for every single image, and one of each class.
    shuffled
        Take them from all training images at random, instead of the first ones class by class.
    reading
        How to open data sets and decode images.

    Raises
    ------
    InputError
        When a single image can't be used, or none is found.
    """
    found = PreviewSet()
    with LoneWorker(partial(_decode, config), timeout_s=reading.timeout_s) as worker:
        loader = _Loader(config, worker.run)
        for path in inputs:
            if is_picture(path):
                found.images.append(_alone(path, loader, found))
            else:
                source = reading.open_data(path, max_pixels=config.max_pixels)
                sampler = _Sampler(path, source, loader, found)
                some = sampler.shuffled(rows) if shuffled and rows else sampler.images(rows)
                found.images += some
    if rows is not None and len(inputs) > 1 and len(found.images) > rows:
        found.warnings.append(f"showing {rows} of {len(found.images)} images; use a larger --grid")
        del found.images[rows:]
    if not found.images:
        raise InputError("no image can be previewed: " + "; ".join(found.warnings[:3]))
    return found


@dataclass(frozen=True, slots=True)
class _Loader:
    """Decodes images in a worker."""

    config: Config
    load: Callable[[bytes | Image], SourceImage]


def _decode(config: Config, raw: bytes | Image) -> SourceImage:
    with item_deadline:
        return load(raw, config)


def _alone(path: str, loader: _Loader, found: PreviewSet) -> PreviewImage:
    name, config = Path(path).name, loader.config
    try:
        picture = loader.load(read_regular(path))
        _check(name, picture, config, config.pipeline(), found.warnings)
    except InputError as error:
        raise InputError(f"{path}: {error.reason}") from error
    return PreviewImage(name, None, picture)


@dataclass(frozen=True, slots=True)
class _Sampler:
    """Takes samples of one data set."""

    path: str
    source: Source
    loader: _Loader
    found: PreviewSet

    def images(self, rows: int | None) -> Iterator[PreviewImage]:
        """Yield samples of each class, as many as fill `rows`, class by class."""
        listing = self.source.listing(self.loader.config.classes)
        classes = listing.classes
        self.found.classes += [name for name in classes if name not in self.found.classes]
        wanted = min(len(classes), _MOST_ROWS) if rows is None else rows
        if wanted < len(classes):
            self.found.warnings.append(
                f"{self.path}: showing {wanted} of {len(classes)} classes; use a larger --grid"
            )
        for label, samples in _training(listing):
            share = len(range(label, wanted, len(classes)))
            yield from islice(self._usable(classes[label], islice(samples, share + _TRIES)), share)

    def shuffled(self, count: int) -> Iterator[PreviewImage]:
        """Yield `count` training images, in an order that depends only on seed and ids."""
        listing = self.source.listing(self.loader.config.classes)
        self.found.classes += [name for name in listing.classes if name not in self.found.classes]
        training = (sample for sample in listing.samples if sample.split == TRAIN)
        seed = self.loader.config.seed
        chosen = heapq.nsmallest(
            count + _TRIES, training, key=lambda sample: shuffle_key(seed, "preview", sample.id)
        )
        usable = (
            image
            for sample in chosen
            for image in self._usable(listing.classes[sample.label], iter([sample]))
        )
        yield from islice(usable, count)

    def _usable(self, class_name: str, samples: Iterator[Sample]) -> Iterator[PreviewImage]:
        config = self.loader.config
        pipeline = config.pipeline(class_name)
        for sample in samples:
            try:
                picture = self.loader.load(self.source.read(sample))
                _check(sample.id, picture, config, pipeline, self.found.warnings)
            except InputError as error:
                self.found.warnings.append(f"{sample.id}: expand would skip it: {error.reason}")
                continue
            yield PreviewImage(sample.id, class_name, picture)


def _training(listing: Listing) -> Iterator[tuple[int, Iterator[Sample]]]:
    """Yield label and training samples of each class."""
    training = [sample for sample in listing.samples if sample.split == TRAIN]
    training.sort(key=lambda sample: sample.label)
    yield from groupby(training, lambda sample: sample.label)


def _check(
    sample_id: str, picture: SourceImage, config: Config, pipeline: Pipeline, warnings: list[str]
) -> None:
    """Raise an error if a warp can't fill it; warn if the output can't hold it."""
    if reason := pipeline.unsupported_reason(picture.spec):
        raise InputError(reason, stage="transform")
    names = plain_names(sample_id, config.output.format, is_rewritten=True)
    loss = codec.unsupported_reason(codec.format_of_name(names.copy(0)), picture.spec)
    if loss:
        warnings.append(f"{sample_id}: expand would skip it: {loss}")
