"""Rows that augtool never wrote: each is one named difference, and the others are still checked."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import Config, expand
from augtool.core.records import MATRIX_COLUMNS
from augtool.core.transforms import TRANSFORMS as ALL
from augtool.errors import InputError, RowError
from augtool.output import manifest
from augtool.output.dataset import DATASET, read_dataset
from augtool.output.replay import Replayer, replay
from augtool.output.rows import RowRules
from augtool.output.verify import verify
from augtool.run.options import Options
from augtool.runtime import Limits
from augtool.storage.json_fields import sealed_bytes
from augtool.storage.which_manifest import CSV
from tests.conftest import Run
from tests.core.test_transforms import ON
from tests.pictures import make_tree

COPY = "cat/00__aug0.png"
#: Every transform, reflected: a matrix that is far off would keep the warp busy for ever.
TRANSFORMS = {
    **ON,
    "vertical_flip": False,
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": [-3, 3],
    "shear_range": 5,
    "zoom_range": 0.3,
    "horizontal_flip": True,
    "brightness_range": [0.5, 1.5],
    "channel_shift_range": 9,
    "fill_mode": "reflect",
}
#: Each transform may be missing from a copy.
POLICY = [{"one_of": [name], "probability": 0.5} for name in ON if name != "vertical_flip"]
NUMBERS = (*MATRIX_COLUMNS, *(column for kind in ALL for column in kind.columns))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    data = make_tree(folder / "data", {"cat": 2, "dog": 1})
    config = Config(per_image=2, transforms=TRANSFORMS)  # type: ignore[arg-type]  # checked by it
    expand(data, folder / "out", config=config, options=Options(engine="serial"))
    return folder / "out"


@pytest.fixture
def forge(made: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return an output in which cells of the copy's row, or other bytes, are not augtool's."""

    def forged(data: bytes = b"", **cells: str) -> Path:
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made, out)
        rows = list(csv.DictReader(io.StringIO((out / CSV).read_text(), newline="")))
        (row,) = [row for row in rows if row["path"] == COPY]
        row.update(cells)
        lines = [rows[0].keys(), *(row.values() for row in rows)]
        table = data or manifest.to_csv(lines)  # type: ignore[arg-type]  # rows of text
        (out / CSV).write_bytes(table)
        dataset = json.loads((out / DATASET).read_bytes())
        dataset["digest"] = hashlib.sha256(table).hexdigest()
        del dataset["checksum"]
        (out / DATASET).write_bytes(sealed_bytes(dataset))
        return out

    return forged


def only_finding(out: Path, **options: Any) -> str:
    verdict = verify(out, limits=Limits(1), **options)
    assert verdict.files == 9
    (finding,) = verdict.findings
    assert finding.kind == "bad row"
    return f"{finding.path}: {finding.detail}"


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e300", "-1e300", "1e9", "9" * 400])
def test_a_number_that_no_config_allows_is_named(made: Path, number: str) -> None:
    """In whichever column it stands: by the rules, before anything is warped."""
    text = (made / CSV).read_text()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    (row,) = [row for row in rows if row["path"] == COPY]
    replayer = Replayer(made)
    by_path = {each.path: each for each in manifest.read(made / CSV)}
    for column in NUMBERS:
        forged = {**row, column: number}
        table = manifest.to_csv([list(row), list(forged.values())])
        (record,) = manifest.parse(table)
        with pytest.raises(RowError, match="row is not one that augtool writes: ") as caught:
            replayer.make(record, by_path["cat/00.png"])
        assert caught.value.exit_code == 6


@pytest.mark.processes
def test_replay_names_such_a_number(forge: Callable[..., Path]) -> None:
    with pytest.raises(RowError, match="row is not one that augtool writes: ") as caught:
        replay(forge(shift_x="1e300"), COPY)
    assert caught.value.exit_code == 6


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"copy": "-1"}, "copy is -1, and 9 files were planned"),
        ({"copy": "9" * 300}, "copy is 99999999999999999999..., and 9 files were planned"),
        ({"label": "-1"}, "label is -1, and there are 2 classes"),
        ({"label": "9" * 300}, "label is 99999999999999999999..., and there are 2 classes"),
        ({"label": "1"}, "label 1 is class 'dog', not its own"),
        ({"class": "cow"}, "label 0 is class 'cat', not its own"),
        ({"width": "0"}, "its size is 0 x 24"),
        ({"width": "-31", "height": "-24"}, "its size is -31 x -24"),
        ({"height": "1000000000000"}, "its size is 31 x 1000000000000"),
        ({"width": "99999", "height": "99999"}, "its size is 99999 x 99999"),
        ({"split": "val"}, "it is a copy in 'val', and only train is augmented"),
        ({"rotation": "21"}, "rotation is 21, the config draws -20 to 20"),
        ({"rotation": ""}, "it has no rotation"),
        ({"shift_x": "nan"}, "shift_x is nan, the config draws -6.2 to 6.2"),
        ({"brightness": ""}, "it has no brightness"),
        ({"flip_horizontal": "0.5"}, "flip_horizontal is 0.5, the config draws 0 to 1"),
        ({"flip_vertical": "1"}, "flip_vertical is 1, and the config does not draw it"),
        ({"m02": "inf"}, "its matrix is not finite"),
        ({"source": "../cat/00.png"}, "its source leads out of the data"),
        ({"path": "/etc/hostname.png"}, "its path leads out of the output"),
        ({"path": "cat/../../x.png"}, "its path leads out of the output"),
        ({"path": "cat/00__aug0.exe"}, "its path is not that of an image"),
    ],
)
def test_verify_names_the_row_and_checks_the_others(
    forge: Callable[..., Path], cells: dict[str, str], reason: str
) -> None:
    path = cells.get("path", COPY)
    out = forge(**cells)
    if path != COPY:
        (out / COPY).unlink()
    assert only_finding(out) == f"{path}: row is not one that augtool writes: {reason}"
    assert only_finding(out, replay="all").endswith(reason)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"m02": "1e300"}, "its matrix is not that of its parameters"),
        ({"m00": "1.01"}, "its matrix is not that of its parameters"),
        ({"rotation": "0.125"}, "its matrix is not that of its parameters"),
        ({"width": "30"}, "its size is 30 x 24, its source makes 31 x 24"),
    ],
)
def test_a_copy_is_that_of_its_source_and_parameters(
    forge: Callable[..., Path], cells: dict[str, str], reason: str
) -> None:
    assert only_finding(forge(**cells), replay="all").endswith(f"augtool writes: {reason}")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"label": "1e300"}, "invalid literal for int() with base 10: '1e300'"),
        ({"copy": "9" * 9999}, "Exceeds the limit"),
        ({"width": ""}, "invalid literal for int() with base 10: ''"),
        ({"m00": "x"}, "could not convert string to float: 'x'"),
        ({"kind": "copied"}, "kind is 'copied'"),
        ({"class": "c" * 200_000}, "field larger than field limit"),
    ],
)
def test_a_row_that_can_t_be_read_is_one_finding(
    forge: Callable[..., Path], cells: dict[str, str], reason: str
) -> None:
    out = forge(**cells)
    verdict = verify(out, replay="all", limits=Limits(1))
    rows = [each for each in verdict.findings if each.kind == "bad row"]
    assert len(rows) == 1
    assert rows[0].detail.startswith(f"row is not one that augtool writes: line 3: {reason}")
    assert verdict.replayed["exact"] == 5
    with pytest.raises(InputError, match=r"manifest\.csv, line 3: the row is damaged"):
        list(manifest.read(out / CSV))


def test_the_command_line_says_it_in_one_line(forge: Callable[..., Path], run_cli: Run) -> None:
    out = forge(shift_x="1e9")
    reason = "row is not one that augtool writes: shift_x is 1000000000.0, the config draws"
    checked = run_cli("verify", out, "--replay", "all")
    assert (checked.returncode, checked.stdout) == (6, f"{COPY}: bad row ({reason} -6.2 to 6.2)\n")
    made = run_cli("replay", out, COPY, "-o", "again.png")
    assert (made.returncode, made.stderr) == (6, f"error: '{COPY}': {reason} -6.2 to 6.2\n")
    assert not (out.parent / "again.png").exists()
    assert run_cli("replay", out, "dog/00__aug0.png", "-o", "again.png").returncode == 0


def test_a_manifest_that_is_no_table_is_an_error(forge: Callable[..., Path]) -> None:
    for table in (b"x" * 200_000, b'"' + b"y" * 200_000):
        out = forge(table)
        for read in (manifest.read, manifest.read_rows, manifest.read_sources):
            with pytest.raises(InputError, match=r"manifest\.csv: is "):
                list(read(out / CSV))


def test_shards_have_rows_too(tiny_tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    config = Config(output={"to": "webdataset"})  # type: ignore[arg-type]  # checked by it
    expand(tiny_tree, out, config=config, options=Options(engine="serial"))
    assert verify(out).findings == []
    text = (out / CSV).read_text().replace(",train,deer,1,", ",train,deer,-1,", 1)
    (out / CSV).write_text(text)
    found = {each.kind: each.detail for each in verify(out).findings}
    reason = "row is not one that augtool writes: label is -1, and there are 3 classes"
    assert found == {"bad row": reason, "changed": ""}


@pytest.mark.parametrize(
    "output", [{}, {"resize": "20x37"}, {"resize": "20x37", "crop": True}], ids=str
)
@pytest.mark.parametrize("policy", [None, POLICY], ids=["all", "some"])
def test_what_augtool_writes_is_never_refused(
    tmp_path: Path, output: dict[str, Any], policy: Any
) -> None:
    data = make_tree(tmp_path / "data", {"caf\udce9": 2, "a,b": 2, "six": 1}, height=60, width=97)
    config = Config(
        per_image=6,
        transforms=TRANSFORMS,  # type: ignore[arg-type]  # checked by it
        per_class={"six": {"transforms": {"horizontal_flip": False, "rotation_range": 0}}},  # type: ignore[dict-item]
        output=output,  # type: ignore[arg-type]
        policy=policy,
        split={"val": 0.3},  # type: ignore[arg-type]
    )
    out = tmp_path / "out"
    expand(data, out, config=config, options=Options(engine="serial"))
    dataset = read_dataset(out)
    rules = RowRules(dataset, dataset.config())
    assert [rules.problem(record) for record in manifest.read(out / CSV)] == [
        None
    ] * dataset.written.records
    verdict = verify(out, replay="all", data=data, limits=Limits(1))
    assert verdict.findings == []
    assert verdict.replayed == {"exact": dataset.written.copies}


@pytest.mark.parametrize(
    "policy", ["trivialaugment", {"autoaugment": "cifar10"}], ids=["trivial", "auto"]
)
def test_what_a_policy_draws_is_made_again_from_its_row(tmp_path: Path, policy: Any) -> None:
    data, out = make_tree(tmp_path / "data", {"cat": 2}, height=40, width=47), tmp_path / "out"
    transforms = {"horizontal_flip": True, "rotation_range": 5, "elastic": 0.05}
    settings = {"transforms": transforms, "policy": policy}
    config = Config.model_validate({"per_image": 25, **settings})
    expand(data, out, config=config, options=Options(engine="serial"))
    rows = list(manifest.read(out / CSV))
    verdict = verify(out, replay="all", data=data, limits=Limits(1))
    assert (verdict.findings, verdict.replayed) == ([], {"exact": 50})
    # A number that the policy does not draw is no row of augtool's.
    dataset = read_dataset(out)
    rules = RowRules(dataset, dataset.config())
    copy = next(row for row in rows if row.params)
    for column, value in (("rotation", 141.0), ("posterize", 0), ("shift_y", -60.0)):
        changed = copy._replace(params={**(copy.params or {}), column: value})
        assert f"{column} is" in (rules.problem(changed) or "")


def test_a_copy_of_what_its_transforms_do_not_take_is_no_row_of_augtools(tmp_path: Path) -> None:
    data, out = make_tree(tmp_path / "data", {"cat": 1}), tmp_path / "out"
    config = Config.model_validate({"per_image": 1, "transforms": {"equalize": True}})
    expand(data, out, config=config, options=Options(engine="serial"))
    _, copy = manifest.read(out / CSV)
    make_tree(data, {"cat": 1}, dtype=np.uint16)
    digest = hashlib.sha256((data / "cat" / "00.png").read_bytes()).hexdigest()
    with pytest.raises(RowError, match="not one that augtool writes: equalize takes 8 bits only"):
        Replayer(out, data).make(copy._replace(source_sha256=digest), None)
