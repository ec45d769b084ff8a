"""NumPy arrays: `x_train, y_train, x_val, ...`, channels last, in one .npz or as .npy files.

Arrays are written block by block, front to back, so that no array has to fit in memory here.  (Not
through a writable memory map: on a full disk that raises a signal, not an error.)  An .npz must fit
in memory when it is loaded; ``numpy.load("x_train.npy", mmap_mode="r")`` need not.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import TRAIN, Record
from augtool.core.standardize import Fitted, zca_bytes
from augtool.errors import ConfigError, InputError
from augtool.runtime import memory_bytes
from augtool.sinks.array_reader import array_reader
from augtool.sinks.payload import PayloadWriter, SplitRecords
from augtool.sinks.sink import ChunkOutputs, ChunkPlaces, PathResolver, RecordReader
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors

__all__ = ["NpySink", "NpzSink"]

#: How many numbers to process at a time.
_BLOCK_NUMBERS = 2**22
#: The earliest time that a zip can hold: no clock may change a byte.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class _Shelf(Protocol):
    """Where arrays are written, one after another."""

    def add(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open the next array for writing."""


class _ArraySink:
    """Collects pixels from the workers; standardises and writes them when all have arrived."""

    name: ClassVar[str]
    one_file_per_record: ClassVar[bool] = False
    stores_pixels: ClassVar[bool] = True
    takes: ClassVar[frozenset[str]] = frozenset({"shuffle", "class_mode"})
    path_form: ClassVar[str]

    def __init__(self, config: Config) -> None:
        self._shuffled_by = config.seed if config.output.shuffle else None
        self._class_mode = config.output.class_mode or "sparse"
        self._omits_originals = config.output.originals == "omit"
        self._steps = config.standardization()
        self._dtype = config.array_dtype()

    def shelf(self, into: Path) -> AbstractContextManager[_Shelf]:
        """Open the file or folder for the arrays."""
        raise NotImplementedError

    def check(self, classes: Sequence[str], spec: ImageSpec | None) -> None:
        """Raise an error for labels, depths and sizes that don't fit the settings."""
        problems = []
        if self._class_mode == "binary" and len(classes) != 2:
            problems.append(
                f"output.class_mode: binary needs two classes, but there are {len(classes)};"
                " use sparse or categorical"
            )
        if self._steps.needs_fit and self._omits_originals:
            problems.append(
                "output.originals: omit leaves nothing to compute the featurewise statistics from;"
                " use copy, or leave out the featurewise and zca keys"
            )
        if spec is not None:
            problems += self._problems_with(spec)
        if problems:
            raise ConfigError(problems)

    def _problems_with(self, spec: ImageSpec) -> Iterator[str]:
        if self._dtype == "uint8" and spec.bits == 16:
            yield "transforms.dtype: uint8 can't hold 16-bit levels; pass --depth 8, or use uint16"
        count = spec.height * spec.width * spec.channels
        needed, there = zca_bytes(count), memory_bytes()
        if self._steps.zca_whitening and needed > there:
            yield (
                f"transforms.zca_whitening: images of {spec.height}x{spec.width} with"
                f" {spec.channels} channels make a matrix of {count:,} x {count:,} numbers; that"
                f" takes about {needed / 1e9:,.0f} GB of memory, and there are {there / 1e9:,.0f};"
                " pass a smaller --resize, e.g. 32x32, or leave it out"
            )

    def open(self, folder: ConfinedFolder, places: ChunkPlaces) -> PayloadWriter:
        """Return a writer that stores levels."""
        return PayloadWriter(folder, places, _levels, self._shuffled_by)

    def finish(self, outputs: ChunkOutputs, into: Path) -> PathResolver:
        """Write all arrays, and return where each record went."""
        places: dict[str, PathResolver] = {}
        with self.shelf(into) as shelf:
            fitted = self._fit(outputs)
            for split in outputs.splits():
                with self._stock(outputs, split) as stock:
                    self._write_pictures(shelf, f"x_{split}", stock, outputs.spec, fitted)
                    self._write_labels(shelf, f"y_{split}", stock.labels[stock.order], outputs)
                    places[split] = self._locator(split, stock)
            for name in ("mean", "std", "zca_matrix"):
                value = getattr(fitted, name)
                if value is not None:
                    _write(shelf, f"featurewise_{name}" if name != "zca_matrix" else name, value)

        def resolve(payload: int, place: str) -> str:
            return places[outputs.payloads[payload].split](payload, place)

        return resolve

    def reader(self, folder: ConfinedFolder) -> RecordReader:
        """Return what reads images."""
        return array_reader(folder, self._steps)

    def _locator(self, split: str, stock: SplitRecords) -> PathResolver:
        positions = stock.positions()

        def resolve(payload: int, place: str) -> str:
            position = positions[stock.record_of(payload, place)]
            return self.path_form.format(array=f"x_{split}", index=position)

        return resolve

    def _stock(self, outputs: ChunkOutputs, split: str) -> SplitRecords:
        is_shuffled = self._shuffled_by is not None and split == TRAIN
        return SplitRecords(outputs.payloads, split, is_shuffled=is_shuffled)

    def _fit(self, outputs: ChunkOutputs) -> Fitted:
        """Compute the statistics of the training originals, in the order of the plan."""
        if not self._steps.needs_fit or not outputs.splits():
            return Fitted()
        if TRAIN not in outputs.splits():
            raise InputError(
                "no training image can be used, so there is nothing to take the featurewise"
                " statistics from; fix them, or leave the featurewise and zca keys out"
            )
        with self._stock(outputs, TRAIN) as stock:
            originals = np.flatnonzero(stock.is_original)
            spec = outputs.spec
            return self._steps.fit(lambda: _blocks(stock, originals, spec), self._dtype)

    def _write_pictures(
        self, shelf: _Shelf, name: str, stock: SplitRecords, spec: ImageSpec | None, fitted: Fitted
    ) -> None:
        assert spec is not None  # there is an image
        dtype = np.dtype(self._dtype or spec.dtype)
        with shelf.add(name) as file:
            _write_header(file, (len(stock), *spec.shape), dtype)
            for block in _blocks(stock, stock.order, spec):
                numbers = block
                if not self._steps.is_identity:
                    numbers = self._steps.apply(block, fitted, dtype)
                file.write(numbers.astype(dtype.newbyteorder("<"), copy=False).tobytes())

    def _write_labels(
        self, shelf: _Shelf, name: str, labels: npt.NDArray[np.uint32], outputs: ChunkOutputs
    ) -> None:
        if self._class_mode == "sparse":
            _write(shelf, name, labels.astype(np.int64))
        elif self._class_mode == "binary":
            _write(shelf, name, labels.astype(np.float32))
        else:
            classes = len(outputs.classes)
            rows = max(1, _BLOCK_NUMBERS // classes)
            with shelf.add(name) as file:
                _write_header(file, (len(labels), classes), np.dtype(np.float32))
                for start in range(0, len(labels), rows):
                    part = labels[start : start + rows]
                    file.write((part[:, None] == np.arange(classes)).astype("<f4").tobytes())


class NpzSink(_ArraySink):
    """Writes one uncompressed ``data.npz``."""

    name: ClassVar[str] = "npz"
    path_form: ClassVar[str] = "data.npz/{array}[{index}]"

    @contextlib.contextmanager
    def shelf(self, into: Path) -> Iterator[_Shelf]:
        """Open the archive."""
        path = into / "data.npz"
        with clean_errors(path), zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            yield _Archive(archive)


class NpySink(_ArraySink):
    """Writes one ``.npy`` for each array, which can be loaded as memory maps."""

    name: ClassVar[str] = "npy"
    path_form: ClassVar[str] = "{array}.npy[{index}]"

    @contextlib.contextmanager
    def shelf(self, into: Path) -> Iterator[_Shelf]:
        """Open the folder."""
        with clean_errors(into):
            yield _Folder(into)


class _Archive:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, name: str) -> IO[bytes]:
        member = zipfile.ZipInfo(f"{name}.npy", _NO_TIME)
        member.external_attr = 0o644 << 16
        return self._archive.open(member, "w", force_zip64=True)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str) -> IO[bytes]:
        return (self._folder / f"{name}.npy").open("wb")


def _levels(planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:  # noqa: ARG001
    return "", data


def _blocks(
    stock: SplitRecords, records: npt.NDArray[np.int64], spec: ImageSpec | None
) -> Iterator[npt.NDArray[Any]]:
    """Yield blocks of images, (n, H, W, C), of the same sizes whatever the chunks were."""
    assert spec is not None  # there is an image
    rows = max(1, _BLOCK_NUMBERS // (spec.height * spec.width * spec.channels))
    for start in range(0, len(records), rows):
        part = records[start : start + rows]
        levels = np.frombuffer(
            b"".join(stock.read_together(part)), np.dtype(spec.dtype).newbyteorder("<")
        )
        yield levels.reshape(len(part), *spec.shape)


def _write(shelf: _Shelf, name: str, array: npt.NDArray[Any]) -> None:
    with shelf.add(name) as file:
        _write_header(file, array.shape, array.dtype)
        file.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())


def _write_header(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Write the beginning of an .npy file."""
    header = io.BytesIO()
    description = np.lib.format.dtype_to_descr(dtype.newbyteorder("<"))
    fields = {"descr": description, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    file.write(header.getvalue())
