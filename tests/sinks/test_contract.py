"""What every sink promises, whatever it writes."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import expand
from augtool.config.load import load
from augtool.errors import ConfigError, InputError, OutputError
from augtool.images.source_image import SourceImage, source_digest
from augtool.run.options import Options
from augtool.run.worker import Worker
from augtool.sinks import SINKS
from augtool.sinks.payload import PayloadWriter
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import cannot_write
from tests.pictures import contents, make_tree, picture, write
from tests.sinks.reading import decoded, pictures_in, rows_of

STORED = [name for name in SINKS if name != "tree"]


@pytest.fixture(params=list(SINKS))
def sink(request: pytest.FixtureRequest) -> str:
    return _available(request.param)


@pytest.fixture(params=STORED)
def stored(request: pytest.FixtureRequest) -> str:
    """A sink that stores records together."""
    return _available(request.param)


def _available(name: str) -> str:
    if name == "parquet":
        pytest.importorskip("pyarrow")
    return name


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two splits, three classes, and a file that is no picture."""
    root = tmp_path / "data"
    make_tree(root / "train", {"cat": 9, "deer": 5, "dog, or not": 6})
    make_tree(root / "val", {"cat": 2, "deer": 2, "dog, or not": 1})
    (root / "train/deer/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return root


def run(data: Path, out: Path, sink: str, workers: int = 1, **settings: Any) -> Any:
    config = load(None, {"output.to": sink, **settings})
    engine = "serial" if workers == 1 else "processes"
    return expand(data, out, config=config, options=Options(workers=workers, engine=engine))


def test_manifest_has_the_trees_columns_and_rows(data: Path, tmp_path: Path, sink: str) -> None:
    run(data, tmp_path / "tree", "tree")
    run(data, tmp_path / "out", sink)
    free = {"path", "sha256"} if SINKS[sink].stores_pixels else {"path"}

    def told(out: Path) -> list[dict[str, str]]:
        return [{key: row[key] for key in row if key not in free} for row in rows_of(out)]

    assert told(tmp_path / "out") == told(tmp_path / "tree")


def test_pictures_are_the_trees(data: Path, tmp_path: Path, sink: str) -> None:
    run(data, tmp_path / "tree", "tree")
    run(data, tmp_path / "out", sink)
    expected = pictures_in(tmp_path / "tree", "tree")
    actual = pictures_in(tmp_path / "out", sink)
    pairs = list(zip(rows_of(tmp_path / "tree"), rows_of(tmp_path / "out")))
    assert len(actual) == len(pairs) == len(expected)
    for of_tree, row in pairs:
        np.testing.assert_array_equal(actual[row["path"]], expected[of_tree["path"]])


def test_sha256_of_arrays_is_over_the_levels(data: Path, tmp_path: Path, sink: str) -> None:
    if not SINKS[sink].stores_pixels:
        pytest.skip("stores files")
    run(data, tmp_path / "out", sink)
    stored = pictures_in(tmp_path / "out", sink)
    for row in rows_of(tmp_path / "out"):
        assert hashlib.sha256(stored[row["path"]].tobytes()).hexdigest() == row["sha256"]


def test_failures_are_the_trees(data: Path, tmp_path: Path, sink: str) -> None:
    run(data, tmp_path / "tree", "tree")
    report = run(data, tmp_path / "out", sink)
    expected = (tmp_path / "tree/failures.csv").read_bytes()
    assert (tmp_path / "out/failures.csv").read_bytes() == expected
    assert report.exit_code == 3


@pytest.mark.processes
def test_bytes_do_not_depend_on_workers(data: Path, tmp_path: Path, sink: str) -> None:
    run(data, tmp_path / "serial", sink)
    run(data, tmp_path / "two", sink, workers=2)
    assert contents(tmp_path / "two") == contents(tmp_path / "serial")


@pytest.mark.parametrize("lost", [pytest.param(1, marks=pytest.mark.slow), 7])
def test_bytes_survive_an_interruption(
    data: Path, tmp_path: Path, sink: str, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run stops before the chunk that is `lost` from the end; parts then differ in length."""
    run(data, tmp_path / "whole", sink)
    calls = Counter[str]()
    honest = Worker.__call__

    def mortal(self: Worker, tasks: Any) -> Any:
        calls["chunks"] += 1
        if calls["chunks"] > 20 - lost:
            raise KeyboardInterrupt
        return honest(self, tasks)

    monkeypatch.setattr(Worker, "__call__", mortal)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", sink)
    assert not (tmp_path / "out/manifest.csv").exists()
    monkeypatch.undo()
    run(data, tmp_path / "out", sink)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_bytes_survive_an_interruption_while_finishing(
    data: Path, tmp_path: Path, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "whole", stored)
    for module, step in (
        ("augtool.run.finish", "commit"),
        ("augtool.run.assemble", "describe_files"),
    ):
        monkeypatch.setattr(sys.modules[module], step, _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(data, tmp_path / "out", stored)
        assert not (tmp_path / "out/manifest.csv").exists()
        monkeypatch.undo()
    run(data, tmp_path / "out", stored)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_nothing_of_the_output_is_there_before_all_of_it(
    data: Path, tmp_path: Path, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augtool.run.assemble.describe_files", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", stored)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".augtool"]


def test_full_disk_while_finishing_is_an_output_error(
    data: Path, tmp_path: Path, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "whole", stored)
    honest = Path.open

    def full(self: Path, *arguments: Any, **options: Any) -> Any:
        if "staged" in self.parts and "wb" in arguments:
            raise OSError(28, "No space left on device", str(self))
        return honest(self, *arguments, **options)

    if stored == "npz":
        monkeypatch.setattr("zipfile.ZipFile.open", lambda *_, **__: full_disk())
    else:
        monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match="No space left"):
        run(data, tmp_path / "out", stored)
    monkeypatch.undo()
    run(data, tmp_path / "out", stored)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def full_disk() -> None:
    raise OSError(28, "No space left on device", "data.npz")


def test_payload_that_is_cut_off_is_made_again(
    data: Path, tmp_path: Path, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["augtool.run.finish"], "assemble", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", stored)
    monkeypatch.undo()
    victim = max((tmp_path / "out/.augtool").glob("work-*/payloads/*"))
    victim.write_bytes(victim.read_bytes()[:-9])
    run(data, tmp_path / "out", stored)
    run(data, tmp_path / "whole", stored)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_finished_run_is_up_to_date(data: Path, tmp_path: Path, sink: str) -> None:
    run(data, tmp_path / "out", sink)
    before = contents(tmp_path / "out")
    assert run(data, tmp_path / "out", sink).status == "up to date"
    assert contents(tmp_path / "out") == before


def test_lost_file_is_noticed(data: Path, tmp_path: Path, stored: str) -> None:
    run(data, tmp_path / "out", stored)
    files = json.loads((tmp_path / "out/dataset.json").read_text())["files"]
    (tmp_path / "out" / max(files)).unlink()
    with pytest.raises(OutputError, match="is missing from the output"):
        run(data, tmp_path / "out", stored)


def test_dataset_json_names_all_files(data: Path, tmp_path: Path, stored: str) -> None:
    run(data, tmp_path / "out", stored)
    there = contents(tmp_path / "out")
    files = json.loads(there["dataset.json"])["files"]
    assert {*files, "manifest.csv", "dataset.json", "failures.csv"} == there.keys()
    for name, facts in files.items():
        assert facts["sha256"] == hashlib.sha256(there[name]).hexdigest()


def test_overwrite_takes_away_what_another_sink_wrote(
    data: Path, tmp_path: Path, sink: str
) -> None:
    run(data, tmp_path / "fresh", "tree")
    run(data, tmp_path / "out", sink, seed=3)
    expand(data, tmp_path / "out", config=load(), options=Options(1, existing="overwrite"))
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_sample_that_fails_late_leaves_nothing(
    tmp_path: Path, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its original is stored already when its first copy can't be made."""
    data = make_tree(tmp_path / "data", {"cat": 5, "dog": 5})
    shutil.copytree(data, tmp_path / "without")
    (tmp_path / "without/cat/02.png").unlink()
    bad = source_digest((data / "cat/02.png").read_bytes())
    honest = SourceImage.at

    def failing(self: SourceImage, reduction: Any) -> Any:
        if self.digest == bad:
            raise InputError("too late", stage="encode")
        return honest(self, reduction)

    monkeypatch.setattr(SourceImage, "at", failing)
    run(data, tmp_path / "out", sink, per_image=2)
    monkeypatch.undo()
    run(tmp_path / "without", tmp_path / "expected", sink, per_image=2)
    actual, expected = contents(tmp_path / "out"), contents(tmp_path / "expected")
    assert actual.pop("failures.csv")
    differing = {name for name in expected if actual[name] != expected[name]}
    assert actual.keys() == expected.keys()
    assert differing == {"dataset.json"}


def test_writes_are_checked(tmp_path: Path, data: Path, stored: str, monkeypatch: Any) -> None:
    def full(*_: object) -> str:
        raise cannot_write("payload", OSError(28, "No space left on device"))

    monkeypatch.setattr(PayloadWriter, "write", full)
    with pytest.raises(OutputError, match="No space left on device"):
        run(data, tmp_path / "out", stored)


def test_names_of_any_kind_come_back(tmp_path: Path, sink: str) -> None:
    data = tmp_path / "data"
    for name in ("a#1", "a,b", 'a"b', "a\nb", "x[1]", "é", "=1+1", "a.b.c"):
        write(data / "cl#ss/[x]" / f"{name}.png", picture(len(name)))
    run(data, tmp_path / "out", sink)
    sources = {row["source"] for row in rows_of(tmp_path / "out")}
    assert sources == {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    stored = pictures_in(tmp_path / "out", sink)
    assert stored.keys() == {row["path"] for row in rows_of(tmp_path / "out")}
    assert run(data, tmp_path / "out", sink).status == "up to date"


def test_links_are_refused_where_there_are_no_files(tmp_path: Path, stored: str) -> None:
    data = make_tree(tmp_path / "data", {"cat": 1})
    with pytest.raises(ConfigError, match="can't hold links to files"):
        run(data, tmp_path / "out", stored, **{"output.originals": "hardlink"})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("shard_size", "1MB"), ("shuffle", True), ("class_mode", "sparse"), ("metadata", "hf")],
)
def test_keys_that_a_sink_can_not_follow_are_refused(
    tmp_path: Path, sink: str, key: str, value: object
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 1})
    settings = {f"output.{key}": value}
    if key in SINKS[sink].takes:
        assert run(data, tmp_path / "out", sink, **settings).exit_code == 0
    else:
        with pytest.raises(ConfigError, match=rf"output.{key}: not supported by --to {sink}"):
            run(data, tmp_path / "out", sink, **settings)


@pytest.mark.parametrize("form", [{}, {"channels": 1}, {"channels": 4, "dtype": np.uint16}])
def test_single_records_can_be_read_back(tmp_path: Path, sink: str, form: dict[str, Any]) -> None:
    data = make_tree(tmp_path / "data" / "train", {"cat": 4, "dog": 3}, **form).parent
    make_tree(data / "val", {"cat": 2, "dog": 1}, **form)
    out = tmp_path / "out"
    settings = {"output.shard_size": 20_000} if "shard_size" in SINKS[sink].takes else {}
    run(data, out, sink, **settings)
    read = SINKS[sink](load(None, {"output.to": sink})).reader(ConfinedFolder(out))
    stored = pictures_in(out, sink)
    assert len(stored) == len(rows_of(out))
    for row in rows_of(out):
        got = read(row["path"])
        image = decoded(got) if isinstance(got, bytes) else got
        if not isinstance(got, bytes):
            image = (
                image[..., None] if image.ndim == 2 else image[..., [2, 1, 0, 3][: image.shape[2]]]
            )
        np.testing.assert_array_equal(image, stored[row["path"]])
    missing = re.sub(r"\.png$|\]$", r"99999\g<0>", rows_of(out)[0]["path"])
    with pytest.raises(InputError):
        read(missing)


def test_rescaled_numbers_are_read_back_as_levels_and_others_refused(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 3})
    run(data, tmp_path / "plain", "npz")
    plain = pictures_in(tmp_path / "plain", "npz")
    for dtype in ("float16", "float32"):
        settings = {"transforms.rescale": "1/255", "transforms.dtype": dtype}
        run(data, tmp_path / dtype, "npz", **settings)
        sink = SINKS["npz"](load(None, {"output.to": "npz", **settings}))
        read = sink.reader(ConfinedFolder(tmp_path / dtype))
        for path, image in plain.items():
            np.testing.assert_array_equal(read(path)[..., ::-1], image)  # type: ignore[call-overload]
    own = {"output.to": "npz", "transforms.samplewise_center": True}
    run(data, tmp_path / "own", **{**own, "sink": own.pop("output.to")})
    with pytest.raises(InputError, match="standardised numbers"):
        SINKS["npz"](load(None, own)).reader(ConfinedFolder(tmp_path / "own"))(next(iter(plain)))
