"""A manifest in Parquet says what the one in CSV says, and what is wrong with it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augtool import Config
from augtool.core.geometry import Size
from augtool.core.pipeline import Subject
from augtool.core.records import Record
from augtool.core.resize import ResizeGeometry
from augtool.core.transforms import TRANSFORMS
from augtool.errors import InputError, OutputError
from augtool.output import manifest, manifest_parts
from augtool.output import write_parts as writing
from augtool.output.manifest_columns import column_kinds
from augtool.output.manifest_index import Index
from augtool.output.manifest_rows import rows_csv
from augtool.output.write_parts import write_parts
from augtool.storage.json_fields import sealed_bytes
from tests.core.test_transforms import ON

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

#: Names of which CSV and Parquet could make something else.
NAMES = ["a", "a,b", 'say "x"', "two\nlines", "\r", " lead", "", "NA", "null", "1", "ünï", "=1+1"]


def records(count: int, config: Config) -> list[Record]:
    """Originals and copies of two classes, in which not all level changes are on."""
    kinds = column_kinds(config)
    drawn = list(kinds.items())[17:]
    made = []
    for at in range(count):
        name = NAMES[at % len(NAMES)]
        common = ("train", name, at % 7, f"{name}/{at}", None, 5, 4, "ab" * 32, "cd" * 32)
        record = Record(f"{name}/{at}.png", *common)
        if at % 3:
            params = {
                column: (at if kind == "int64" else 1 / (at + 1) ** 9)
                for column, kind in drawn
                if at % 2 or column != "brightness"
            }
            matrix = (1 / 3, -0.0, 5e-324 * at, 1e300, 0.1, float(at))
            record = record._replace(copy=at, matrix=matrix, params=params)
        made.append(record)
    return made


def write(out: Path, rows: list[Record], config: Config, cut: int = 7) -> Path:
    """Write rows as parts, handed over some at a time."""
    names = config.photometric_columns
    some = [rows[at : at + cut] for at in range(0, len(rows), cut)]
    (out / "manifest").mkdir(parents=True)
    blocks = (rows_csv(each, [row.path for row in each], names) for each in some)
    index = write_parts(out / "manifest", column_kinds(config), blocks)
    (out / "manifest.json").write_bytes(index.encode())
    return out / "manifest.json"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of eight rows in row groups of four, parsed one line at a time."""
    for name, value in {"_GROUP_ROWS": 4, "_GROUPS": 2, "_PARSED_BYTES": 1}.items():
        monkeypatch.setattr(writing, name, value)


BRIGHT = Config.model_validate({"transforms": {"brightness_range": [0.5, 1.5]}})


TRANSFORMS_ON = {kind.name: ON[kind.name] for kind in TRANSFORMS}


@pytest.mark.parametrize(
    "values",
    [
        {
            "transforms": TRANSFORMS_ON,
            "per_class": {"dog": {"transforms": {"grayscale": False}}},
            "policy": [{"one_of": ["invert", "hue_range", "elastic"]}],
        },
        {"transforms": {"width_shift_range": [-2, 2], "height_shift_range": 3}},
        *({"policy": name} for name in ("trivialaugment", "randaugment")),
        {"policy": {"autoaugment": "imagenet"}},
    ],
    ids=["all", "shifts", "trivialaugment", "randaugment", "autoaugment"],
)
def test_every_transform_reads_back_as_from_csv(tmp_path: Path, values: dict[str, Any]) -> None:
    config = Config.model_validate(values)
    rows = drawn(config)
    path = write(tmp_path, rows, config)
    header = manifest.to_csv([manifest.columns(config.photometric_columns)])
    text = rows_csv(rows, [row.path for row in rows], config.photometric_columns)
    (tmp_path / "manifest.csv").write_bytes(header + text)
    one, other = list(manifest.read(tmp_path / "manifest.csv")), list(manifest.read(path))
    assert one == other == rows
    assert [repr(row.params) for row in one] == [repr(row.params) for row in other]
    kinds = column_kinds(config)
    for row in other:
        for name, value in (row.params or {}).items():
            assert type(value) is {"int64": int, "double": float}[kinds[name]], name


def drawn(config: Config) -> list[Record]:
    """Return records of two originals with many copies each, with what is drawn for them."""
    made = []
    for name in ("cat", "dog"):
        common = ("train", name, 0, f"{name}/1.png")
        made.append(Record(f"{name}/1.png", *common, None, 30, 20, "ab", "cd"))
        subject = Subject(f"{name}/1.png", ResizeGeometry.fit(Size(20, 30)), 200)
        copies = config.pipeline(name).draw(0, [subject])
        for at in range(subject.copies):
            draws = copies.matrices[at], copies.params(at)
            made.append(Record(f"{name}/1__aug{at}.png", *common, at, 30, 20, "e", "cd", *draws))
    return made


@pytest.mark.usefixtures("small")
def test_names_numbers_and_order_survive_any_cut(tmp_path: Path) -> None:
    rows = records(29, BRIGHT)
    paths = [write(tmp_path / str(cut), rows, BRIGHT, cut) for cut in (1, 5, 29)]
    assert [each.read_bytes() for each in paths[1:]] == [paths[0].read_bytes()] * 2
    (path, *_) = paths
    assert list(manifest.read(path)) == rows
    sources = [(row.path, row.source, row.source_sha256) for row in rows]
    assert list(manifest.read_sources(path)) == sources
    parts = sorted((path.parent / "manifest").iterdir())
    files = [parquet.ParquetFile(part) for part in parts]
    assert [file.metadata.num_rows for file in files] == [8, 8, 8, 5]
    assert [file.num_row_groups for file in files] == [2, 2, 2, 2]
    assert len({file.schema_arrow for file in files}) == 1
    table = parquet.read_table(path.parent / "manifest")
    assert tuple(table.column_names) == manifest.columns(["brightness"])
    assert table["path"].to_pylist() == [row.path for row in rows]
    assert table["copy"].to_pylist() == [row.copy for row in rows]


def test_a_manifest_without_rows_is_a_table_without_rows(tmp_path: Path) -> None:
    path = write(tmp_path, [], BRIGHT)
    assert list(manifest.read(path)) == []
    assert parquet.read_table(tmp_path / "manifest").column_names[:2] == ["path", "split"]


def test_what_does_not_fit_its_column_is_refused_with_the_way_out(tmp_path: Path) -> None:
    rows = records(4, BRIGHT)
    for row in (rows[1]._replace(copy=0.5), rows[1]._replace(source="caf\udce9")):  # type: ignore[arg-type]
        with pytest.raises(OutputError, match=r"Parquet .*; pass --set output\.manifest=csv"):
            write(tmp_path / row.source.encode("utf-8", "replace").decode(), [row], BRIGHT)


def change(index: Path, **fields: Any) -> None:
    """Change an index as augtool itself would write it."""
    index.write_bytes(sealed_bytes({**fields_of(index), **fields}))


def fields_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    del found["checksum"]
    return found


def rewrite(part: Path, table: Any) -> None:
    parquet.write_table(table, part, use_dictionary=["source"])


def damaged(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-40])


def flipped(part: Path) -> None:
    data = bytearray(part.read_bytes())
    data[30:90] = bytes(60)
    part.write_bytes(data)


def linked(part: Path) -> None:
    part.rename(part.parents[1] / "elsewhere")
    part.symlink_to("../elsewhere")


def other_columns(part: Path) -> None:
    table = parquet.read_table(part)
    rewrite(part, table.drop_columns(["m00"]))


def other_types(part: Path) -> None:
    table = parquet.read_table(part)
    label = table["label"].cast("string")
    at = table.column_names.index("label")
    rewrite(part, table.set_column(at, "label", label))


def fewer_rows(part: Path) -> None:
    rewrite(part, parquet.read_table(part).slice(1))


def csv_of_someone(part: Path) -> None:
    part.write_text("a,b\n1,2\n")


def folder(part: Path) -> None:
    part.unlink()
    part.mkdir()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (Path.unlink, "is missing"),
        (damaged, "is damaged"),
        (flipped, "is damaged"),
        (linked, "is not a regular file"),
        (folder, "is not a regular file"),
        (other_columns, "its columns are not those that manifest.json lists"),
        (other_types, "its columns are not those that manifest.json lists"),
        (fewer_rows, "it has 7 rows instead of 8"),
        (csv_of_someone, "is damaged"),
    ],
)
def test_a_part_that_is_not_what_it_was_is_named_and_the_others_are_read(
    tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    rows = records(20, BRIGHT)
    path = write(tmp_path, rows, BRIGHT)
    part = sorted((tmp_path / "manifest").iterdir())[1]
    damage(part)
    with pytest.raises(InputError) as raised:
        list(manifest.read(path))
    assert f"manifest/{part.name}: " in str(raised.value)
    assert said in str(raised.value)
    assert str(raised.value).endswith("run augtool expand again with --overwrite")
    assert str(path) in str(raised.value)
    with pytest.raises(InputError, match=part.name):
        list(manifest.read_sources(path))
    found = list(manifest.read_rows(path))
    lost = [row for row in found if isinstance(row, manifest.DamagedRow)]
    assert [(row.path, row.is_part) for row in lost] == [(f"manifest/{part.name}", True)]
    kept = [row for row in found if isinstance(row, Record)]
    assert kept[:8] == rows[:8]
    assert kept[-4:] == rows[16:]


@pytest.mark.usefixtures("small")
def test_a_row_that_augtool_does_not_write_is_told_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path, records(5, BRIGHT), BRIGHT)
    (part,) = (tmp_path / "manifest").iterdir()
    table = parquet.read_table(part)
    for name, value, said in (
        ("kind", "third", "kind is 'third'"),
        ("source", None, "a value is missing"),
        ("m11", None, "a value is missing"),
    ):
        values = table[name].to_pylist()
        values[1] = value
        at = table.column_names.index(name)
        changed = pyarrow.array(values, table.schema.field(name).type)
        rewrite(part, table.set_column(at, name, changed))
        row = list(manifest.read_rows(path))[1]
        assert isinstance(row, manifest.DamagedRow)
        assert (row.path, row.reason) == ("a,b/1.png", said)
        with pytest.raises(InputError, match=f"row 2 of {part.name}: the row is damaged"):
            list(manifest.read(path))


def test_an_index_that_is_not_augtools_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, records(3, BRIGHT), BRIGHT)
    whole = path.read_bytes()
    columns = Index.parse(whole).columns
    part = {"rows": 3, "sha256": "0" * 64}
    for fields in (
        *({"parts": {name: part}} for name in ("../victim.parquet", "/etc/passwd", "a/b")),
        {"parts": {"part-00000-0123456789abcdef.parquet": {**part, "rows": -1}}},
        {"parts": {"part-00000-0123456789abcdef.parquet": 3}},
        {"parts": ["part-00000-0123456789abcdef.parquet"]},
        {"columns": {"path": "string"}},
        {"columns": {**columns, "rotation": "list<int64>"}},
        {"columns": {**columns, "label": "string"}},
        {"columns": {**columns, **{str(n): "double" for n in range(1000)}}},
        {"format": "augtool manifest 99"},
    ):
        change(path, **fields)
        with pytest.raises(InputError, match=r"manifest\.json: is no augtool manifest \("):
            list(manifest.read(path))
        assert not manifest.is_manifest(path)
        path.write_bytes(whole)
    for data in (b"", whole[:-9], b"[" * 100_000, b"path,split\n"):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"manifest\.json: is no augtool manifest \("):
            list(manifest.read(path))
    assert not manifest.is_manifest(tmp_path / "nowhere" / "manifest.json")


def test_a_row_group_that_claims_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, records(5, BRIGHT), BRIGHT)
    with monkeypatch.context() as patch:
        patch.setattr(manifest_parts, "_MOST_GROUP_BYTES", 100)
        with pytest.raises(InputError, match="a row group claims"):
            list(manifest.read(path))
    (part,) = (tmp_path / "manifest").iterdir()  # one long path for every row
    parquet.write_table(parquet.read_table(part), part, use_dictionary=["path"])
    with pytest.raises(InputError, match="path is stored as PLAIN, RLE, RLE_DICTIONARY"):
        list(manifest.read(path))


@pytest.mark.parametrize("reader", ["pandas", "polars", "duckdb"])
@pytest.mark.usefixtures("small")
def test_other_libraries_read_the_folder_as_one_table(tmp_path: Path, reader: str) -> None:
    library = pytest.importorskip(reader)
    rows = records(29, BRIGHT)
    write(tmp_path, rows, BRIGHT)
    folder, parts = str(tmp_path / "manifest"), str(tmp_path / "manifest" / "*.parquet")
    if reader == "pandas":
        tables = [library.read_parquet(folder)]
    elif reader == "polars":
        tables = [library.read_parquet(each).to_pandas() for each in (folder, parts)]
    else:
        tables = [library.sql(f"from '{parts}'").df()]
    for table in tables:
        assert list(table.columns) == list(manifest.columns(["brightness"]))
        assert table["path"].tolist() == [row.path for row in rows]
        matrices = table[["m00", "m01", "m02", "m10", "m11", "m12"]].to_numpy()
        copies = [at for at, row in enumerate(rows) if row.matrix]
        assert matrices[copies].tolist() == [list(rows[at].matrix or ()) for at in copies]
