"""The training example: what its page says was measured, and its cases are whole."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.pictures import make_tree

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "training"
PAGE = ROOT / "docs" / "training.md"
CASES = sorted(FOLDER.glob("*.yaml"))
NAMES = re.findall(r"^<!-- (.*): begin -->$", PAGE.read_text(), re.MULTILINE)
RESULTS = [FOLDER / "results" / f"{name}.json" for name in NAMES]

TINY = """\
title: tiny
config: recipe:default
net: {blocks: [[2]]}
batch: 2
rate: 0.01
ratios: [1.5]
seeds: [0]
points: 2
runs: [{name: half, steps: 4, split: {test: 0.5}}]
"""


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("cases")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("quick", [True, False])
def test_every_case_makes_configs_that_augtool_takes(
    cases: ModuleType, path: Path, quick: bool
) -> None:
    case = cases.read_case(path, quick=quick)
    for run, seed, variant in case.cells():
        config = case.config_of(run, seed, cases.ratio_of(variant))
        assert (config.seed, config.output.to) == (seed, "npy")
        assert (config.ratio == 0) == (variant in (cases.PLAIN, cases.ONLINE))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_are_those_of_the_case_as_it_is_and_whole(cases: ModuleType, path: Path) -> None:
    case = cases.read_case(FOLDER / f"{path.stem}.yaml")
    results = cases.read_results(path)
    assert results["case"] == case.model_dump()
    measured = [(cell["run"], cell["seed"], cell["variant"]) for cell in results["cells"]]
    assert sorted(measured) == sorted((run.name, *rest) for run, *rest in case.cells())


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_page_is_what_was_measured(tmp_path: Path, path: Path) -> None:
    begin, end = (f"<!-- {path.stem}: {edge} -->\n" for edge in ("begin", "end"))
    before, _, rest = PAGE.read_text().partition(begin)
    copy = tmp_path / "training.md"
    copy.write_text(before + begin + end + rest.partition(end)[2])
    subprocess.run([sys.executable, FOLDER / "table.py", path, copy], check=True)
    assert copy.read_text() == PAGE.read_text()


@pytest.mark.slow
@pytest.mark.optional
def test_a_training_is_measured_once_and_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    pytest.importorskip("jax")
    pytest.importorskip("keras")
    make_tree(tmp_path / "data", {"cat": 8, "dog": 8})
    (tmp_path / "tiny.yaml").write_text(TINY)
    found = []
    for name in ("first", "second"):
        results = tmp_path / f"{name}.json"
        command = [sys.executable, FOLDER / "train.py", "tiny.yaml", "data", "--results", results]
        subprocess.run([*command, "--work", name], cwd=tmp_path, check=True)
        found.append(json.loads(results.read_text())["cells"])
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    assert [cell["pictures"] for cell in found[0]] == [8, 20, 8]
    assert [cell["curves"] for cell in found[0]] == [cell["curves"] for cell in found[1]]
    assert found[0][0]["curves"] != found[0][2]["curves"]


def test_rows_can_be_added_to_a_case_but_not_changed(cases: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    row = "{name: all, steps: 4}"
    path.write_text(TINY.replace("runs: [", f"runs: [{row}, "))
    more = cases.read_case(path)
    path.write_text(TINY)
    tiny = cases.read_case(path)
    assert more.has_rows_of(tiny.model_dump())
    assert not tiny.has_rows_of(more.model_dump())
    path.write_text(TINY.replace("batch: 2", "batch: 3"))
    assert not cases.read_case(path).has_rows_of(tiny.model_dump())
