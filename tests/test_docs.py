"""What the documents say is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer.main

from augtool import Options, engines, expand, sinks, sources
from augtool.cli.app import app
from augtool.config.imports import frameworks
from augtool.config.load import load
from augtool.core import transforms
from tests.blocks import blocks
from tests.conftest import Run
from tests.pictures import contents, make_tree, picture, write
from tests.test_house import ROOMS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DESIGN = (ROOT / "docs" / "design.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
#: Each page, and the folder in which the paths that it names may start, beside the root.
PAGES = {
    "README.md": "",
    "CONTRIBUTING.md": "",
    "docs/design.md": "augtool",
    "docs/object-stores.md": "augtool",
    "docs/other-libraries.md": "augtool",
    "docs/own-transforms.md": "augtool",
    "docs/shards.md": "augtool",
    "docs/speed.md": "augtool",
    "docs/training.md": "",
    "examples/training/README.md": "examples/training",
    "benchmarks/README.md": "benchmarks",
}
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_loads_says_why_and_is_in_the_docs(path: Path) -> None:
    load(path)
    assert path.read_text().startswith("# ")
    assert f"`configs/{path.name}`" in (ROOT / "docs" / "recipes.md").read_text()


@pytest.mark.parametrize("page", ["docs/config.md", "augtool/config/starter.yaml"])
def test_every_transform_is_in_the_docs_and_the_starter(page: str) -> None:
    for kind in transforms.TRANSFORMS:
        assert re.search(rf"\b{kind.name}\b", (ROOT / page).read_text()), f"{page}: {kind.name}"


def test_every_command_is_in_the_readme() -> None:
    command = typer.main.get_command(app)
    for name in command.commands:  # type: ignore[attr-defined]
        assert f"augtool {name}" in README


@pytest.mark.parametrize(
    ("name", "classes", "files"),
    [
        ("default", {"cat": 4}, 10),
        ("chollet", {"cat": 4, "dog": 2}, 15),
        ("test-dir", {"cat": 2, "deer": 2, "dog": 2}, 12),
    ],
)
def test_tree_recipes_run(
    run_cli: Run, tmp_path: Path, name: str, classes: dict[str, int], files: int
) -> None:
    make_tree(tmp_path / "data", classes)
    run_cli("expand", "data", "out", "--config", ROOT / "configs" / f"{name}.yaml", check=True)
    assert sum(path.endswith(".png") for path in contents(tmp_path / "out")) == files


@pytest.mark.parametrize(
    ("name", "classes", "labels"),
    [
        ("chollet", ["cat", "dog"], 1),
        ("cats-dogs", ["cats", "dogs"], 1),
        ("test-dir", list("abc"), 3),
    ],
)
def test_array_recipes_write_floats_from_0_to_1_and_gray_photos_too(
    tmp_path: Path, name: str, classes: list[str], labels: int
) -> None:
    make_tree(tmp_path / "data", dict.fromkeys(classes, 2))
    write(tmp_path / "data" / classes[0] / "00.png", picture(0, channels=1))
    config = load(ROOT / "configs" / f"{name}-arrays.yaml")
    plain = load(ROOT / "configs" / f"{name}.yaml")
    assert config.pipeline() == plain.pipeline()
    expand(tmp_path / "data", tmp_path / "out", config=config, options=Options(engine="serial"))
    found = np.load(tmp_path / "out" / "data.npz") if config.output.to == "npz" else None
    x, y = (
        found[each] if found is not None else np.load(tmp_path / "out" / f"{each}.npy")
        for each in ("x_train", "y_train")
    )
    assert (x.dtype, x.shape[1:3]) == (np.float32, config.output.resize)
    assert 0 <= x.min() < x.max() <= 1
    assert y.shape[1:] == ((labels,) if labels > 1 else ())


def test_the_cats_and_dogs_recipe_resizes_validation_and_augments_training(
    run_cli: Run, tmp_path: Path
) -> None:
    make_tree(tmp_path / "data" / "train", {"cats": 2, "dogs": 2})
    make_tree(tmp_path / "data" / "validation", {"cats": 1, "dogs": 1})
    path = ROOT / "configs" / "cats-dogs.yaml"
    run_cli("expand", "data", "out", "--config", path, check=True)
    rows = (tmp_path / "out" / "manifest.csv").read_text().splitlines()[1:]
    assert len(rows) == 2 + 4 + 6
    assert all(",150,150," in row for row in rows)
    assert sum(row.startswith("validation/") and ",val,cats" in row for row in rows) == 1
    assert sum(row.startswith("validation/") for row in rows) == 2


def test_the_tfrecord_recipe_writes_shards(run_cli: Run, tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 4})
    path = ROOT / "configs" / "tfrecord.yaml"
    run_cli("expand", "data", "out", "--config", path, check=True)
    assert set(contents(tmp_path / "out")) == {
        *("dataset.json", "manifest.csv", "shard-000000.tfrecord")
    }


def test_the_design_names_every_room_and_their_law() -> None:
    rooms = ROOMS[:-1]  # the last holds the package itself
    named = re.findall(r"^\| `(\w+)` \|", DESIGN, re.MULTILINE)
    assert sorted(named) == sorted(room for beside in rooms for room in beside)
    law = re.search(r"^    (errors < .*)$", DESIGN, re.MULTILINE)
    assert law is not None
    assert [set(beside.split(" | ")) for beside in law[1].split(" < ")] == rooms


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_module_that_is_not_there(page: str) -> None:
    for name in re.findall(r"`([\w./-]+\.py)`", (ROOT / page).read_text()):
        places = (ROOT / name, ROOT / PAGES[page] / name)
        assert any(path.is_file() for path in places), f"{page} names {name}"


@pytest.mark.parametrize(
    ("module", "registries"),
    [
        (transforms, ("GEOMETRIC", "PHOTOMETRIC")),
        (sources, ("SOURCES",)),
        (sinks, ("SINKS",)),
        (engines, ("ENGINES",)),
        (frameworks, ("FRAMEWORKS",)),
    ],
)
def test_contributing_names_the_file_of_each_registry(
    module: ModuleType, registries: tuple[str, ...]
) -> None:
    path = Path(str(module.__file__)).relative_to(ROOT).as_posix()
    assert f"`{path}`" in CONTRIBUTING
    for name in registries:
        assert hasattr(module, name)
        assert f"`{name}`" in CONTRIBUTING
        assert f"`{name}`" in DESIGN


def test_no_file_cites_a_page_that_is_not_there() -> None:
    files = [*(ROOT / "augtool").rglob("*.py"), *(ROOT / name for name in PAGES)]
    cited = re.compile(r"(?<![\w./-])[\w./-]*\w\.md\b")
    for path in files:
        for name in cited.findall(path.read_text()):
            assert (ROOT / name).is_file(), f"{path} cites {name}"


def test_the_benchmark_is_what_was_measured(tmp_path: Path) -> None:
    """benchmarks/benchmarks_page.py writes it from numbers that `make bench` has saved."""
    copy, page = tmp_path / "benchmarks.md", (ROOT / "docs" / "benchmarks.md").read_text()
    begin, end = "<!-- benchmark: begin -->\n", "<!-- benchmark: end -->\n"
    before, _, rest = page.partition(begin)
    copy.write_text(before + begin + end + rest.partition(end)[2])
    folder = ROOT / "benchmarks"
    command = [sys.executable, folder / "benchmarks_page.py", folder / "results.json", copy]
    subprocess.run(command, check=True)
    assert copy.read_text() == page


def test_the_table_of_costs_is_what_was_measured(tmp_path: Path) -> None:
    """benchmarks/speed_page.py writes the tables from numbers that `make bench` has saved."""
    folder, page = ROOT / "benchmarks", (ROOT / "docs" / "speed.md").read_text()
    bare = re.sub(
        r"(<!-- (\w+): begin -->\n).*?(<!-- \2: end -->\n)", r"\1\3", page, flags=re.DOTALL
    )
    assert len(bare) < len(page) / 2
    copy = tmp_path / "speed.md"
    copy.write_text(bare)
    numbers = [folder / "costs.json", folder / "recipe.json"]
    subprocess.run([sys.executable, folder / "speed_page.py", *numbers, copy], check=True)
    assert copy.read_text() == page


@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
def test_libraries_read_a_manifest_in_parquet_as_the_page_says(
    run_cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip(library)
    page = blocks((ROOT / "docs" / "writing.md").read_text())
    (code,) = (block.text for block in page if block.title == f"with_{library}.py")
    make_tree(tmp_path / "data", {"cat": 2, "dog": 2})
    (expanding,) = (block for block in page if "out-millions" in block.text and not block.language)
    for line in expanding.text.splitlines():
        run_cli(*line.split()[1:], check=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    found = names["manifest"]
    assert len(found) == 10
    assert {"path", "source", "rotation"} <= set(found.columns)
