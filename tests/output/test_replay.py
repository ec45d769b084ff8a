"""Copies are made again from their rows, whatever holds them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from augtool import Config, InputError, Options, expand
from augtool.output.replay import replay
from augtool.sinks import SINKS


def first_copy(tree: Path, out: Path, sink: str) -> str:
    """Expand a tree, and return the path of the first copy."""
    config = Config.model_validate({"ratio": 0.5, "output": {"to": sink}})
    expand(tree, out, config=config, options=Options(engine="serial"))
    with (out / "manifest.csv").open() as rows:
        return next(row["path"] for row in csv.DictReader(rows) if row["kind"] == "augmented")


@pytest.mark.parametrize("sink", [name for name, kind in SINKS.items() if not kind.stores_pixels])
def test_a_copy_is_made_again_from_the_original_beside_it(
    tiny_tree: Path, tmp_path: Path, sink: str
) -> None:
    path = first_copy(tiny_tree, tmp_path / "out", sink)
    assert replay(tmp_path / "out", path)[1]
    assert replay(tmp_path / "out", path, data=tiny_tree)[1]


def test_pixels_of_an_array_are_no_file(tiny_tree: Path, tmp_path: Path) -> None:
    path = first_copy(tiny_tree, tmp_path / "out", "npy")
    with pytest.raises(InputError, match=r"x_train\.npy\[\d+\]: is no image file"):
        replay(tmp_path / "out", path, data=tiny_tree)
