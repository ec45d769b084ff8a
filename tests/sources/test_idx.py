from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.sources import open_source
from tests import packed_data as packed


@pytest.fixture
def files() -> dict[str, bytes]:
    return packed.idx_files()


def test_pictures_and_labels_come_in_order(tmp_path: Path, files: dict[str, bytes]) -> None:
    source = open_source(packed.write_folder(tmp_path / "m", files))
    samples = source.listing().samples
    ids = [sample.id for sample in samples]
    assert (*ids[:2], ids[-1]) == ("test/00000", "test/00001", "train/00029")
    train = [sample for sample in samples if sample.split == "train"]
    assert [sample.label for sample in train] == packed.labels_of(30)
    for sample, pixels in zip(train, packed.gray(30, 1)):
        assert np.array_equal(source.read(sample), pixels)


def test_classes_are_the_digits(tmp_path: Path, files: dict[str, bytes]) -> None:
    listing = open_source(packed.write_folder(tmp_path / "m", files)).listing()
    assert listing.classes == tuple("0123456789")


def test_classes_may_name_the_labels(tmp_path: Path, files: dict[str, bytes]) -> None:
    source = open_source(packed.write_folder(tmp_path / "m", files))
    listing = source.listing(packed.FASHION)
    assert list(listing.classes) == packed.FASHION
    assert [sample.label for sample in listing.samples[:10]] == list(range(10))


def test_classes_may_choose_among_the_digits(tmp_path: Path, files: dict[str, bytes]) -> None:
    listing = open_source(packed.write_folder(tmp_path / "m", files)).listing(["7", "3"])
    assert {(int(sample.id[-5:]) % 10, sample.label) for sample in listing.samples} == {
        (7, 0),
        (3, 1),
    }


def test_too_few_names_are_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    source = open_source(packed.write_folder(tmp_path / "m", files))
    with pytest.raises(
        InputError, match=r"row 9 has label 9, but classes names 9 \(0 to 8\); list"
    ):
        source.listing(packed.FASHION[:9])


def _renamed(files: dict[str, bytes], old: str, new: str) -> dict[str, bytes]:
    return {name.replace(old, new): data for name, data in files.items()}


def test_names_of_mirrors_are_known(tmp_path: Path, files: dict[str, bytes]) -> None:
    for number, (old, new) in enumerate([("-idx", ".idx"), ("t10k", "test"), ("", "")]):
        folder = packed.write_folder(tmp_path / str(number), _renamed(files, old, new))
        assert len(open_source(folder).listing().samples) == 60


def test_torchvisions_folders_are_searched(tmp_path: Path, files: dict[str, bytes]) -> None:
    raw = packed.write_folder(tmp_path / "FashionMNIST" / "raw", files | packed.gzipped(files))
    for folder in (raw, raw.parent, raw.parent.parent):
        assert len(open_source(folder).listing().samples) == 60


def test_one_of_several_sets_is_chosen_by_a_file(tmp_path: Path, files: dict[str, bytes]) -> None:
    both = {f"emnist-{kind}-{name}": data for kind in ("a", "b") for name, data in files.items()}
    folder = packed.write_folder(tmp_path / "gzip", packed.gzipped(both))
    with pytest.raises(InputError, match="holds more than one IDX data set"):
        open_source(folder).listing()
    source = open_source(folder / "emnist-b-train-images-idx3-ubyte.gz")
    assert len(source.listing().samples) == 60


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_labels_of_any_whole_number_will_do(
    tmp_path: Path, files: dict[str, bytes], dtype: type[np.generic]
) -> None:
    labels = np.array(packed.labels_of(30), dtype)
    files["train-labels-idx1-ubyte"] = packed.idx_bytes(labels)
    listing = open_source(packed.write_folder(tmp_path / "m", files)).listing()
    assert [each.label for each in listing.samples if each.split == "train"] == labels.tolist()


_IMAGES, _LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("name", "broken", "words"),
    [
        (_LABELS, packed.idx_bytes(np.zeros(29, np.uint8)), "has 30 images, but .* 29 labels"),
        (_LABELS, packed.idx_bytes(packed.gray(30)), "maybe images and labels are swapped"),
        (_LABELS, packed.idx_bytes(np.full(30, -1, np.int8)), "label -1 in row 0, at byte 8"),
        (_IMAGES, packed.idx_bytes(np.zeros(30, np.uint8)), "maybe images and labels are swapp"),
        (_IMAGES, packed.idx_bytes(np.zeros((30, 0, 28), np.uint8)), "there are no images"),
        (_IMAGES, packed.idx_bytes(packed.gray(30))[:-1], "is truncated: .* item 29 is damaged"),
        (_IMAGES, packed.idx_bytes(packed.gray(30)) + b"x", "is too long"),
        (_IMAGES, packed.idx_bytes(packed.gray(30))[:10], "truncated in its header, at byte 10"),
        (_IMAGES, b"\x1f\x8b", "(is truncated: its gzip data|which is not an IDX file)"),
        (_IMAGES, b"<html>", "which is not an IDX file"),
        (_IMAGES, b"", "which is not an IDX file"),
        (_IMAGES, b"\0\0\x08\x03" + b"\xff" * 12, "more than the limit"),
    ],
)
@pytest.mark.parametrize("is_gzipped", [False, True])
def test_broken_file_is_named_with_what_is_wrong(
    tmp_path: Path,
    files: dict[str, bytes],
    name: str,
    broken: bytes,
    words: str,
    is_gzipped: bool,
) -> None:
    files[name] = broken
    if is_gzipped:
        files = packed.gzipped(files)
    source = open_source(packed.write_folder(tmp_path / "m", files))
    with pytest.raises(InputError, match=rf"train-.*{words}"):
        source.listing()


def test_labels_without_pictures_are_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    del files["t10k-images-idx3-ubyte"]
    source = open_source(packed.write_folder(tmp_path / "m", files))
    with pytest.raises(InputError, match=r"t10k-labels.*: has labels but no images"):
        source.listing()


def test_pictures_of_a_gzipped_file_are_not_all_held(tmp_path: Path) -> None:
    folder = packed.write_folder(tmp_path / "m", packed.gzipped(packed.idx_files()))
    source = open_source(folder)
    for sample in source.listing().samples:
        assert source.read(sample).base.nbytes == 784  # type: ignore[union-attr]


def test_gzipped_and_plain_files_hold_the_same(tmp_path: Path, files: dict[str, bytes]) -> None:
    plain = open_source(packed.write_folder(tmp_path / "a", files))
    packed_source = open_source(packed.write_folder(tmp_path / "b", packed.gzipped(files)))
    assert plain.listing() == packed_source.listing()
    assert gzip.decompress((tmp_path / "b" / f"{_IMAGES}.gz").read_bytes()) == files[_IMAGES]
