"""Tables in which an image has several labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augtool import Config, ConfigError, InputError, Options, Report, expand
from augtool.output.verify import verify
from augtool.sinks import SINKS
from tests.pictures import make_tree
from tests.sinks.reading import rows_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"photos": 6})


def run(folder: Path, out: Path, text: str, sink: str = "tree", **source: Any) -> Report:
    (folder / "t.csv").write_text(text)
    config = Config(ratio=1, output={"to": sink, "format": "png"})
    return expand(
        folder / "t.csv", out, config=config, options=Options(engine="serial", source=source)
    )


JOINED = (
    "filename,class\n"
    "photos/00.png,cat;dog\n"
    "photos/01.png,dog ;cat;\n"
    "photos/02.png,cat\n"
    "photos/03.png,dog;cat;owl\n"
    "photos/04.png,;\n"
)
ONE_HOT = (
    "filename,owl,dog,cat\n"
    "photos/00.png,0,1,1\n"
    "photos/01.png,,TRUE,1.0\n"
    "photos/02.png,0,0,1\n"
    "photos/03.png,1,1,1\n"
    "photos/04.png,0,0,false\n"
)
EXPECTED = {
    "photos/00.png": "cat;dog",
    "photos/01.png": "cat;dog",
    "photos/02.png": "cat",
    "photos/03.png": "cat;dog;owl",
    "photos/04.png": "(none)",
}


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize(
    ("text", "source"),
    [
        (JOINED, {"label_separator": ";"}),
        (JOINED.replace(";", " | "), {"label_separator": "|"}),
        (ONE_HOT, {"class_column": "owl, dog,cat"}),
    ],
)
def test_every_label_is_in_the_manifest(
    folder: Path, tmp_path: Path, sink: str, text: str, source: Any
) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    run(folder, tmp_path / "out", text, sink, **source)
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 10
    assert {row["source"]: row["class"] for row in rows} == EXPECTED
    assert all(EXPECTED[row["source"]] == row["class"] for row in rows)
    assert verify(tmp_path / "out").findings == []


def test_pandas_reads_the_labels_one_by_one(folder: Path, tmp_path: Path) -> None:
    """The line in the README."""
    pandas = pytest.importorskip("pandas")
    run(folder, tmp_path / "out", JOINED, label_separator=";")
    table = pandas.read_csv(tmp_path / "out/manifest.csv")
    labels = table["class"].str.get_dummies(";")
    assert sorted(labels.columns) == ["(none)", "cat", "dog", "owl"]
    assert labels["dog"].sum() == 6


def test_without_a_separator_a_class_is_what_it_says(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out", JOINED)
    assert "dog ;cat;" in {row["class"] for row in rows_of(tmp_path / "out")}


@pytest.mark.parametrize(
    ("text", "source", "error", "words"),
    [
        (ONE_HOT.replace("TRUE", "yes"), {"class_column": "cat,dog"}, InputError, "row 3: has 'y"),
        (ONE_HOT, {"class_column": "cat,cow"}, InputError, "has no column 'cow'"),
        (ONE_HOT.replace("owl", "o;l"), {"class_column": "o;l,cat"}, InputError, "rename it"),
        (
            ONE_HOT,
            {"class_column": "cat,dog", "label_separator": ";"},
            ConfigError,
            "--class-column lists 2; leave out one",
        ),
        (JOINED, {"label_separator": ""}, ConfigError, "--label-separator: is empty"),
    ],
)
def test_what_can_not_be_is_said(
    folder: Path, tmp_path: Path, text: str, source: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(folder, tmp_path / "out", text, **source)
    assert not (tmp_path / "out").exists()
