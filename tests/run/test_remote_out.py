"""A run whose output goes to an object store."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from augtool.errors import OutputError
from augtool.run.scratch import claim, scratch_of
from augtool.storage.remote.url import RemoteUrl
from tests.conftest import Run
from tests.object_store import SECRETS, Store
from tests.pictures import contents, picture, write


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))


@pytest.mark.parametrize(
    ("to", "form"), [("tree", "csv"), ("webdataset", "csv"), ("npz", "csv"), ("tree", "parquet")]
)
def test_what_is_put_is_what_a_disk_gets(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path, to: str, form: str
) -> None:
    (tiny_tree / "cat/broken.png").write_bytes(b"\x89PNG")
    url = f"s3://outs/{to}-{form}/out"
    store.put("outs")
    how = ("--to", to, "--split", "val=0.3", "--set", f"output.manifest={form}")
    table = {"csv": "manifest.csv", "parquet": "manifest.json"}[form]
    run_remote("expand", tiny_tree, "here", *how, expected=3)
    done = run_remote("expand", tiny_tree, url, *how, expected=3)
    sent = [path for method, path in store.requests() if method == "PUT"]
    put = [path.partition("/out/")[2] for path in sent if "/out/" in path]
    assert put[0] == ".augtool/run.json"
    assert put[-3:] == ["failures.csv", "dataset.json", table]
    found = store.get_all(url)
    assert found == contents(tmp_path / "here")
    assert not any(secret.encode() in data for data in found.values() for secret in SECRETS)
    assert ("a request for each of 28 files" in done.stderr) == (to == "tree")
    assert not list((tmp_path / "scratch").rglob("*.*"))
    run_remote("verify", url)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_whole_output_is_known_looked_at_and_brought_up_to_date(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path, form: str
) -> None:
    url = f"s3://whole/{form}/out"
    how = ("--to", "webdataset", "--shard-size", "20KB", "--set", f"output.manifest={form}")
    store.put("whole")
    store.put(f"whole/{form}/out-of-it/notes.txt", b"of somebody else")
    run_remote("expand", tiny_tree, url, *how)
    store.requests()
    assert f"{url}: up to date, 30 files" in run_remote("expand", tiny_tree, url, *how).stderr
    assert not [method for method, _ in store.requests() if method == "PUT"]
    run_remote("report", url, "-o", "page.html")
    assert str(tmp_path / "scratch") not in (tmp_path / "page.html").read_text()
    write(tiny_tree / "cat/01.png", picture(77))
    said = run_remote("expand", tiny_tree, url, *how, expected=4).stderr
    assert f"{url}: holds a finished run that differs (cat/01.png has changed)" in said
    run_remote("expand", tiny_tree, url, *how, "--ratio", 0, "--update")  # fewer shards
    run_remote("expand", tiny_tree, "fresh", *how, "--ratio", 0)
    assert store.get_all(url) == contents(tmp_path / "fresh")
    store.put(f"{url[5:]}/shard-000000.tar", b"damaged")
    assert "shard-000000.tar" in run_remote("verify", url, expected=6).stdout
    again = ("expand", tiny_tree, url, *how, "--ratio", 0)
    assert "shard-000000.tar has 7 bytes instead of" in run_remote(*again, expected=4).stderr
    run_remote(*again, "--update")
    run_remote("verify", url)


def test_a_run_that_broke_off_goes_on_with_what_is_there(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path
) -> None:
    url, how = "s3://halfway/out", ("--to", "webdataset", "--shard-size", "20KB")
    store.put("halfway")
    said = run_remote("expand", tiny_tree, url, *how, expected=5).stderr
    assert f"{url}/shard-000002.tar: access is denied (AccessDenied)" in said
    left = store.get_all(url)
    assert "manifest.csv" not in left
    assert "dataset.json" not in left
    other = run_remote("expand", tiny_tree, url, *how, "--seed", 7, expected=4).stderr
    assert "holds an unfinished run of other inputs or another config" in other
    store.requests()
    run_remote("expand", tiny_tree, url, *how)
    put = {path.partition("/out/")[2] for method, path in store.requests() if method == "PUT"}
    assert "shard-000002.tar" in put
    assert not {name for name in left if name.endswith(".tar")} & put
    run_remote("expand", tiny_tree, "here", *how)
    assert store.get_all(url) == contents(tmp_path / "here")


def test_an_update_that_broke_off_leaves_nothing_of_the_old_output(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path
) -> None:
    url, how = "s3://late/out", ("--to", "webdataset", "--shard-size", "20KB")
    store.put("late")
    run_remote("expand", tiny_tree, url, *how)
    command = ("expand", tiny_tree, url, *how, "--ratio", 0, "--update")
    run_remote(*command, expected=5)
    assert "manifest.csv" not in store.get_all(url)
    run_remote(*command)
    run_remote("expand", tiny_tree, "fresh", *how, "--ratio", 0)
    assert store.get_all(url) == contents(tmp_path / "fresh")


def test_what_others_put_there_stays(store: Store, run_remote: Run, tiny_tree: Path) -> None:
    store.put("theirs")
    store.put("theirs/a/notes.txt", b"mine")
    said = run_remote("expand", tiny_tree, "s3://theirs/a", expected=4).stderr
    assert "holds objects that augtool did not write, such as 'notes.txt'" in said
    run_remote("expand", tiny_tree, "s3://theirs/b", "--ratio", 0)
    store.put("theirs/b/notes.txt", b"mine")
    store.put("theirs/b/cat/00__aug0.png", b"mine")
    for how in ("--update", "--overwrite"):
        said = run_remote("expand", tiny_tree, "s3://theirs/b", how, expected=4).stderr
        assert "cat/00__aug0.png: is there already, and augtool did not write it" in said
    store.delete("theirs/b/cat/00__aug0.png")
    run_remote("expand", tiny_tree, "s3://theirs/b", "--update")
    found = store.get_all("s3://theirs/b")
    assert found["notes.txt"] == b"mine"
    assert len(found) == 30 + 3


def test_from_store_to_store(
    store: Store, run_remote: Run, tmp_path: Path, tiny_tree: Path
) -> None:
    data = store.put_all("both", tiny_tree)
    assert "lies inside the data" in run_remote("expand", data, f"{data}/out", expected=2).stderr
    assert run_remote("expand", data, "s3://both/out", "--dry-run").stderr
    assert not list((tmp_path / "scratch").rglob("*"))
    run_remote("expand", data, "s3://both/out")
    store.requests()
    assert "up to date" in run_remote("expand", data, "s3://both/out").stderr
    assert not [path for method, path in store.requests() if path.endswith(".png")]
    run_remote("replay", "s3://both/out", "cat/00__aug0.png", "-o", "again.png")
    again = (tmp_path / "again.png").read_bytes()
    assert again == store.get_all("s3://both/out")["cat/00__aug0.png"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners")
def test_a_scratch_that_others_can_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    scratch = scratch_of(RemoteUrl.parse("s3://photos/out"))
    claim(scratch)
    assert stat.S_IMODE(scratch.parent.stat().st_mode) == 0o700
    scratch.parent.chmod(0o777)
    with pytest.raises(OutputError, match="is not a folder of your own"):
        claim(scratch)
    scratch.parent.rmdir()
    scratch.parent.symlink_to(tmp_path)
    with pytest.raises(OutputError, match="is not a folder of your own"):
        claim(scratch)
