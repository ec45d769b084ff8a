from __future__ import annotations

import io
import os
import pickle
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool.errors import ConfigError, InputError
from augtool.sources import open_source
from augtool.sources.cifar import CifarSource
from tests import packed_data as packed
from tests.pictures import contents, make_tree


def test_ids_count_through_the_batches_in_their_order_whatever_the_archives(tmp_path: Path) -> None:
    files = packed.cifar10_files(per_batch=20)
    order = ["data_batch_4", "test_batch", "data_batch_3", "batches.meta", "data_batch_2"]
    shuffled = {name: files[name] for name in [*order, "data_batch_5", "data_batch_1"]}
    path = packed.write_tar(tmp_path / "c.tar.gz", "cifar-10-batches-py", shuffled)
    source = open_source(path)
    listing = source.listing()
    ids = [sample.id for sample in listing.samples]
    assert ids == [f"test/{n:05}" for n in range(20)] + [f"train/{n:05}" for n in range(100)]
    rows = np.vstack([packed.planes(20, seed) for seed in (99, 1, 2, 3, 4, 5)])
    for sample, row in zip(listing.samples, rows):
        pixels = source.read(sample)
        assert np.array_equal(pixels, row.reshape(3, 32, 32).transpose(1, 2, 0))


def test_ten_batches_come_in_the_order_of_numbers(tmp_path: Path) -> None:
    folder = packed.write_folder(tmp_path / "c", packed.cifar10_files(per_batch=10, batches=11))
    source = open_source(folder)
    samples = {sample.id: sample for sample in source.listing().samples}
    expected = packed.planes(10, 2)[0].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(source.read(samples["train/00010"]), expected)


def test_classes_are_the_metadatas(tmp_path: Path) -> None:
    listing = open_source(packed.write_folder(tmp_path / "c", packed.cifar10_files())).listing()
    assert list(listing.classes) == packed.CIFAR10
    assert listing.has_splits


@pytest.mark.parametrize("files", [packed.cifar100_files(), packed.cifar100_binary_files()])
def test_label_chooses_fine_or_coarse_classes(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = packed.write_folder(tmp_path / "c", files)
    fine = open_source(folder).listing()
    coarse = open_source(folder, label="coarse").listing()
    assert (fine.classes[7], coarse.classes[7]) == ("fine7", "coarse7")
    assert [each.label // 5 for each in fine.samples] == [each.label for each in coarse.samples]


def test_python_and_binary_forms_hold_the_same_pictures(tmp_path: Path) -> None:
    one = open_source(packed.write_folder(tmp_path / "a", packed.cifar10_files()))
    other = open_source(packed.write_folder(tmp_path / "b", packed.cifar10_binary_files()))
    assert one.listing() == other.listing()
    assert all(
        np.array_equal(one.read(sample), other.read(sample)) for sample in one.listing().samples
    )


def test_folder_above_is_searched(tmp_path: Path) -> None:
    packed.write_folder(tmp_path / "cifar-10-batches-py", packed.cifar10_files())
    assert open_source(tmp_path).name == "cifar"
    assert len(open_source(tmp_path).listing().samples) == 120


def test_folder_with_the_archive_is_searched(tmp_path: Path) -> None:
    packed.write_tar(tmp_path / "cifar-10-python.tar.gz", "x", packed.cifar10_files())
    assert len(open_source(tmp_path).listing().samples) == 120


def test_folder_wins_over_the_archive_that_it_came_in(tmp_path: Path) -> None:
    packed.write_folder(tmp_path / "cifar-10-batches-py", packed.cifar10_files())
    packed.write_tar(tmp_path / "cifar-10-python.tar.gz", "x", packed.cifar10_files())
    source = open_source(tmp_path)
    assert Path(source.path_of(source.listing().samples[0])).name == "test_batch"


def test_two_data_sets_are_too_many(tmp_path: Path) -> None:
    packed.write_folder(tmp_path / "cifar-10-batches-py", packed.cifar10_files())
    packed.write_folder(tmp_path / "cifar-100-python", packed.cifar100_files())
    with pytest.raises(InputError, match=r"more than one CIFAR data set .*; use one of them"):
        open_source(tmp_path)


@pytest.mark.parametrize("names", [("train", "test"), ("train", "test", "meta"), ("cifar", "cat")])
def test_class_folders_stay_a_tree(tmp_path: Path, names: tuple[str, ...]) -> None:
    make_tree(tmp_path / "data", dict.fromkeys(names, 2))
    assert open_source(tmp_path / "data").name == "tree"


def test_nothing_is_written_beside_the_archive(tmp_path: Path) -> None:
    path = packed.write_tar(tmp_path / "c.tar.gz", "x", packed.cifar10_files())
    before = contents(tmp_path)
    source = open_source(path)
    source.read(source.listing().samples[0])
    assert contents(tmp_path) == before


def test_one_batch_is_held_at_a_time(tmp_path: Path) -> None:
    source = CifarSource(packed.write_folder(tmp_path / "c", packed.cifar10_files()))
    for sample in source.listing().samples:
        source.read(sample)
    assert source._loaded is not None
    assert source._loaded[0] == "data_batch_5"


def test_each_batch_is_loaded_once_in_the_order_of_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CifarSource(packed.write_folder(tmp_path / "c", packed.cifar10_files()))
    samples = source.listing().samples
    loaded: list[str] = []
    load = source._load
    monkeypatch.setattr(source, "_load", lambda name: (loaded.append(name), load(name))[1])
    for sample in samples[::3]:  # as one of three workers sees them
        source.read(sample)
    assert loaded == ["test_batch", *(f"data_batch_{number}" for number in range(1, 6))]


def _pickled(**changes: Any) -> bytes:
    return pickle.dumps({"data": packed.planes(10), "labels": packed.labels_of(10), **changes})


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_pickled(labels=[0] * 9), "10 images and 9 labels"),
        (_pickled(labels=[0] * 9 + [10]), "row 9 has label 10, but the data set has names for 10"),
        (_pickled(labels=[0] * 9 + [-1]), "row 9 has label -1"),
        (_pickled(labels=[0] * 9 + ["cat"]), "'labels' has 'cat' in row 9"),
        (_pickled(labels=None), "no list of labels 'labels'"),
        (_pickled(data=packed.planes(10)[:, :3071]), r"'data' has shape \(10, 3071\)"),
        (_pickled(data=packed.planes(10).astype(np.float32)), "no uint8 array 'data'"),
        (_pickled(data=[1, 2]), "no uint8 array 'data'"),
        (pickle.dumps([1]), "holds a list, expected a dict"),
    ],
)
def test_broken_batch_is_named_with_what_is_wrong(
    tmp_path: Path, broken: bytes, words: str
) -> None:
    files = packed.cifar10_files() | {"data_batch_3": broken}
    source = open_source(packed.write_folder(tmp_path / "c", files))
    with pytest.raises(InputError, match=rf"data_batch_3: .*{words}"):
        source.listing()


def test_malicious_batch_does_nothing_and_is_named(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    evil = b"cposix\nsystem\n(S'touch " + os.fsencode(witness) + b"'\ntR."
    files = packed.cifar10_files() | {"data_batch_2": evil}
    path = packed.write_tar(tmp_path / "c.tar.gz", "cifar-10-batches-py", files)
    with pytest.raises(InputError, match=r"data_batch_2: asks to load 'posix.system'.*publisher"):
        open_source(path).listing()
    assert not witness.exists()


def test_missing_batch_is_named(tmp_path: Path) -> None:
    files = packed.cifar10_files()
    del files["data_batch_2"]
    with pytest.raises(InputError, match="has no training batch 2"):
        open_source(packed.write_folder(tmp_path / "c", files)).listing()


def test_binary_batch_that_is_no_whole_number_of_records_names_the_byte(tmp_path: Path) -> None:
    files = packed.cifar10_binary_files()
    files["test_batch.bin"] = files["test_batch.bin"][:-1]
    source = open_source(packed.write_folder(tmp_path / "c", files))
    with pytest.raises(
        InputError, match=r"test_batch.bin: .* record 19 at byte 58,387 is truncated"
    ):
        source.listing()


def test_any_number_of_records_will_do(tmp_path: Path) -> None:
    files = packed.cifar10_binary_files()
    files["data_batch_1.bin"] = files["data_batch_1.bin"][: 3073 * 3]
    source = open_source(packed.write_folder(tmp_path / "c", files))
    assert len(source.listing().samples) == 3 + 5 * 20


def test_missing_metadata_leaves_numbers(tmp_path: Path) -> None:
    files = packed.cifar10_files()
    del files["batches.meta"]
    listing = open_source(packed.write_folder(tmp_path / "c", files)).listing()
    assert listing.classes == tuple("0123456789")


def test_class_named_twice_is_refused(tmp_path: Path) -> None:
    names = [*packed.CIFAR10[:9], "airplane"]
    files = packed.cifar10_files() | {"batches.meta": pickle.dumps({"label_names": names})}
    with pytest.raises(InputError, match=r"batches.meta: lists a class twice"):
        open_source(packed.write_folder(tmp_path / "c", files)).listing()


def test_coarse_labels_of_cifar10_are_refused(tmp_path: Path) -> None:
    folder = packed.write_folder(tmp_path / "c", packed.cifar10_files())
    with pytest.raises(InputError, match=r"CIFAR-10 \(python\) has no coarse labels"):
        open_source(folder, label="coarse").listing()


def test_label_means_nothing_for_a_tree(tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 1})
    with pytest.raises(ConfigError, match="--label: not supported for a tree data set"):
        open_source(tmp_path / "data", label="coarse")


def _tar_with(path: Path, **member: Any) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        data = packed.cifar10_files()["test_batch"]
        odd = tarfile.TarInfo(member.pop("name", "c/data_batch_1"))
        odd.size = len(data)
        for name, value in member.items():
            setattr(odd, name, value)
        if odd.type != tarfile.REGTYPE:
            odd.size = 0
        tar.addfile(odd, io.BytesIO(data) if odd.size else None)
    return path


@pytest.mark.parametrize(
    "member",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "c/test_batch"},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.FIFOTYPE},
        {"name": "../data_batch_1"},
        {"name": "c/../../data_batch_1"},
    ],
)
def test_links_and_ways_out_of_an_archive_are_refused(
    tmp_path: Path, member: dict[str, Any]
) -> None:
    path = _tar_with(tmp_path / "cifar.tar.gz", **member)
    with pytest.raises(InputError, match=r"data_batch_1' (is a link|leads out)"):
        open_source(path).listing()


def test_archive_with_a_batch_twice_is_refused(tmp_path: Path) -> None:
    data = packed.cifar10_files()["test_batch"]
    path = tmp_path / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for folder in ("a", "b"):
            member = tarfile.TarInfo(f"{folder}/test_batch")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with pytest.raises(InputError, match="holds 'test_batch' twice, as 'a/test_batch' and 'b/test"):
        open_source(path).listing()


def test_batch_that_shrinks_after_the_listing_is_named(tmp_path: Path) -> None:
    folder = packed.write_folder(tmp_path / "c", packed.cifar10_binary_files())
    source = open_source(folder)
    samples = source.listing().samples
    shutil.copy(folder / "test_batch.bin", folder / "spare")
    (folder / "test_batch.bin").write_bytes((folder / "spare").read_bytes()[:3073])
    source.read(samples[0])
    with pytest.raises(InputError, match="became shorter"):
        source.read(samples[1])


def test_id_that_is_not_there_is_refused(tmp_path: Path) -> None:
    from augtool.core.records import Sample

    source = open_source(packed.write_folder(tmp_path / "c", packed.cifar10_files()))
    for sample_id in ("train/00100", "val/00000", "train/-1", "cat/1.jpg"):
        with pytest.raises(InputError, match="there is no"):
            source.read(Sample(sample_id, "train", 0))
