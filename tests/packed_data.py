"""Packed data sets for tests, tiny and made in code, in the exact layouts of their publishers."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker"]
FASHION += ["Bag", "Ankle boot"]


def planes(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return CIFAR rows: 1024 red, 1024 green, 1024 blue levels each."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)


def labels_of(count: int, classes: int = 10) -> list[int]:
    return [index % classes for index in range(count)]


def python2_pickle(data: npt.NDArray[np.uint8], labels: list[int]) -> bytes:
    """Return a batch as Python 2 and its NumPy pickled it: what the published archives hold."""
    raw = data.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05"
        b"(K\x01" + _int(data.shape[0]) + _int(data.shape[1]) + b"\x86"
        b"cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
    )
    numbers = b"".join(_int(label) for label in labels)
    return b"\x80\x02}q\x01(U\x04data" + array + b"U\x06labels](" + numbers + b"eu."


def _int(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)


def cifar10_files(per_batch: int = 20, batches: int = 5) -> dict[str, bytes]:
    """Return the files of CIFAR-10, python form."""
    files = {"readme.html": b"<meta>"}
    for number in range(1, batches + 1):
        rows, labels = planes(per_batch, number), labels_of(per_batch)
        files[f"data_batch_{number}"] = python2_pickle(rows, labels)
    rows, labels = planes(per_batch, 99), labels_of(per_batch)
    files["test_batch"] = pickle.dumps({b"data": rows, b"labels": labels}, 5)
    files["batches.meta"] = pickle.dumps(
        {b"label_names": [name.encode() for name in CIFAR10], b"num_vis": 3072}, 2
    )
    return files


def cifar10_binary_files(per_batch: int = 20, batches: int = 5) -> dict[str, bytes]:
    files = {"batches.meta.txt": "\n".join([*CIFAR10, "", ""]).encode()}
    names = [f"data_batch_{number}.bin" for number in range(1, batches + 1)]
    for seed, name in zip([*range(1, batches + 1), 99], [*names, "test_batch.bin"]):
        column = np.array(labels_of(per_batch), np.uint8)[:, None]
        files[name] = np.hstack([column, planes(per_batch, seed)]).tobytes()
    return files


def _coarse(fine: list[int]) -> list[int]:
    return [label // 5 for label in fine]


def cifar100_files(count: int = 200) -> dict[str, bytes]:
    fine = labels_of(count, 100)
    content = {"fine_labels": fine, "coarse_labels": _coarse(fine), "filenames": ["x"] * count}
    meta = {
        "fine_label_names": [f"fine{number}" for number in range(100)],
        "coarse_label_names": [f"coarse{number}" for number in range(20)],
    }
    return {
        "train": pickle.dumps({**content, "data": planes(count, 1)}, 2),
        "test": pickle.dumps({**content, "data": planes(count, 99)}, 4),
        "meta": pickle.dumps(meta, 2),
    }


def cifar100_binary_files(count: int = 200) -> dict[str, bytes]:
    fine = labels_of(count, 100)
    head = np.array([_coarse(fine), fine], np.uint8).T
    return {
        "train.bin": np.hstack([head, planes(count, 1)]).tobytes(),
        "test.bin": np.hstack([head, planes(count, 99)]).tobytes(),
        "fine_label_names.txt": b"\n".join(b"fine%d" % number for number in range(100)) + b"\n",
        "coarse_label_names.txt": b"\n".join(b"coarse%d" % number for number in range(20)) + b"\n",
    }


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def write_tar(path: Path, folder: str, files: Mapping[str, bytes]) -> Path:
    """Write a tar.gz with the files in one folder, in the order given."""
    with tarfile.open(path, "w:gz") as tar:
        top = tarfile.TarInfo(folder)
        top.type = tarfile.DIRTYPE
        tar.addfile(top)
        for name, data in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def idx_bytes(array: npt.NDArray[Any]) -> bytes:
    """Return an array as an IDX file."""
    code = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C}[array.dtype.name]
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def gray(count: int, seed: int = 0, side: int = 28) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), np.uint8)


def idx_files(count: int = 30) -> dict[str, bytes]:
    """Return MNIST's four files."""
    files = {}
    for split, seed in (("train", 1), ("t10k", 2)):
        files[f"{split}-images-idx3-ubyte"] = idx_bytes(gray(count, seed))
        files[f"{split}-labels-idx1-ubyte"] = idx_bytes(np.array(labels_of(count), np.uint8))
    return files


def gzipped(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{name}.gz": gzip.compress(data) for name, data in files.items()}


def keras_arrays(count: int = 30) -> dict[str, npt.NDArray[Any]]:
    """Return what is in Keras' mnist.npz."""
    labels = np.array(labels_of(count), np.uint8)
    return {
        "x_train": gray(count, 1),
        "y_train": labels,
        "x_test": gray(count, 2),
        "y_test": labels,
    }
