"""Shards as others write them, as this package writes them, and as nobody should."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool import Config, Options, expand
from augtool.core.records import Listing
from augtool.errors import ConfigError, InputError
from augtool.sinks import SINKS
from augtool.sources import open_source
from augtool.sources.tf_example import FileBytes, read_example
from tests import shard_data as shards
from tests.memory import cost_of_first_copy
from tests.pictures import contents, make_tree
from tests.sinks.reading import decoded

SERIAL = Options(engine="serial")
ENCODED = [name for name, kind in SINKS.items() if name != "tree" and not kind.stores_pixels]


def listing_of(path: Path, **options: Any) -> Listing:
    return open_source(path, **options).listing()


def ids(listing: Listing) -> list[str]:
    return [sample.id for sample in listing.samples]


def written(data: Path, out: Path, **settings: Any) -> Path:
    settings = {"ratio": 0, **settings}
    assert expand(data, out, config=Config(**settings), options=SERIAL).exit_code == 0
    return out


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A tree in splits, whose order of classes by name is not that by folder and file."""
    make_tree(tmp_path / "data/train", {"a": 3, "a-b": 3, "it's": 2}, suffix=".jpg")
    make_tree(tmp_path / "data/val", {"a": 1, "a-b": 1, "it's": 1}, suffix=".jpg")
    (tmp_path / "data/train/a/more").mkdir()
    (tmp_path / "data/train/a/00.jpg").rename(tmp_path / "data/train/a/more/x.y.jpg")
    return tmp_path / "data"


@pytest.mark.parametrize("sink", ENCODED)
def test_a_tree_by_way_of_shards_is_the_same_tree(data: Path, tmp_path: Path, sink: str) -> None:
    """Ids survive, so that every draw, every byte and every row do."""
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    packed = written(data, tmp_path / "packed", output={"to": sink, "shuffle": True})
    assert open_source(packed).name == sink
    for source, out in ((data, "direct"), (packed, "by way of shards")):
        written(source, tmp_path / out, ratio=1.5)
    expected, got = contents(tmp_path / "direct"), contents(tmp_path / "by way of shards")
    assert (
        json.loads(expected.pop("dataset.json"))["counts"]
        == (json.loads(got.pop("dataset.json"))["counts"])
    )
    assert got == expected


@pytest.mark.parametrize("sink", [name for name, kind in SINKS.items() if kind.stores_pixels])
def test_arrays_that_were_written_are_read(tmp_path: Path, sink: str) -> None:
    data = make_tree(tmp_path / "data", {"cat": 3, "dog": 2})
    settings = {"to": sink, "shuffle": True, "class_mode": "categorical"}
    packed = written(data, tmp_path / "packed", output=settings)
    source, tree = open_source(packed), open_source(data)
    listing = source.listing()
    assert source.name == sink
    assert listing.classes == ("cat", "dog")
    found = [(each.label, np.array(source.read(each)).tobytes()) for each in listing.samples]
    assert sorted(found) == sorted(
        (each.label, decoded(bytes(tree.read(each))).tobytes()) for each in tree.listing().samples
    )


@pytest.mark.parametrize("sink", ENCODED)
def test_ids_do_not_depend_on_the_shards(data: Path, tmp_path: Path, sink: str) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    one = written(data, tmp_path / "one", output={"to": sink})
    many = written(data, tmp_path / "many", output={"to": sink, "shard_size": 1024})
    assert len(list(many.rglob("*.*"))) > len(list(one.rglob("*.*"))) + 5
    assert ids(listing_of(many)) == ids(listing_of(one))


def test_order_of_labels_survives(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 1, "deer": 1, "dog": 1})
    for sink in SINKS:
        if sink != "tree":
            settings = {"classes": ["dog", "deer", "cat"], "output": {"to": sink}}
            packed = written(data, tmp_path / sink, **settings)
            assert listing_of(packed).classes == ("dog", "deer", "cat"), sink


def test_a_class_tree_with_shards_or_arrays_beside_it_stays_a_tree(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 2, "dog": 2})
    shards.write_tar_shard(data / "backup.tar", shards.web_members(range(2)))
    for name in ("metadata.parquet", "old.tfrecord", "features.npz", "x.npy", "y.npy"):
        (data / name).write_bytes(b"anything")
    assert open_source(data).name == "tree"
    split = make_tree(tmp_path / "split/train", {"cat": 1}).parent
    shards.write_tar_shard(split / "train/backup.tar", shards.web_members(range(2)))
    assert open_source(split).name == "tree"


def test_one_shard_alone_is_a_data_set(tmp_path: Path) -> None:
    folder = shards.write_webdataset(tmp_path / "shards")
    listing = listing_of(folder / "pets-val-000000.tar")
    assert not listing.has_splits
    assert ids(listing) == ["0000.jpg", "0001.jpg"]


def test_names_of_shards_tell_the_split_or_none_does(tmp_path: Path) -> None:
    folder = shards.write_webdataset(tmp_path / "shards")
    splits = {sample.split for sample in listing_of(folder).samples}
    assert splits == {"train", "val"}
    shards.write_tar_shard(folder / "more.tar", shards.web_members([9]))
    with pytest.raises(InputError, match=r"names tell a split, and 'more\.tar', which does not"):
        open_source(folder, "webdataset")


@pytest.mark.parametrize(
    ("beside", "label"),
    [
        ({"cls": b"3"}, "3"),
        ({"cls": b" owl\n"}, "owl"),
        ({"json": b'{"label": "owl"}'}, "owl"),
        ({"json": b'{"class": 5, "x": [1]}'}, "5"),
        ({"cls": b"1", "json": b"[]"}, "1"),
    ],
)
def test_webdataset_class_is_that_of_cls_or_json(
    tmp_path: Path, beside: dict[str, bytes], label: str
) -> None:
    members = [
        ("a.png", shards.file_of(1)),
        *((f"a.{kind}", data) for kind, data in beside.items()),
    ]
    path = shards.write_tar_shard(tmp_path / "a.tar", members)
    assert listing_of(path).classes == (label,)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"x.cls": b"1"}, "has no image in a.tar (only cls)"),
        ({"x.png": b"1", "x.jpg": b"2", "x.cls": b"1"}, "several images in a.tar (only png, jpg"),
        ({"x.png": b"1"}, "has no class: no .cls"),
        ({"x.png": b"1", "x.cls": b" "}, "empty class"),
        ({"x.png": b"1", "x.cls": b"1" * 5000}, "its .cls has 5,000 bytes, more than 4,096"),
        ({"x.png": b"1", "x.json": b"{"}, "its .json is damaged"),
        ({"x.png": b"1", "x.json": b"[" * 100_000}, "its .json is damaged"),
        ({"x.png": b"1", "x.json": b'{"label": [1]}'}, "has no class"),
        ({"a.png": b"1", "a.cls": b"0", "b/./x.png": b"1", "b/./x.cls": b"0"}, "not a path within"),
    ],
)
def test_webdataset_records_that_can_not_be_used_are_failures(
    tmp_path: Path, members: dict[str, bytes], words: str
) -> None:
    sound = [("sound.png", shards.file_of(1)), ("sound.cls", b"0")]
    path = shards.write_tar_shard(tmp_path / "a.tar", [*sound, *members.items()])
    listing = listing_of(path)
    assert "sound.png" in ids(listing)
    assert [words in failure.reason for failure in listing.failures] == [True]


def test_a_key_that_comes_twice_is_a_failure(tmp_path: Path) -> None:
    for name in ("0.tar", "1.tar"):
        shards.write_tar_shard(tmp_path / "d" / name, shards.web_members([1, 2]))
    listing = listing_of(tmp_path / "d")
    assert ids(listing) == ["0001.jpg", "0002.jpg"]
    assert [failure.source for failure in listing.failures] == ["0001.jpg", "0002.jpg"]
    assert "in the data set twice" in listing.failures[0].reason


def _linked(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        link = tarfile.TarInfo("a.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)


def _pax(path: Path, key: str, value: str) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("a.png")
        member.pax_headers = {key: value}
        tar.addfile(member)
        tar.addfile(tarfile.TarInfo("b.png"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_linked, "member 'a.png' is a link or a device"),
        (lambda path: shards.write_tar_shard(path, [("../a.png", b"")]), "leads out of the arch"),
        (lambda path: _pax(path, "size", "-1024"), "a.tar"),
        (lambda path: _pax(path, "size", "9" * 40), "a.tar"),
        (lambda path: path.write_bytes(b"no tar" * 200), "is not a complete tar archive"),
        (lambda path: path.write_bytes(b""), "is not a complete tar archive"),
    ],
)
def test_hostile_tars_are_refused(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    make(tmp_path / "a.tar")
    with pytest.raises(InputError) as raised:
        open_source(tmp_path / "a.tar", "webdataset").listing()
    assert words in str(raised.value)


def test_a_tar_that_ends_between_two_members_is_named(tmp_path: Path) -> None:
    """tarfile takes that, and a damaged header, for the end."""
    path = shards.write_tar_shard(tmp_path / "a.tar", shards.web_members(range(3)))
    with tarfile.open(path) as tar:
        third = tar.getmembers()[3].offset
    data = path.read_bytes()
    path.write_bytes(data[:third])
    with pytest.raises(InputError, match=rf"a\.tar: is not .* at byte {third:,}"):
        listing_of(path)
    path.write_bytes(data[:third] + b"\xff" * 512 + data[third + 512 :])
    with pytest.raises(InputError, match=rf"a\.tar: is not .* at byte {third:,}"):
        listing_of(path)


def test_compressed_shards_are_refused_with_the_way_out(tmp_path: Path) -> None:
    import gzip

    folder = shards.write_tfrecord(tmp_path / "d")
    for path in folder.iterdir():
        path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match="decompress it with gunzip"):
        listing_of(folder)


def test_a_tfrecord_that_is_damaged_is_named(tmp_path: Path) -> None:
    path = sorted(shards.write_tfrecord(tmp_path / "d").iterdir())[0]
    sound = path.read_bytes()
    source = open_source(path)
    first = source.listing().samples[0]
    at = sound.index(b"IDAT")
    path.write_bytes(sound[:at] + b"XXXX" + sound[at + 4 :])
    with pytest.raises(InputError, match=r"record 0 of pets.* is damaged: its checksum"):
        open_source(path).read(first)
    path.write_bytes(struct.pack("<Q", 2**60) + sound[8:])
    with pytest.raises(InputError, match="is no TFRecord file"):
        open_source(path).listing()
    huge = struct.pack("<Q", 2**60)
    path.write_bytes(shards.framed(b"")[:0] + huge + _crc(huge) + sound)
    with pytest.raises(InputError, match=r"the record at byte 0 has 1,152,921,504,606,846,976"):
        open_source(path).listing()


def _crc(data: bytes) -> bytes:
    from augtool.core.crc32c import masked_crc32c

    return struct.pack("<I", masked_crc32c(data))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"\x0a\xff", "is not a tf.train.Example"),
        (b"\xff" * 20, "is not a tf.train.Example"),
        (shards.example({"label": 1}), "has no image/encoded"),
        (shards.example({"image": b"x"}), "has no image/class/label and no image/class/text"),
        (shards.example({"image": b"x", "label": -1}), "has the label -1"),
        (shards.example({"image": b"x", "class": b"y" * 5000}), "has a class of 5,000 bytes"),
    ],
)
def test_tfrecord_messages_that_can_not_be_used_are_failures(
    tmp_path: Path, message: bytes, words: str
) -> None:
    sound = shards.example({"image": shards.file_of(1), "label": 0})
    path = tmp_path / "a.tfrecord"
    path.write_bytes(shards.framed(sound) + shards.framed(message))
    listing = listing_of(path)
    assert ids(listing) == ["train/00000.png"]
    assert [failure.source for failure in listing.failures] == ["a.tfrecord[1]"]
    assert words in listing.failures[0].reason


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_a_damaged_example(data: bytes) -> None:
    try:
        found = read_example(data, len(data), {"a", ""})
        assert read_example(FileBytes(io.BytesIO(b"xyz" + data), 3), len(data), {"a", ""}) == found
    except ValueError:
        return
    for feature in found.values():
        assert 0 <= feature.start <= feature.start + feature.size <= len(data)


class TestParquet:
    @pytest.fixture(autouse=True)
    def _package(self) -> None:
        pytest.importorskip("pyarrow")

    def rows(self, names: list[str | None]) -> list[tuple[bytes, str | None, int]]:
        return [(shards.file_of(at, ".jpg"), name, at % 2) for at, name in enumerate(names)]

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["a.jpg", "b.jpg", "c.jpg"], ["a.jpg", "b.jpg", "c.jpg"]),
            (["1.jpg", "1.jpg", "2.jpg"], ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"]),
            (["1.jpg", "2.jpg", "1.jpg"], [f"train/0000{at}.jpg" for at in range(3)]),
            ([None, "2.jpg", "1.jpg"], [f"train/0000{at}.jpg" for at in range(3)]),
        ],
    )
    def test_ids_are_paths_or_as_in_a_tree_or_numbers(
        self, tmp_path: Path, names: list[str | None], expected: list[str]
    ) -> None:
        path = shards.write_parquet(tmp_path / "a.parquet", self.rows(names))
        assert ids(listing_of(path)) == expected

    def test_classes_are_the_schemas_texts_or_numbers(self, tmp_path: Path) -> None:
        rows = self.rows(["a.jpg", "b.jpg"])
        named = shards.write_parquet(tmp_path / "a.parquet", rows, ("cat", "dog", "owl"))
        assert listing_of(named).classes == ("cat", "dog", "owl")
        assert listing_of(shards.write_parquet(tmp_path / "b.parquet", rows, None)).classes == (
            *("0", "1"),
        )
        texts = [(data, name, "owl") for data, name, _ in rows]
        assert listing_of(shards.write_parquet(tmp_path / "c.parquet", texts, None)).classes == (
            "owl",
        )

    def test_rows_without_image_or_class_are_failures(self, tmp_path: Path) -> None:
        rows: list[Any] = [*self.rows(["a.jpg", "b.jpg"]), (b"x", "c.jpg", None)]
        rows += [(b"x", "d.jpg", -1), (None, "e.jpg", 0)]
        source = open_source(shards.write_parquet(tmp_path / "a.parquet", rows))
        listing = source.listing()
        assert [failure.source for failure in listing.failures] == ["a.parquet[2]", "a.parquet[3]"]
        with pytest.raises(InputError, match="has no bytes in the data set; embed"):
            source.read(listing.samples[-1])

    def test_class_column_chooses_the_labels(self, tmp_path: Path) -> None:
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        table = {"img": [shards.file_of(1)] * 2, "fine": [1, 0], "coarse": ["x", "y"]}
        parquet.write_table(arrow.table(table), tmp_path / "a.parquet")
        with pytest.raises(InputError, match=r"no column of labels, only img, fine, coarse; pass"):
            listing_of(tmp_path / "a.parquet")
        assert listing_of(tmp_path / "a.parquet", class_column="coarse").classes == ("x", "y")
        with pytest.raises(ConfigError, match="--class-column: not supported for a tfrecord"):
            open_source(shards.write_tfrecord(tmp_path / "d"), class_column="x")

    def test_other_tables_are_refused(self, tmp_path: Path) -> None:
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        parquet.write_table(arrow.table({"a": [1]}), tmp_path / "a.parquet")
        with pytest.raises(InputError, match=r"a\.parquet: has no column of images, only a"):
            listing_of(tmp_path / "a.parquet")
        (tmp_path / "b.parquet").write_bytes(b"PAR1" + b"\xff" * 99 + b"PAR1")
        with pytest.raises(InputError, match=r"b\.parquet: is no sound Parquet file"):
            listing_of(tmp_path / "b.parquet")

    def test_a_row_group_that_claims_much_is_refused(self, tmp_path: Path) -> None:
        rows = [(bytes(2**20), f"{at}.jpg", 0) for at in range(3)]
        path = shards.write_parquet(tmp_path / "a.parquet", rows, compression="zstd")
        assert path.stat().st_size < 2**14
        said = cost_of_first_copy(path, max_pixels=100_000).said
        assert "row group 0 claims 1,048," in said
        assert "pass --max-pixels 131" in said

    @pytest.mark.parametrize("stores_type", [True, False])
    def test_one_value_in_every_row_is_not_held_so_often(
        self, tmp_path: Path, stores_type: bool
    ) -> None:
        """1 MB on disk stands for 300 MB."""
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        image = arrow.array([shards.file_of(1) + bytes(2**20)], arrow.binary())
        indices = arrow.array([0] * 300, arrow.int32())
        columns = {"image": arrow.DictionaryArray.from_arrays(indices, image), "label": [0] * 300}
        path = tmp_path / "a.parquet"
        parquet.write_table(arrow.table(columns), path, store_schema=stores_type)
        assert path.stat().st_size < 2**22
        source: Any = open_source(path)
        for sample in source.listing().samples:
            assert len(source.read(sample)) > 2**20
        held = sum(len(row) for group in source._groups.values() for row in group.rows)
        assert held < 2**27


@pytest.mark.parametrize("originals", ["hardlink", "symlink"])
def test_images_in_shards_are_copied_where_links_are_asked_for(
    tmp_path: Path, originals: str
) -> None:
    """There is no file of its own to link to; a link to the shard would be no image."""
    data = shards.write_webdataset(tmp_path / "shards")
    written(data, tmp_path / "copied")
    written(data, tmp_path / "linked", output={"originals": originals})
    assert not any(path.is_symlink() for path in (tmp_path / "linked").rglob("*"))
    images = [
        {name: each for name, each in contents(tmp_path / out).items() if name.endswith(".jpg")}
        for out in ("copied", "linked")
    ]
    assert images[0] == images[1]
    assert len(images[0]) == 9


def test_what_the_webdataset_package_writes_is_read(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        webdataset = pytest.importorskip("webdataset")
        with webdataset.TarWriter(str(tmp_path / "pets-000000.tar")) as writer:
            for number in range(3):
                data = shards.file_of(number, ".jpg")
                writer.write({"__key__": f"a/{number:06}", "jpg": data, "cls": number % 2})
    source = open_source(tmp_path)
    listing = source.listing()
    assert [(each.id, each.label, each.name) for each in listing.samples] == [
        (f"a/{number:06}.jpg", number % 2, f"{number:06}.jpg") for number in range(3)
    ]
    assert source.read(listing.samples[2]) == shards.file_of(2, ".jpg")


def test_what_the_tfrecord_package_writes_is_read(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tfrecord = pytest.importorskip("tfrecord")
        writer = tfrecord.TFRecordWriter(str(tmp_path / "pets.tfrecord"))
        for number in range(3):
            image = (shards.file_of(number), "byte")
            writer.write({"image": image, "label": (number % 2, "int"), "area": (0.5, "float")})
        writer.close()
    source = open_source(tmp_path)
    listing = source.listing()
    assert [(each.id, each.label) for each in listing.samples] == [
        (f"train/{number:05}.png", number % 2) for number in range(3)
    ]
    assert source.read(listing.samples[2]) == shards.file_of(2)
