"""What holds for every source, whatever it reads."""

from __future__ import annotations

import csv
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.sources import SOURCES, Source, open_source
from tests import packed_data as packed
from tests import shard_data as shards
from tests.pictures import make_tree, picture, write
from tests.trust.world import deadline


def _table(folder: Path) -> Path:
    root = make_tree(folder / "pictures", {"cat": 4, "dog": 3})
    table = folder / "table.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["class", "filename", "split"])
        for path in sorted(root.rglob("*.png"), reverse=True):
            split = "val" if path.stem == "00" else "train"
            writer.writerow([path.parent.name, path.relative_to(folder), split])
    return table


def _npz(folder: Path) -> Path:
    np.savez_compressed(folder / "mnist.npz", **packed.keras_arrays())
    return folder / "mnist.npz"


def _npy(folder: Path) -> Path:
    (folder / "arrays").mkdir()
    for name, array in packed.keras_arrays().items():
        np.save(folder / "arrays" / f"{name}.npy", array)
    return folder / "arrays"


def _parquet(folder: Path) -> Path:
    pytest.importorskip("pyarrow")
    return shards.write_hub(folder / "hub")


MAKERS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "tree": ("tree", lambda folder: make_tree(folder / "data", {"cat": 4, "dog": 3})),
    "cifar10 python tar": (
        "cifar",
        lambda folder: packed.write_tar(
            folder / "cifar-10-python.tar.gz", "cifar-10-batches-py", packed.cifar10_files()
        ),
    ),
    "cifar10 python folder": (
        "cifar",
        lambda folder: packed.write_folder(folder / "c", packed.cifar10_files()),
    ),
    "cifar10 binary folder": (
        "cifar",
        lambda folder: packed.write_folder(folder / "c", packed.cifar10_binary_files()),
    ),
    "cifar10 binary tar": (
        "cifar",
        lambda folder: packed.write_tar(
            folder / "c.tar.gz", "cifar-10-batches-bin", packed.cifar10_binary_files()
        ),
    ),
    "cifar100 python folder": (
        "cifar",
        lambda folder: packed.write_folder(folder / "c", packed.cifar100_files()),
    ),
    "cifar100 python tar": (
        "cifar",
        lambda folder: packed.write_tar(
            folder / "c.tgz", "cifar-100-python", packed.cifar100_files()
        ),
    ),
    "cifar100 binary folder": (
        "cifar",
        lambda folder: packed.write_folder(folder / "c", packed.cifar100_binary_files()),
    ),
    "one image": ("flat", lambda folder: write(folder / "photo.jpg", picture(1))),
    "idx": ("idx", lambda folder: packed.write_folder(folder / "mnist", packed.idx_files())),
    "idx gz": (
        "idx",
        lambda folder: packed.write_folder(folder / "mnist", packed.gzipped(packed.idx_files())),
    ),
    "npz": ("npz", _npz),
    "npy": ("npy", _npy),
    "csv": ("csv", _table),
    "webdataset": ("webdataset", lambda folder: shards.write_webdataset(folder / "shards")),
    "tfrecord": ("tfrecord", lambda folder: shards.write_tfrecord(folder / "shards")),
    "parquet": ("parquet", _parquet),
    "mds": ("mds", lambda folder: shards.write_mds(folder / "shards")),
}


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    name, make = MAKERS[request.param]
    return name, make(tmp_path)


@pytest.fixture
def source(made: tuple[str, Path]) -> Source:
    return open_source(made[1])


def test_every_registered_source_is_under_contract() -> None:
    assert {name for name, _ in MAKERS.values()} == set(SOURCES)


def test_kind_is_detected_without_a_flag(made: tuple[str, Path]) -> None:
    name, path = made
    assert open_source(path).name == name


def test_ids_are_unique(source: Source) -> None:
    ids = [sample.id for sample in source.listing().samples]
    assert ids
    assert len(set(ids)) == len(ids)


def test_ids_of_one_class_come_sorted(source: Source) -> None:
    """The manifest is merged from parts on this promise."""
    seen: dict[tuple[str, int], str] = {}
    for sample in source.listing().samples:
        assert seen.get((sample.split, sample.label), "") < sample.id
        seen[sample.split, sample.label] = sample.id


def test_splits_come_one_after_the_other_in_order(source: Source) -> None:
    splits = [sample.split for sample in source.listing().samples]
    assert sorted(splits) == splits


def test_labels_are_indices_of_classes(source: Source) -> None:
    listing = source.listing()
    assert {sample.label for sample in listing.samples} == set(range(len(listing.classes)))


def test_listing_twice_gives_the_same(source: Source) -> None:
    assert source.listing() == source.listing()


def test_read_gives_bytes_or_arrays_as_has_files_says(source: Source) -> None:
    for sample in source.listing().samples:
        raw = source.read(sample)
        assert isinstance(raw, (bytes, np.ndarray))
        if source.has_files:
            assert isinstance(raw, bytes)
        if isinstance(raw, np.ndarray):
            assert raw.dtype in (np.uint8, np.uint16)
            assert raw.ndim in (2, 3)


def test_what_is_read_comes_with_the_stamp_of_its_file(source: Source) -> None:
    """That of a packed one is from when it was first read: it may still be open."""
    sample = source.listing().samples[0]
    before = Path(source.path_of(sample)).stat()
    data, stamp = source.read_stamped(sample)
    assert np.array_equal(np.array(data), np.array(source.read(sample)))
    assert stamp == f"{before.st_size}-{before.st_mtime_ns}"
    os.utime(source.path_of(sample), (1, 1))
    now = f"{before.st_size}-1000000000"
    assert source.read_stamped(sample)[1] == (now if source.has_files else stamp)


def test_samples_read_the_same_in_any_order(source: Source) -> None:
    samples = source.listing().samples
    forward = [np.array(source.read(sample)) for sample in samples]
    backward = [np.array(source.read(sample)) for sample in reversed(samples)][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(forward, backward))


def test_pickled_source_is_small_and_reads_the_same(source: Source) -> None:
    sample = source.listing().samples[-1]
    expected = np.array(source.read(sample))
    sent = pickle.dumps(source)
    assert len(sent) < 5_000
    assert np.array_equal(np.array(pickle.loads(sent).read(sample)), expected)


def test_fresh_source_reads_a_sample_without_a_listing(made: tuple[str, Path]) -> None:
    sample = open_source(made[1]).listing().samples[0]
    expected = np.array(open_source(made[1]).read(sample))
    assert np.array_equal(np.array(open_source(made[1]).read(sample)), expected)


def test_path_of_a_sample_is_there(source: Source) -> None:
    for sample in source.listing().samples:
        assert Path(source.path_of(sample)).is_file()


def test_subset_of_classes_keeps_the_ids(source: Source) -> None:
    everything = source.listing()
    if len(everything.classes) == 1:
        pytest.skip("it has no classes")
    chosen = everything.classes[1]
    wanted = [each.id for each in everything.samples if each.label == 1]
    part = source.listing([chosen])
    assert part.classes == (chosen,)
    assert [each.id for each in part.samples] == wanted


def test_description_is_json_like_and_names_the_kind(source: Source) -> None:
    assert source.describe()["from"] == source.name


@pytest.mark.parametrize("kept", [0.413, 0.973])
def test_cut_off_file_is_named(made: tuple[str, Path], kept: float) -> None:
    name, path = made
    if name in ("tree", "csv", "flat"):
        pytest.skip("a picture that is cut off is the codec's to find")
    files = [each for each in [path, *path.rglob("*")] if each.is_file()]
    file = max(files, key=lambda each: each.stat().st_size)
    data = file.read_bytes()
    data = data.rstrip(b"\0") if file.suffix == ".tar" else data  # padding holds nothing
    file.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match=file.name):
        open_source(path, name).listing()


@pytest.mark.parametrize("is_listed", [True, False])
def test_files_that_became_pipes_are_refused_and_not_waited_for(
    made: tuple[str, Path], is_listed: bool
) -> None:
    kind, root = made
    source = open_source(root)
    samples = source.listing().samples
    source = pickle.loads(pickle.dumps(source))  # as a worker gets it, with nothing open
    for path in [root] if root.is_file() and kind != "csv" else list(root.parent.rglob("*")):
        if path.is_file():
            path.unlink()
            os.mkfifo(path)
    with deadline(10), pytest.raises(InputError):
        source.read(samples[0]) if is_listed else _first_image(root, kind)


def _first_image(root: Path, kind: str) -> object:
    source = open_source(root, kind)
    return source.read(source.listing().samples[0])
