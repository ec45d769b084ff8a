"""Every source into every sink: the same pictures, rows and failures, whatever stores them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import Config, Options, expand
from augtool.sinks import SINKS
from tests.sinks.reading import pictures_in, rows_of
from tests.sources.test_contract import MAKERS

SERIAL = Options(engine="serial")
#: One form of each kind of source; the other forms of a kind differ in their reader alone.
KINDS = dict(MAKERS.values())
#: Sinks of arrays and of shards; the others share their code.
MAIN = ("npz", "webdataset")
#: What a row says of the storing, not of the picture. Arrays hash their pixels, not files.
STORING = ("path", "sha256")


def stored(data: Path, out: Path, sink: str) -> dict[tuple[str, str], tuple[dict[str, str], Any]]:
    """Expand into a sink; return row and pixels of each record by source and copy."""
    config = Config.model_validate({"ratio": 0.5, "output": {"to": sink, "format": "png"}})
    report = expand(data, out, config=config, options=SERIAL)
    assert report.exit_code == 0
    pictures = pictures_in(out, sink)
    rows = rows_of(out)
    assert len(pictures) == len(rows) == report.files
    return {
        (row["source"], row["copy"]): (
            {name: value for name, value in row.items() if name not in STORING},
            pictures[row["path"]],
        )
        for row in rows
    }


@pytest.fixture(scope="module")
def in_tree(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Return a function that makes a kind's data once, and what the tree sink makes of them."""

    @cache
    def make(kind: str) -> Any:
        folder = tmp_path_factory.mktemp(kind)
        data = KINDS[kind](folder)
        return data, stored(data, folder / "out", "tree")

    return make


def crossings() -> list[Any]:
    """Return every kind with every sink; what shares code with another is tried at night."""
    every = [(kind, sink) for kind in KINDS for sink in SINKS if sink != "tree"]
    return [
        pytest.param(kind, sink, marks=() if {kind, sink} & {"tree", *MAIN} else pytest.mark.slow)
        for kind, sink in every
    ]


@pytest.mark.parametrize(("kind", "sink"), crossings())
def test_a_sink_holds_what_the_tree_holds(
    in_tree: Callable[[str], Any], tmp_path: Path, kind: str, sink: str
) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    data, expected = in_tree(kind)
    got = stored(data, tmp_path / "out", sink)
    assert got.keys() == expected.keys()
    for record, (row, pixels) in expected.items():
        assert got[record][0] == row
        np.testing.assert_array_equal(got[record][1], pixels)
