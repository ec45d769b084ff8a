"""A run whose data are in an object store."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.object_store import SECRETS, Store
from tests.pictures import contents, make_tree, picture, write


def _images_read(store: Store) -> int:
    return sum(method == "GET" and path.endswith(".png") for method, path in store.requests())


def _files(out: Path) -> dict[str, bytes]:
    """Return what an output holds; what tells that its data were remote aside."""
    found = contents(out)
    facts = json.loads(found.pop("dataset.json"))
    facts.pop("stamps", None)
    facts.pop("checksum")
    assert not any(secret.encode() in data for data in found.values() for secret in SECRETS)
    return {**found, "facts": json.dumps(facts).encode()}


def test_a_tree_in_a_bucket_gives_what_it_gives_on_disk(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path
) -> None:
    (tiny_tree / "cat/notes.txt").write_text("no image")
    (tiny_tree / "cat/broken.png").write_bytes(b"\x89PNG")
    url = store.put_all("runs", tiny_tree)
    for data, out in [(tiny_tree, "here"), (url, "there")]:
        run_remote("expand", data, out, "--split", "val=0.3", "--workers", 2, expected=3)
    assert _files(tmp_path / "here") == _files(tmp_path / "there")
    run_remote("verify", "there", "--replay", "all", "--data", url)
    store.requests()
    run_remote("inspect", url, expected=3)
    assert _images_read(store) == 13


def test_etags_tell_that_an_output_is_up_to_date(
    store: Store, run_remote: Run, tiny_tree: Path
) -> None:
    url = store.put_all("etags", tiny_tree)
    run_remote("expand", url, "out")
    store.requests()
    assert "up to date" in run_remote("expand", url, "out").stderr
    assert _images_read(store) == 0
    write(tiny_tree / "cat/01.png", picture(77))
    store.put_all("etags", tiny_tree)
    assert "cat/01.png has changed" in run_remote("expand", url, "out", expected=4).stderr
    run_remote("expand", url, "out", "--update")
    run_remote("verify", "out", "--replay", "all", "--data", url)


def test_a_stopped_run_goes_on_with_what_has_the_same_etags(
    store: Store, run_remote: Run, tmp_path: Path
) -> None:
    tree = make_tree(tmp_path / "data", {"cat": 40, "dog": 40})
    (tree / "dog/39.png").write_bytes(b"\x89PNG")
    url = store.put_all("stopped", tree)
    serial = ["--engine", "serial", "--on-error", "fail"]
    run_remote("expand", url, "out", *serial, expected=1)
    write(tree / "dog/39.png", picture(1))
    write(tree / "cat/03.png", picture(2))  # made already, of other bytes
    store.put_all("stopped", tree)
    store.requests()
    assert "resuming" in run_remote("expand", url, "out", *serial).stderr
    assert 1 < _images_read(store) < 40
    run_remote("expand", tree, "fresh")
    assert _files(tmp_path / "out") == _files(tmp_path / "fresh")


def test_a_table_may_name_objects_by_path_and_by_url(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path
) -> None:
    url = store.put_all("tables", tiny_tree)
    table = tmp_path / "table.csv"
    with table.open("w", newline="") as file:
        rows = [(f"{url}/cat/00.png", "cat"), ("dog/01.png", "dog"), ("dog/no.png", "dog")]
        csv.writer(file).writerows([("filename", "class"), *rows])
    run_remote("expand", table, "out", "--root", url, expected=3)
    assert (tmp_path / "out/cat/00.png").read_bytes() == (tiny_tree / "cat/00.png").read_bytes()
    assert "dog/no.png" in (tmp_path / "out/failures.csv").read_text()


def test_what_augtool_wrote_is_known_again_in_a_bucket(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path
) -> None:
    for to, name in {"tree": "", "webdataset": "", "npz": "/data.npz"}.items():
        form = "parquet" if to == "npz" else "csv"
        run_remote("expand", tiny_tree, f"out-{to}", "--to", to, "--set", f"output.manifest={form}")
        url = store.put_all("written", tmp_path / f"out-{to}") + name
        done = run_remote("expand", url, "again", expected=2)
        assert "is an output of augtool: 18 of its 30 images are copies" in done.stderr
        assert f"{url}: is an output" in done.stderr
    only = run_remote("expand", url, "again", "--lineage", "originals", "--dry-run")
    assert "train  deer" in only.stdout  # a name that is only in dataset.json


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:hush-hush@photos/data",
        "s3://photos/data?X-Amz-Signature=hush-hush",
        "https://me:hush-hush@example.org/data?sig=hush-hush",
    ],
)
def test_a_url_with_a_secret_is_refused_without_repeating_it(
    run_cli: Run, tmp_path: Path, url: str
) -> None:
    make_tree(tmp_path / "data", {"cat": 1})
    commands = [["expand", url, "out"], ["expand", "data", url], ["inspect", url]]
    commands += [
        ["verify", url],
        ["report", url],
        ["preview", url],
        ["replay", url, "a", "-o", "b"],
    ]
    for command in commands:
        done = run_cli(*command)
        assert done.returncode == 2, command
        assert "hush-hush" not in done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_what_can_not_be_done_is_refused(
    run_cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tree(tmp_path / "data", {"cat": 1})
    monkeypatch.setitem(sys.modules, "obstore", None)
    for said, command in {
        "pip install obstore": ["inspect", "s3://photos/data"],
        "nothing can be linked": ["expand", "s3://photos/data", "out", "--originals", "symlink"],
        "pass -o FILE": ["report", "s3://photos/out"],
    }.items():
        done = run_cli(*command)
        assert done.returncode == 2
        assert said in done.stderr
