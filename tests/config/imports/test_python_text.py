"""Code comes out of files, notebooks and clipboards."""

from __future__ import annotations

import json

import pytest

from augtool.config.imports.importer import import_config
from augtool.config.imports.python_text import read_code
from augtool.errors import ConfigError
from tests.config.imports.importing import everything, run, transforms


def notebook(*cells: str, kind: str = "code") -> str:
    """Return a notebook with these cells."""
    return json.dumps(
        {"cells": [{"cell_type": kind, "source": cell.splitlines(True)} for cell in cells]}
    )


def test_a_notebook_is_read_cell_by_cell_and_places_are_cells() -> None:
    text = notebook(
        "%matplotlib inline\n!pip install albumentations\nSIZE = 64",
        "this is no Python",
        "import albumentations as A\ntrain = A.Compose([\n    A.Resize(SIZE, SIZE),\n"
        "    A.Rotate(5, p=1),\n    A.Nonsense(),\n])",
    )
    done = import_config(text, "n.ipynb", vocabulary=everything())
    assert "resize: 64x64" in done.yaml
    assert done.title == "Albumentations: 'train' (n.ipynb, cell 3, line 2)"
    assert done.missing == ("cell 3, line 5: A.Nonsense(): augtool has nothing like it",)
    assert done.others[0].startswith("cell 2 is not Python and was left out (invalid syntax")


def test_a_cell_of_python_2_is_read_but_for_its_prints() -> None:
    text = notebook('t = A.Compose([A.Rotate(5, p=1)])\nx = 1\nprint "made", x')
    done = import_config(text, "n.ipynb", vocabulary=everything())
    assert "rotation_range: 5" in done.yaml
    assert done.others[0].startswith("cell 1, line 3 is not Python and was left out")


def test_places_in_the_yaml_of_a_notebook_are_cells_too() -> None:
    text = notebook("x = 1\ny = 2", "import albumentations as A\nA.Compose([A.Rotate(5, p=1)])")
    done = import_config(text, "n.ipynb", vocabulary=everything())
    assert "# Rotate, cell 2, line 2" in done.yaml


def test_a_snippet_may_be_indented_and_need_no_imports() -> None:
    code = "        t = A.Compose([\n            A.Rotate(7, p=1),\n        ])\n"
    assert transforms(code)["rotation_range"] == 7


def test_pasted_arguments_are_those_of_the_generator() -> None:
    code = "rotation_range=20,\n    zoom_range=0.2,"
    assert transforms(code) == {"rotation_range": 20, "zoom_range": 0.2}


def test_pasted_lines_that_are_too_far_right_are_pulled_left() -> None:
    code = "t = A.Compose([\n        A.Rotate(7, p=1)\n    ])\n    v = A.Compose([])\n"
    assert transforms(code)["rotation_range"] == 7


def test_magics_of_ipython_do_not_hinder() -> None:
    code = "%cd data\n!ls\nt = A.Compose([A.Rotate(7, p=1)])"
    assert transforms(code)["rotation_range"] == 7


def test_statements_of_python_2_are_left_out_and_named() -> None:
    code = """
import keras.
print "training", len([1])
t = A.Compose([A.Rotate(7, p=1)])
for i in t:
    print "done"
"""
    assert transforms(code)["rotation_range"] == 7
    assert [each.partition(" is")[0] for each in run(code).others] == ["line 2", "line 3", "line 6"]


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("x = [1,\n  2 3]\n", ", line "),
        ("if x = 3:\n    pass\n", ", line 1: "),
        ("x = '\0'", ""),
        ("(" * 3000, ""),
    ],
)
def test_what_is_no_python_is_one_error_with_its_line(code: str, where: str) -> None:
    with pytest.raises(ConfigError, match=f"^train.py{where}"):
        read_code(code, "train.py")


@pytest.mark.parametrize("text", ["x = 1\n" * 400_000, notebook("x = 1\n" * 400_000)])
def test_more_code_than_anybody_wrote_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^x: 2,400,000 characters of code"):
        read_code(text, "x")


def test_json_that_is_no_notebook_is_no_pipeline() -> None:
    with pytest.raises(ConfigError, match="no pipeline found"):
        import_config('{"cells": 3}', "x.json")


def test_a_notebook_without_code_says_so() -> None:
    with pytest.raises(ConfigError, match="no pipeline found"):
        import_config(notebook("# words", kind="markdown"), "x.ipynb")
