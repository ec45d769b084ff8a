"""dataset.json reads back as it was written; torn or foreign, it is one error with its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from augtool import expand
from augtool.errors import InputError
from augtool.output.dataset import DATASET, DatasetInfo, read_dataset
from augtool.run.options import Options


@pytest.fixture
def out(tiny_tree: Path, tmp_path: Path) -> Path:
    expand(tiny_tree, tmp_path / "out", options=Options(engine="serial"))
    return tmp_path / "out"


def test_it_reads_back_as_it_was_written(out: Path) -> None:
    data = (out / DATASET).read_bytes()
    assert DatasetInfo.parse(data).encode() == data


def test_cut_anywhere_it_is_one_error_that_names_the_file(out: Path) -> None:
    data = (out / DATASET).read_bytes()
    for length in range(len(data) - 2):
        (out / DATASET).write_bytes(data[:length])
        with pytest.raises(InputError, match=r"dataset\.json: is damaged"):
            read_dataset(out)


def test_each_key_that_is_missing_or_foreign_is_named(out: Path) -> None:
    whole = json.loads((out / DATASET).read_bytes())
    for key in whole.keys() - {"mean", "std", "checksum"}:
        # Outputs of earlier versions have no hashes of the machine.
        for foreign in ({key: [[]]},) if key == "machine" else ({}, {key: [[]]}):
            lacking = {name: value for name, value in whole.items() if name != key}
            (out / DATASET).write_text(json.dumps({**lacking, **foreign}))
            with pytest.raises(InputError, match=rf"dataset\.json: is damaged \({key}"):
                read_dataset(out)


def test_a_config_of_another_version_names_the_version_that_wrote_it(out: Path) -> None:
    dataset = read_dataset(out)
    dataset.settings["unknown"] = 1
    with pytest.raises(
        InputError, match=r"dataset\.json: .*unknown: unknown key.*wrote it \(augtool "
    ):
        dataset.config()
