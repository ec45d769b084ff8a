"""Packed data sets that are small on disk and claim much: refused before they are read."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.sources import open_source
from augtool.sources.safe_pickle import load_dict
from tests import packed_data as packed
from tests.memory import cost_of_first_copy

#: A process that has loaded everything and has read a small image takes about 90 MB.
SMALL_MB = 250
MEGABYTE = 2**20


def npy_head(shape: tuple[int, ...], dtype: str = "|u1", fortran: bool = False) -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": dtype, "fortran_order": fortran, "shape": shape}
    )
    return head.getvalue()


def npz(path: Path, **arrays: tuple[bytes, int]) -> Path:
    """Write arrays of a head and so many zeros, which are never in memory together."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (head, count) in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                file.write(head)
                for _ in range(count // MEGABYTE):
                    file.write(bytes(MEGABYTE))
                file.write(bytes(count % MEGABYTE))
    return path


def gzip_of(path: Path, head: bytes, megabytes: int) -> Path:
    """Write a head and so many megabytes of zeros, each compressed on its own."""
    path.write_bytes(gzip.compress(head) + megabytes * gzip.compress(bytes(MEGABYTE)))
    return path


def labels(count: int) -> tuple[bytes, int]:
    return npy_head((count,)), count


def test_npz_of_huge_images(tmp_path: Path) -> None:
    size = 20_000 * 20_000
    path = npz(tmp_path / "a.npz", x=(npy_head((1, 20_000, 20_000)), size), y=labels(1))
    assert path.stat().st_size < 2 * MEGABYTE
    said, megabytes = cost_of_first_copy(path)
    assert "x: claims 20000 x 20000 pixels, more than the limit of 64,000,000" in said
    assert "--max-pixels 400000000" in said
    assert megabytes < SMALL_MB


def test_npz_in_fortran_order(tmp_path: Path) -> None:
    shape = (500_000, 28, 28)
    size = 500_000 * 784
    path = npz(tmp_path / "a.npz", x=(npy_head(shape, fortran=True), size), y=labels(500_000))
    said, megabytes = cost_of_first_copy(path)
    assert "is in Fortran order" in said
    assert "np.ascontiguousarray, or pass --max-pixels 98000000" in said
    assert megabytes < SMALL_MB


@pytest.mark.slow
def test_npz_in_fortran_order_is_read_once_where_it_is_allowed(tmp_path: Path) -> None:
    size = 200_000 * 784
    path = npz(
        tmp_path / "a.npz",
        x=(npy_head((200_000, 28, 28), fortran=True), size),
        y=labels(200_000),
    )
    said, megabytes = cost_of_first_copy(path)
    assert said == ""
    assert megabytes < SMALL_MB + 1.2 * size / 1e6


@pytest.mark.slow
def test_npz_of_millions_of_images(tmp_path: Path) -> None:
    count = 100_000_000
    path = npz(tmp_path / "a.npz", x=(npy_head((count, 1, 1)), count), y=labels(count))
    said, megabytes = cost_of_first_copy(path)
    assert "claims 100,000,000 images" in said
    assert megabytes < SMALL_MB


@pytest.mark.slow
def test_npz_of_more_labels_than_images(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", x=(npy_head((2, 4, 4)), 32), y=labels(400_000_000))
    said, megabytes = cost_of_first_copy(path)
    assert "has 2 images, but y has 400,000,000 labels" in said
    assert megabytes < SMALL_MB


@pytest.mark.slow
def test_npz_of_a_huge_header_or_huge_names(tmp_path: Path) -> None:
    head = b"\x93NUMPY\x02\0" + struct.pack("<I", 400 * MEGABYTE)
    path = npz(tmp_path / "a.npz", x=(head, 400 * MEGABYTE), y=labels(1))
    said, megabytes = cost_of_first_copy(path)
    assert "a header of 419,430,400 bytes" in said
    assert megabytes < SMALL_MB
    names = npy_head((2,), "<U50000000"), 400_000_000
    path = npz(tmp_path / "b.npz", x=(npy_head((2, 4, 4)), 32), y=labels(2), classes=names)
    said, megabytes = cost_of_first_copy(path)
    assert "400,000,000 bytes of names" in said
    assert megabytes < SMALL_MB


def test_npz_that_is_gzip_is_not_unpacked(tmp_path: Path) -> None:
    said, megabytes = cost_of_first_copy(gzip_of(tmp_path / "a.npz", b"PK", 400))
    assert "is not a complete .npz archive" in said
    assert megabytes < SMALL_MB


@pytest.mark.parametrize(
    ("sizes", "megabytes", "words"),
    [
        ((1, 20_000, 20_000), 382, "claims 20000 x 20000 pixels"),
        ((400_000_000, 1, 1), 382, "claims 400,000,000 images"),
        ((2, 4, 4), 400, "is too long"),
    ],
)
def test_idx_in_gzip(tmp_path: Path, sizes: tuple[int, ...], megabytes: int, words: str) -> None:
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, *sizes)
    gzip_of(tmp_path / "train-images-idx3-ubyte.gz", head, megabytes)
    labels = packed.idx_bytes(np.zeros(2, np.uint8))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    said, peak = cost_of_first_copy(tmp_path)
    assert words in said
    assert peak < SMALL_MB


def test_idx_labels_in_gzip(tmp_path: Path) -> None:
    files = packed.idx_files(3)
    del files["train-labels-idx1-ubyte"]
    packed.write_folder(tmp_path, files)
    head = struct.pack(">BBBBI", 0, 0, 8, 1, 3)
    gzip_of(tmp_path / "train-labels-idx1-ubyte.gz", head, 400)
    said, peak = cost_of_first_copy(tmp_path)
    assert "is too long" in said
    assert peak < SMALL_MB


class _Zeros(io.RawIOBase):
    def __init__(self, head: bytes) -> None:
        self._head = head

    def read(self, count: int = -1) -> bytes:
        first, self._head = self._head[:count], self._head[count:]
        return first + bytes(count - len(first))


def cifar_tar(path: Path, members: Iterator[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for info, head in members:
            tar.addfile(info, _Zeros(head))
    return path


def member(name: str, megabytes: float) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = int(megabytes * MEGABYTE)
    return info


@pytest.mark.parametrize(
    "name", ["data_batch_1", pytest.param("data_batch_1.bin", marks=pytest.mark.slow)]
)
def test_cifar_batch_in_tar_gz(tmp_path: Path, name: str) -> None:
    path = cifar_tar(tmp_path / "cifar.tar.gz", iter([(member(name, 400), b"\x80\x02}")]))
    said, peak = cost_of_first_copy(path)
    assert "has more than 200,000,000 bytes" in said
    assert peak < SMALL_MB + 200  # a batch is held as a whole


def test_cifar_tar_of_a_huge_name(tmp_path: Path) -> None:
    name = member("././@LongLink", 400)
    name.type = tarfile.GNUTYPE_LONGNAME
    path = cifar_tar(tmp_path / "cifar.tar.gz", iter([(name, b"x")]))
    said, peak = cost_of_first_copy(path)
    assert "claims a name of 419,430,400 bytes" in said
    assert peak < SMALL_MB


@pytest.mark.slow
def test_cifar_tar_of_very_many_members(tmp_path: Path) -> None:
    rows = packed.python2_pickle(packed.planes(2), [0, 1])
    batch = member("data_batch_1", 0)
    batch.size = len(rows)
    many = ((member(f"{number}", 0), b"") for number in range(10_001))
    path = cifar_tar(tmp_path / "cifar.tar.gz", iter([(batch, rows), *many]))
    assert "holds more than 10,000 members" in cost_of_first_copy(path).said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x80\x02Nr" + struct.pack("<I", 2**30) + b".", "a place that it never fills"),
        (b"\x80\x02Np1000000000\n.", "a place that it never fills"),
        (b"\x80\x02" + b"]" * 2_100_000 + b".", "more than 2,000,000 operations"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x.", "it ends early"),
        (b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"x.", "it ends early"),
        (b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.", "pickle"),
        (b"(" * 100, "it ends early"),
    ],
)
def test_a_pickle_that_asks_for_memory_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_dict(io.BytesIO(data), "batch")


def test_a_pickle_that_encodes_a_text_again_and_again_is_refused() -> None:
    text = b"X" + struct.pack("<I", 50_000) + b"x" * 50_000 + b"q\0"
    encode = b"c_codecs\nencode\nq\1"
    again = b"h\1h\0\x85R0" * 100
    with pytest.raises(InputError, match="again and again"):
        load_dict(io.BytesIO(b"\x80\x02" + encode + b"0" + text + b"0" + again + b"}."), "batch")


@pytest.mark.parametrize("protocol", range(6))
def test_sound_pickles_of_every_protocol_are_read(protocol: int) -> None:
    content: dict[Any, Any] = {b"data": packed.planes(30), b"labels": list(range(30))}
    content[b"filenames"] = [b"%d.png" % number for number in range(30)]
    got = load_dict(io.BytesIO(pickle.dumps(content, protocol)), "batch")
    np.testing.assert_array_equal(got["data"], content[b"data"])
    assert got["filenames"] == content[b"filenames"]


@pytest.mark.parametrize(
    "kind", ["npz", *(pytest.param(each, marks=pytest.mark.slow) for each in ("idx", "cifar"))]
)
def test_the_flag_holds_for_every_packed_source(tmp_path: Path, kind: str) -> None:
    if kind == "npz":
        path = tmp_path / "a.npz"
        np.savez(path, x=packed.gray(2), y=[0, 1])
    else:
        files = packed.idx_files(3) if kind == "idx" else packed.cifar10_files(2)
        path = packed.write_folder(tmp_path / "d", files)
    assert cost_of_first_copy(path).said == ""
    assert "more than the limit of 783" in cost_of_first_copy(path, max_pixels=783).said


def test_images_of_other_sizes_than_the_first_are_checked_too(tmp_path: Path) -> None:
    test = npy_head((1, 100, 100)), 10_000
    path = npz(
        tmp_path / "a.npz",
        x_train=(npy_head((1, 4, 4)), 16),
        y_train=labels(1),
        x_test=test,
        y_test=labels(1),
    )
    with pytest.raises(InputError, match="x_test: claims 100 x 100 pixels"):
        open_source(path, max_pixels=9_999).listing()
