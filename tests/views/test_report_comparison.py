"""Two outputs side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from augtool.config.schema import Config
from augtool.errors import InputError
from augtool.run.expand import expand
from augtool.run.options import Options
from augtool.views.report.comparison import write_comparison
from tests.conftest import Run

pytest.importorskip("jinja2")


def made(data: Path, name: str, **values: Any) -> Path:
    out = data.parent / name
    expand(data, out, config=Config.model_validate(values), options=Options(engine="serial"))
    return out


def test_what_differs_in_the_config_is_listed(tiny_tree: Path, tmp_path: Path) -> None:
    one = made(tiny_tree, "one", per_image=1, transforms={"rotation_range": 10})
    other = made(
        *(tiny_tree, "other"),
        per_image=2,
        seed=4,
        transforms={"rotation_range": 10, "shear_range": 9},
    )
    written = write_comparison(one, other, target=tmp_path / "page.html")
    assert written.to_json()["config"] == {
        "seed": [0, 4],
        "per_image": [1, 2],
        "transforms.shear_range": [None, 9],
    }
    page = written.path.read_text("utf-8").replace("<wbr>", "")
    assert "<code>transforms.shear_range</code></th><td>not set</td><td>9</td>" in page
    assert '<tr class="changed"><th scope="row">copies</th><td>12</td><td>24</td></tr>' in page
    assert '<tr><th scope="row">training originals</th><td>12</td><td>12</td></tr>' in page
    assert '<tr class="changed"><th scope="row">cat</th><td>4</td><td>8</td><td>4</td>' in page
    drawn = page[page.index('<section id="drawn">') : page.index('<section id="strength">')]
    assert re.findall("<h3>(.*?)</h3>", drawn) == ["rotation", "shear"]
    assert drawn.count("Not drawn.") == 1
    assert re.search("shear_range</th><td>off</td><td></td><td>0\\.", page)
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []


def test_the_same_run_twice_is_said_to_be_the_same(tiny_tree: Path, tmp_path: Path) -> None:
    one, other = made(tiny_tree, "one"), made(tiny_tree, "other")
    written = write_comparison(one, other, target=tmp_path / "page.html")
    assert (written.is_same, written.config) == (True, [])
    page = written.path.read_text("utf-8")
    assert "the same files, byte for byte" in page
    assert "both were made with the same config" in page
    assert 'class="changed"' not in page


def test_a_class_that_one_of_them_lacks(tiny_tree: Path, tmp_path: Path) -> None:
    one = made(tiny_tree, "one", classes=["cat", "dog"])
    page = write_comparison(one, made(tiny_tree, "other"), target=tmp_path / "page.html").path
    row = '<th scope="row">deer</th><td>none</td><td></td><td>4</td><td>10</td>'
    assert row in page.read_text("utf-8")


def test_both_must_be_finished(tiny_tree: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data: has no manifest\.csv"):
        write_comparison(made(tiny_tree, "one"), tiny_tree, target=tmp_path / "page.html")


def test_the_command_compares_two(run_cli: Run, tiny_tree: Path, tmp_path: Path) -> None:
    made(tiny_tree, "one")
    made(tiny_tree, "other", seed=1)
    done = run_cli("report", "one", "other", "--json")
    assert (done.returncode, json.loads(done.stdout)["config"]) == (0, {"seed": [0, 1]})
    assert (tmp_path / "comparison.html").is_file()
    assert not (tmp_path / "one" / "report.html").exists()
    refused = run_cli("report", "one", "other", "--title", "both")
    assert (refused.returncode, "two to compare, without --title" in refused.stderr) == (2, True)
