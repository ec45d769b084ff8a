"""`--shard i/n`: shares of a run in any order, twice, killed or at once, end as one whole run."""

from __future__ import annotations

import errno
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, Options, expand
from augtool.engines.progress import NullProgress
from augtool.errors import ConfigError, OccupiedError, OutputError, StoppedError
from augtool.images.source_image import ProbedImage
from augtool.output.verify import verify
from augtool.run import share
from augtool.run.options import Shard
from augtool.run.places import WorkPlaces
from augtool.run.report import Report
from augtool.run.workspace import Workspace
from augtool.sinks import SINKS
from tests.conftest import Run
from tests.pictures import contents, make_tree, picture, write

SERIAL = Options(engine="serial")
ROOT = Path(__file__).parents[2]


def run(data: Path, out: Path, shard: str = "", **settings: Any) -> Report:
    options = SERIAL
    if shard:
        index, count = shard.split("/")
        options = replace(SERIAL, shard=Shard(int(index), int(count)))
    return expand(data, out, config=Config.model_validate(settings), options=options)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two classes, two splits, and one picture that is broken."""
    for split, count in (("train", 5), ("val", 2)):
        make_tree(tmp_path / "data" / split, {"cat": count, "dog": count}, height=9, width=12)
    (tmp_path / "data" / "train" / "cat" / "broken.png").write_bytes(b"not a picture")
    return tmp_path / "data"


def assert_same(out: Path, fresh: Path) -> None:
    assert contents(out) == contents(fresh)
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in fresh.iterdir()
    )


STORED = {
    **{name: {"output": {"to": name}} for name in SINKS},
    "shuffled": {"output": {"to": "webdataset", "shuffle": True, "shard_size": "2KB"}},
    "fitted": {"output": {"to": "npy"}, "transforms": {"featurewise_center": True}},
    "metadata": {"output": {"metadata": "hf"}},
    **{name: {"output": {"originals": name}} for name in ("hardlink", "symlink", "omit")},
}


@pytest.mark.parametrize("stored", STORED)
def test_shards_in_any_order_and_twice_are_a_whole_run(
    data: Path, tmp_path: Path, stored: str
) -> None:
    if stored == "parquet":
        pytest.importorskip("pyarrow")
    settings, out = STORED[stored], tmp_path / "out"
    run(data, tmp_path / "fresh", **settings)
    for shard in ("3/4", "0/4", "3/4", "2/4"):
        report = run(data, out, shard, **settings)
        assert (report.status, report.shard) == ("shard", shard)
        assert not {path.name for path in out.iterdir()} - {".augtool"}
    report = run(data, out, "1/4", **settings)
    assert (report.status, report.exit_code) == ("done", 3)
    assert_same(out, tmp_path / "fresh")
    assert not verify(out).findings
    report = run(data, out, "1/4", **settings)
    assert (report.status, report.exit_code) == ("up to date", 3)
    assert run(data, out, **settings).status == "up to date"


def test_some_shards_and_then_the_plain_command_are_a_whole_run(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "fresh")
    assert run(data, tmp_path / "out", "1/3").status == "shard"
    assert run(data, tmp_path / "out").status == "done"
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_shards_of_another_number_go_on_with_what_there_is(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "fresh")
    run(data, tmp_path / "out", "0/2")
    decoded = decodes(monkeypatch)
    run(data, tmp_path / "out", "0/1")
    # And what failed is tried again, by whomever.
    assert len(decoded) < 10
    assert_same(tmp_path / "out", tmp_path / "fresh")


def decodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    decode, seen = ProbedImage.decode, list[int]()

    def count(*arguments: Any) -> Any:
        seen.append(1)
        return decode(*arguments)

    monkeypatch.setattr(ProbedImage, "decode", count)
    return seen


def test_more_shards_than_chunks_have_nothing_to_do(data: Path, tmp_path: Path) -> None:
    report = run(data, tmp_path / "out", "998/999")
    assert (report.status, report.files, report.exit_code) == ("shard", 0, 0)
    assert run(data, tmp_path / "out", "0/1").status == "done"


def test_a_share_reports_what_it_made(data: Path, tmp_path: Path) -> None:
    reports = [run(data, tmp_path / "out", f"{index}/2") for index in (0, 1)]
    (tmp_path / "out/manifest.csv").unlink()
    whole = reports[1]
    first = reports[0]
    assert 0 < first.files < whole.files
    assert first.failed + first.missing <= whole.failed + whole.missing
    assert first.to_json()["shard"] == "0/2"
    assert "shard" not in whole.to_json()


def test_a_share_with_failures_ends_with_3(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 4}, height=6, width=5)
    (data / "cat" / "00.png").write_bytes(b"broken")
    codes = [run(data, tmp_path / "out", f"{index}/3").exit_code for index in (0, 1, 2)]
    assert codes == [3, 0, 3]  # the last has completed the whole


def test_the_command_line_takes_shards(tiny_tree: Path, run_cli: Run) -> None:
    command = ("expand", tiny_tree, "out", "--engine", "serial", "--json")
    first = run_cli(*command, "--shard", "0/2")
    said = json.loads(first.stdout)
    assert (first.returncode, said["status"], said["shard"]) == (0, "shard", "0/2")
    assert f"out: shard 0/2 done, {said['files']} files" in first.stderr
    last = run_cli(*command, "--shard", "1/2")
    assert (last.returncode, json.loads(last.stdout)["status"]) == (0, "done")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--shard", "2/2"],
            "--shard: got 2/2; shards are numbered from 0, so expected 0/2 to 1/2",
        ),
        (["--shard", "0/0"], "--shard: got 0/0; shards are numbered from 0"),
        (["--shard", "-1/2"], "--shard: got '-1/2'; expected the number of the share, from 0"),
        (["--shard", "1"], "--shard: got '1'; expected the number of the share, from 0"),
        (["--shard", "0/2", "--update"], "--shard: can't be combined with --update"),
        (["--shard", "0/2", "--overwrite"], "--shard: can't be combined with --overwrite"),
    ],
)
def test_flags_that_make_no_sense_are_refused(
    tiny_tree: Path, tmp_path: Path, run_cli: Run, flags: list[str], said: str
) -> None:
    done = run_cli("expand", tiny_tree, "out", *flags)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_shard_of_another_config_or_machine_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "out", "0/2")
    before = contents(tmp_path / "out")
    with pytest.raises(OccupiedError, match="unfinished run of other inputs, another config"):
        run(data, tmp_path / "out", "1/2", seed=1)
    with pytest.raises(OccupiedError, match="unfinished run of other inputs"):
        run(data, tmp_path / "out", seed=1)
    hashes = {"warp": "another CPU"}
    monkeypatch.setattr("augtool.output.made_with.machine_hashes", lambda *_: hashes)
    with pytest.raises(OccupiedError, match=r"holds this run, begun elsewhere \(.*warp"):
        run(data, tmp_path / "out", "1/2")
    after = contents(tmp_path / "out")
    assert {**after, ".augtool/lock": b""} == {**before, ".augtool/lock": b""}


def test_a_finished_run_of_another_config_is_refused_and_stays(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(OccupiedError, match="holds a finished run that differs"):
        run(data, tmp_path / "out", "1/2", seed=1)
    assert contents(tmp_path / "out") == before
    assert not (tmp_path / "out" / ".augtool").exists()


@pytest.mark.parametrize(("there", "shard"), [("0/2", ""), ("", "0/2")])
def test_whole_runs_and_shards_keep_each_other_out(
    data: Path, tmp_path: Path, run_cli: Run, there: str, shard: str
) -> None:
    with Workspace(tmp_path / "out", Shard(0, 2) if there else None):
        flags = ["--shard", shard] if shard else []
        done = run_cli("expand", data, "out", *flags)
    assert done.returncode == 4
    holder = f"shard {there}, process {os.getpid()} on " if there else f"process {os.getpid()} on "
    assert f"another augtool is at work there ({holder}" in done.stderr


OTHERS = """
import sys
from augtool import Options, expand
from augtool.run import share
from augtool.run.options import Shard
data, out, *shards = sys.argv[1:]
for shard in shards:
    share = Shard(*map(int, shard.split("/")))
    expand(data, out, options=Options(engine="serial", shard=share))
"""


def others(data: Path, out: Path, *shards: str) -> None:
    """Run shards in a process of their own, as on another machine."""
    subprocess.run(
        [sys.executable, "-c", OTHERS, str(data), str(out), *shards],
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )


def test_a_shard_works_beside_another_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one comes in the middle, does what this one does, too, and completes the run."""
    run(data, tmp_path / "fresh")
    out, decode, seen = tmp_path / "out", ProbedImage.decode, list[int]()

    def disturbed(*arguments: Any) -> Any:
        seen.append(1)
        if len(seen) == 3:
            others(data, out, "1/2", "0/2")
            assert (out / "manifest.csv").exists()
        return decode(*arguments)

    monkeypatch.setattr(ProbedImage, "decode", disturbed)
    report = run(data, out, "0/2")
    assert (report.status, report.exit_code) == ("up to date", 3)
    assert len(seen) == 3
    assert_same(out, tmp_path / "fresh")


def test_a_shard_that_joins_when_all_is_over_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had looked for a finished run before there was one."""
    run(data, tmp_path / "fresh")
    out, join = tmp_path / "out", Workspace.join

    def late(*arguments: Any) -> Any:
        others(data, out, "0/1")
        assert not (out / ".augtool").exists()
        arguments[0].folder.close()  # as one that has had no folder open in it yet
        return join(*arguments)

    monkeypatch.setattr(Workspace, "join", late)
    assert run(data, out, "0/2").status == "up to date"
    assert_same(out, tmp_path / "fresh")


HOLDER = """
import sys
from pathlib import Path
from augtool.run.workspace import Workspace
with Workspace(Path(sys.argv[1])) as held:
    (held.out / ".augtool/run.json").write_text("mine")
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_shard_leaves_alone_what_another_run_has_begun_since(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All was completed and removed, and an update has come, before it looks again."""
    out, join, held = tmp_path / "out", Workspace.join, list[subprocess.Popen[str]]()

    def late(*arguments: Any) -> Any:
        others(data, out, "0/1")
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(out)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        held.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return join(*arguments)

    monkeypatch.setattr(Workspace, "join", late)
    try:
        assert run(data, out, "0/2").status == "up to date"
        assert (out / ".augtool" / "run.json").read_text() == "mine"
    finally:
        for process in held:
            process.communicate()


def test_a_result_that_the_same_shard_elsewhere_makes_again_is_waited_for(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, too, what failed is tried again, and its result removed before that."""
    run(data, tmp_path / "fresh")
    out, announce, removed = tmp_path / "out", share.announce, list[Path]()
    run(data, out, "0/2")

    def disturbed(*arguments: Any) -> None:
        if not removed:
            removed.append(max(out.glob(".augtool/work-*/results/*")))
            removed[0].unlink()
        announce(*arguments)

    monkeypatch.setattr(share, "announce", disturbed)
    assert run(data, out, "0/2").status == "shard"
    assert run(data, out, "1/2").status == "done"
    assert len(removed) == 1
    assert_same(out, tmp_path / "fresh")


def test_a_shard_finishes_what_a_killed_one_had_decided(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "fresh")
    run(data, tmp_path / "out", "0/2")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("augtool.run.commit.finish_commit", killed)
        with pytest.raises(KeyboardInterrupt):
            run(data, tmp_path / "out", "1/2")
    assert (tmp_path / "out/.augtool/commit.json").exists()
    assert run(data, tmp_path / "out", "0/2").status == "up to date"
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_a_shard_that_comes_while_another_completes_leaves_it_to_that(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "train/cat/broken.png").unlink()  # it would be tried again, and wait for its turn
    run(data, tmp_path / "fresh")
    out = tmp_path / "out"
    run(data, out, "0/2")

    def while_it_completes(*_: object) -> list[str]:
        others(data, out, "0/2", "1/2")
        assert not (out / "manifest.csv").exists()
        return []

    monkeypatch.setattr("augtool.run.finish._remove_failed", while_it_completes)
    assert run(data, out, "1/2").status == "done"
    assert_same(out, tmp_path / "fresh")


def test_a_file_that_was_lost_since_keeps_the_last_shard_from_completing(
    data: Path, tmp_path: Path
) -> None:
    """The plain command makes it again: it looks at every byte."""
    run(data, tmp_path / "fresh")
    out, said = tmp_path / "out", list[str]()

    class Told(NullProgress):
        def warning(self, text: str) -> None:
            said.append(text)

    run(data, out, "0/2")
    staged = sorted(out.glob(".augtool/work-*/staged/train/*/*.png"))
    staged[0].write_bytes(b"")
    options = replace(SERIAL, shard=Shard(1, 2))
    report = expand(data, out, config=Config(), options=options, progress=Told())
    assert report.status == "shard"
    assert "files of 1 of" in said[-1]
    assert not (out / "manifest.csv").exists()
    assert run(data, out).status == "done"
    assert_same(out, tmp_path / "fresh")


def test_a_source_that_changed_between_shards_is_noticed(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out, "0/2")
    for path in (data / "train").rglob("0?.png"):
        write(path, picture(77, 9, 12))
    assert run(data, out, "1/2").status == "shard"
    run(data, out)
    run(data, tmp_path / "fresh")
    assert_same(out, tmp_path / "fresh")


def test_what_a_sample_that_fails_later_has_left_is_not_in_the_output(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(data, out, "0/2")
    for path in (data / "train" / "cat").glob("0*.png"):
        path.write_bytes(b"broken now")
    run(data, out, "0/2")
    run(data, out, "1/2")
    run(data, tmp_path / "fresh")
    assert_same(out, tmp_path / "fresh")


def mixed(root: Path) -> Path:
    """The last image is gray, and arrays hold colours."""
    make_tree(root, {"cat": 4}, height=9, width=12)
    write(root / "cat" / "03.png", picture(1, 9, 12, channels=1))
    return root


def test_a_shard_that_is_refused_takes_nothing_from_the_others(tmp_path: Path) -> None:
    data, arrays = mixed(tmp_path / "data"), {"output": {"to": "npz"}}
    run(data, tmp_path / "out", "0/4", **arrays)
    results = ".augtool/work-*/results/*"
    before = sorted((tmp_path / "out").glob(results))
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"cat/03.png: is 9x12"):
            run(data, tmp_path / "out", "3/4", **arrays)
        assert sorted((tmp_path / "out").glob(results)) == before
    with pytest.raises(ConfigError):
        run(data, tmp_path / "out", **arrays)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_lone_shard_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    data = mixed(tmp_path / "data")
    with pytest.raises(ConfigError, match=r"cat/03.png: is 9x12"):
        run(data, tmp_path / "out", "3/4", output={"to": "npz"})
    assert not (tmp_path / "out").exists()
    (data / "cat" / "02.png").write_bytes(b"broken")
    options = replace(SERIAL, shard=Shard(2, 4), on_error="fail")
    with pytest.raises(StoppedError, match=r"cat/02.png"):
        expand(data, tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()


def test_nothing_is_made_again_where_the_run_is_gone(data: Path, tmp_path: Path) -> None:
    """A process that still works when its run was cleared away adds nothing to the next one."""
    from augtool.run import work as working

    out, make = tmp_path / "out", working.worker_of
    kept = []

    def keep(job: Any) -> Any:
        worker = make(job)
        kept.append((pickle.loads(pickle.dumps(worker)), list(job.plan.chunks())))
        return worker

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(working, "worker_of", keep)
        run(data, out, seed=1)
    worker, chunks = kept[0]
    before = contents(tmp_path)
    with pytest.raises(OutputError):
        worker(chunks[0])
    assert contents(tmp_path) == before
    assert not (out / ".augtool").exists()


def test_runs_work_in_folders_of_their_own(data: Path, tmp_path: Path) -> None:
    """What a process of another run still writes lies elsewhere."""
    for seed in (1, 2):
        run(data, tmp_path / f"out{seed}", "0/2", seed=seed)
    homes = [next((tmp_path / f"out{seed}/.augtool").glob("work-*")) for seed in (1, 2)]
    assert homes[0].name != homes[1].name
    homes[0].rename(homes[1].with_name(homes[0].name))  # as if both had worked in one output
    run(data, tmp_path / "out2", "1/2", seed=2)
    run(data, tmp_path / "fresh", seed=2)
    assert_same(tmp_path / "out2", tmp_path / "fresh")


def test_without_locks_it_works_and_says_so(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on clusters whose file system is mounted without them."""
    said: list[str] = []

    class Told(NullProgress):
        def warning(self, text: str) -> None:
            said.append(text)

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    run(data, tmp_path / "fresh")
    monkeypatch.setattr("fcntl.lockf", no_locks)
    for shard in (Shard(0, 2), Shard(1, 2), None):
        out = tmp_path / ("out" if shard else "plain")
        expand(data, out, options=replace(SERIAL, shard=shard), progress=Told())
        assert "the file system has no locks" in said[-1]
    assert_same(tmp_path / "out", tmp_path / "fresh")
    assert_same(tmp_path / "plain", tmp_path / "fresh")


def test_a_torn_state_is_said_and_mended_by_the_plain_command(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "fresh")
    run(data, tmp_path / "out", "0/2")
    (tmp_path / "out/.augtool/run.json").write_bytes(b"{")
    with pytest.raises(OccupiedError, match="is damaged; run the same command without --shard"):
        run(data, tmp_path / "out", "1/2")
    run(data, tmp_path / "out")
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_shares_that_were_made_in_different_places_come_together(
    data: Path, tmp_path: Path
) -> None:
    """As from the jobs of a CI matrix: their copies of the data have other times, too."""
    import shutil

    run(data, tmp_path / "fresh")
    for index in range(2):
        own = tmp_path / f"machine{index}"
        shutil.copytree(data, own / "data", copy_function=shutil.copyfile)
        run(own / "data", own / "out", f"{index}/2")
        shutil.copytree(own / "out", tmp_path / "out", dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        decoded = decodes(patch)
        run(data, tmp_path / "out")
    assert len(decoded) <= 1  # only the chunk with the broken picture
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_each_chunk_is_in_one_share() -> None:
    for count in (1, 2, 7):
        shares = [Shard(index, count) for index in range(count)]
        assert all(sum(each.has(chunk) for each in shares) == 1 for chunk in range(50))


def test_the_folder_of_a_run_is_named_by_its_identity() -> None:
    places = WorkPlaces("0123456789abcdef" * 4)
    assert places.root == ".augtool/work-0123456789abcdef"
    assert all(path.startswith(f"{places.root}/") for path in places.folders())


def test_shards_meet_in_a_folder_not_in_a_store(data: Path) -> None:
    with pytest.raises(ConfigError, match="--shard: shares meet in a folder"):
        expand(data, "s3://bucket/out", options=replace(SERIAL, shard=Shard(0, 2)))
