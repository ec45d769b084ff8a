"""A manifest reads back to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.pipeline import GEOMETRY_COLUMNS
from augtool.core.records import Failure, Record
from augtool.errors import InputError
from augtool.output import manifest
from augtool.output.failures import failures_csv
from augtool.output.manifest_rows import rows_csv

floats = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1
) | st.sampled_from(
    ["a,b", 'say "x"', "two\nlines", "\r\n", "=1+1", "-rf", "caf\udce9", " lead", "ünï"]
)


def write(path: Path, *records: Record) -> Path:
    header = manifest.to_csv([manifest.columns(["brightness"])])
    places = [record.path for record in records]
    path.write_bytes(header + rows_csv(records, places, ["brightness"]))
    return path


@given(names, names, st.tuples(*[floats] * 6), st.tuples(*[floats] * 9))
def test_rows_survive(
    tmp_path_factory: pytest.TempPathFactory,
    path: str,
    class_name: str,
    matrix: tuple[float, ...],
    values: tuple[float, ...],
) -> None:
    params = dict(zip((*GEOMETRY_COLUMNS, "brightness"), values))
    common = ("train", class_name, 3, f"{class_name}/x")
    original = Record(path, *common, None, 5, 4, "ab", "cd")
    copy = Record(path, *common, 2, 5, 4, "ab", "cd", matrix, params)  # type: ignore[arg-type]
    file = write(tmp_path_factory.mktemp("m") / "manifest.csv", original, copy)
    assert list(manifest.read(file)) == [original, copy]


@given(st.lists(floats | st.floats(-1e3, 1e3) | st.integers(-9, 9), min_size=6, max_size=6))
def test_numbers_are_written_as_their_repr(numbers: list[float]) -> None:
    record = Record("a", "train", "c", 0, "c/a", 0, 5, 4, "x", "y", tuple(numbers), {})  # type: ignore[arg-type]
    row = rows_csv([record], ["a"], []).decode().rstrip("\n").split(",")
    assert row[11:17] == [repr(number) for number in numbers]
    assert row[17:] == [""] * len(GEOMETRY_COLUMNS)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0001, "0.0001"),
        (1e-5, "1e-05"),
        (1e-7, "1e-07"),
        (-0.00001234, "-1.234e-05"),
        (5e-324, "5e-324"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (-1.5e300, "-1.5e+300"),
        (-0.0, "-0.0"),
        (3, "3"),
    ],
)
def test_a_number_is_pythons_own_text_whatever_is_beside_it(number: float, text: str) -> None:
    """JSON writes some of them otherwise, and what stands beside them must not decide."""
    matrix = (1.0, number, 0.5, 0.0, 1.0, -0.25)
    for params in ({}, {"rotation": number}, dict.fromkeys(GEOMETRY_COLUMNS, 0.5)):
        record = Record("a", "train", "c", 0, "c/a", 0, 5, 4, "x", "y", matrix, params)
        row = rows_csv([record], ["a"], []).decode().rstrip("\n").split(",")
        assert row[11:17] == ["1.0", text, "0.5", "0.0", "1.0", "-0.25"]
        expected = [params.get(name) for name in GEOMETRY_COLUMNS]
        assert row[17:] == ["" if each is None else repr(each) for each in expected]


def test_the_columns_are_the_contracts() -> None:
    assert ",".join(manifest.columns(["brightness", "channel_shift"])) == (
        "path,split,class,label,kind,source,copy,width,height,sha256,source_sha256,"
        "m00,m01,m02,m10,m11,m12,"
        "rotation,shift_x,shift_y,shear,zoom_x,zoom_y,flip_horizontal,flip_vertical,"
        "brightness,channel_shift"
    )


def test_a_damaged_row_is_named_by_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", Record("a", "train", "c", 0, "c/a", None, 5, 4, "x", "y"))
    file.write_text(file.read_text().replace(",5,4,", ",five,4,"))
    with pytest.raises(InputError, match=r"m.csv, line 2: the row is damaged"):
        list(manifest.read(file))
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="is no augtool manifest"):
        list(manifest.read(file))


def test_failures_are_sorted_by_source() -> None:
    failures = [Failure("b", "decode", "x"), Failure("a", "read", "y, z")]
    assert failures_csv(failures) == (b'source,stage,reason\na,read,"y, z"\nb,decode,x\n')
