"""Interrupted, updated, poisoned: the output is what an undisturbed run would have made."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from augtool import Config, Options, expand
from augtool.errors import OccupiedError, StoppedError
from augtool.images.source_image import ProbedImage
from augtool.output import manifest
from augtool.output.verify import verify
from tests.core.test_transforms import ON
from tests.killing import killed_runs, run_undisturbed
from tests.pictures import contents, make_tree, picture, write

SERIAL = Options(engine="serial")
UPDATE = replace(SERIAL, existing="update")
NIGHTLY = bool(os.environ.get("AUGTOOL_FUZZ"))


def run(data: Path, out: Path, options: Options = SERIAL, **changes: Any) -> Any:
    return expand(data, out, config=Config.model_validate(changes), options=options)


def test_killed_at_random_moments_it_completes_as_if_never_disturbed(tmp_path: Path) -> None:
    """kill -9 of the whole process group, then the same command, again and again."""
    data = make_tree(tmp_path / "data", {"cat": 25, "dog": 25}, height=100, width=140)
    (data / "cat" / "broken.png").write_bytes(b"x")

    def command(out: Path) -> list[str]:
        return ["expand", str(data), str(out), "--per-image", "6", "--workers", "2"]

    span_s = run_undisturbed(command(tmp_path / "fresh"), tmp_path / "fresh")
    expected = contents(tmp_path / "fresh")
    for out, is_whole in killed_runs(command, tmp_path, span_s):
        assert not is_whole or contents(out) == expected


def test_at_most_the_chunks_in_flight_are_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 20})
    stop_after(monkeypatch, 7)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out")
    monkeypatch.undo()
    parts = len(list((tmp_path / "out" / ".augtool").glob("work-*/results/*")))
    loads = count_loads(monkeypatch)
    run(data, tmp_path / "out")
    assert len(loads) == 20 - parts
    assert parts >= 6


decode = ProbedImage.decode


def stop_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Interrupt the run when so many pictures are loaded."""
    seen: list[int] = []

    def stop(*arguments: Any) -> Any:
        seen.append(1)
        if len(seen) > count:
            raise KeyboardInterrupt
        return decode(*arguments)

    monkeypatch.setattr("augtool.images.source_image.ProbedImage.decode", stop)


def count_loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []

    def count(*arguments: Any) -> Any:
        seen.append(1)
        return decode(*arguments)

    monkeypatch.setattr("augtool.images.source_image.ProbedImage.decode", count)
    return seen


def test_a_source_that_changes_between_the_runs_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 12})
    stop_after(monkeypatch, 8)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out")
    monkeypatch.undo()
    time.sleep(0.02)
    write(data / "cat" / "00.png", picture(77))
    (data / "cat" / "01.png").write_bytes(b"broken now")
    run(data, tmp_path / "out")
    run(data, tmp_path / "fresh")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.processes
def test_a_picture_that_kills_its_worker_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decoder segfaults on one picture: workers are forked, so the patch is in them too."""
    from augtool.images import codec

    data = make_tree(tmp_path / "data", {"cat": 9})
    deadly = (data / "cat" / "04.png").read_bytes()
    decode = codec.decode

    def crash(data: bytes, *rest: Any) -> Any:
        if data == deadly:
            faulthandler.disable()  # pytest's would fill the log
            os.kill(os.getpid(), signal.SIGSEGV)
        return decode(data, *rest)

    monkeypatch.setattr("augtool.images.codec.decode", crash)
    monkeypatch.setattr("augtool.engines.processes._start_method", lambda: "fork")
    report = run(data, tmp_path / "out", Options(workers=2), per_image=1)
    assert (report.exit_code, report.files) == (3, 16)
    text = (tmp_path / "out" / "failures.csv").read_text()
    assert text == "source,stage,reason\ncat/04.png,decode,killed its worker (SIGSEGV)\n"
    assert not list((tmp_path / "out" / "cat").glob("04*"))


def test_a_run_that_was_told_to_stop_stops_again_until_it_is_mended(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 5})
    sound = (data / "cat" / "03.png").read_bytes()
    (data / "cat" / "03.png").write_bytes(b"broken")
    strict = replace(SERIAL, on_error="fail")
    for _ in range(2):
        with pytest.raises(StoppedError, match=r"cat/03.png: not an image"):
            run(data, tmp_path / "out", strict)
    (data / "cat" / "03.png").write_bytes(sound)
    os.utime(data / "cat" / "03.png", (0, 0))  # mended from a backup
    assert run(data, tmp_path / "out", strict).exit_code == 0
    write(data / "stray.png", picture())
    with pytest.raises(StoppedError, match=r"stray.png: is not in a class folder"):
        run(data, tmp_path / "other", strict)


def test_a_run_killed_between_its_last_two_steps_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 5})

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("augtool.run.workspace.Workspace.finish", killed)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out")
    monkeypatch.undo()
    assert (tmp_path / "out" / "manifest.csv").exists()
    stop_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", UPDATE, ratio=3)
    monkeypatch.undo()
    assert not verify(tmp_path / "out").findings  # the old state
    run(data, tmp_path / "out", UPDATE, ratio=3)
    run(data, tmp_path / "fresh", ratio=3)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_a_finished_run_is_up_to_date_until_a_source_changes(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 5})
    run(data, tmp_path / "out")
    assert run(data, tmp_path / "out").status == "up to date"
    assert run(data, tmp_path / "out", replace(SERIAL, checksum=True)).status == "up to date"
    source = data / "cat" / "00.png"
    os.utime(source)  # touched, not changed
    assert run(data, tmp_path / "out").status == "up to date"
    old = source.stat()
    write(source, picture(42))
    with pytest.raises(OccupiedError, match=r"cat/00.png has changed"):
        run(data, tmp_path / "out")
    os.utime(source, ns=(old.st_atime_ns, old.st_mtime_ns - 10**12))  # changed, and hidden
    with pytest.raises(OccupiedError, match=r"cat/00.png has changed"):
        run(data, tmp_path / "out")
    write(source, picture(0))
    assert run(data, tmp_path / "out", replace(SERIAL, checksum=True)).status == "up to date"
    (tmp_path / "out" / "cat" / "01.png").unlink()
    with pytest.raises(OccupiedError, match=r"cat/01.png is missing from the output"):
        run(data, tmp_path / "out")
    assert not (tmp_path / "out" / ".augtool").exists()


@pytest.fixture
def settled(tmp_path: Path) -> tuple[Path, Path]:
    """A data set, and its output some time ago: no folder is as young as the manifest."""
    data, out = make_tree(tmp_path / "data", {"cat": 4, "dog": 3}), tmp_path / "out"
    write(data / "cat" / "deep" / "er" / "x.png", picture(9))
    run(data, out)
    settle(out)
    return data, out


def settle(out: Path) -> None:
    """Make the manifest younger than everything that was done so far."""
    moment_ns = time.time_ns() + 10**9
    os.utime(out / "manifest.csv", ns=(moment_ns, moment_ns))


def test_an_untouched_output_is_not_looked_through(
    settled: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "read_sources", None)
    assert run(*settled).status == "up to date"


def test_an_output_that_was_just_made_is_not_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folders were put there before the manifest, and not in the same tick of the clock."""
    data = make_tree(tmp_path / "data", {"cat": 2})
    monkeypatch.setattr("augtool.run.commit.sync_all", lambda: None)  # which takes longer
    run(data, tmp_path / "out")
    monkeypatch.setattr(manifest, "read_sources", None)
    assert run(data, tmp_path / "out").status == "up to date"


def test_a_file_that_was_lost_before_the_end_of_a_run_is_noticed(
    settled: tuple[Path, Path],
) -> None:
    """The folder is older than the manifest, and yet it is not whole."""
    data, out = settled
    (out / "cat/deep/er/x.png").unlink()
    settle(out)
    with pytest.raises(OccupiedError, match=r"cat/deep/er/x.png is missing from the output"):
        run(data, out)
    assert run(data, out, UPDATE).status == "done"
    assert (out / "cat/deep/er/x.png").exists()


def test_a_folder_whose_modification_time_was_put_back_is_looked_through(tmp_path: Path) -> None:
    """A backup, copied back with its times: as old as it says, and yet not what was made."""
    data, out = make_tree(tmp_path / "data", {"cat": 4}), tmp_path / "out"
    run(data, out)
    before = (out / "cat").stat()
    (out / "cat" / "01.png").rename(out / "cat" / "other.png")
    long_ago_ns = (out / "manifest.csv").stat().st_mtime_ns - 10**12
    os.utime(out / "cat", ns=(before.st_atime_ns, long_ago_ns))
    with pytest.raises(OccupiedError, match=r"cat/01.png is missing from the output"):
        run(data, out)


def test_a_manifest_that_was_cut_is_noticed(settled: tuple[Path, Path]) -> None:
    data, out = settled
    table = (out / "manifest.csv").read_bytes()
    (out / "manifest.csv").write_bytes(b"".join(table.splitlines(keepends=True)[:-1]))
    settle(out)
    with pytest.raises(OccupiedError, match=r"manifest.csv was changed after the run"):
        run(data, out)


def add_file(data: Path) -> None:
    write(data / "cat" / "new.png", picture(50))


def remove_file(data: Path) -> None:
    (data / "cat" / "01.png").unlink()


def change_file(data: Path) -> None:
    write(data / "dog" / "02.png", picture(51))


def break_file(data: Path) -> None:
    (data / "dog" / "02.png").write_bytes(b"broken")


def add_class(data: Path) -> None:
    make_tree(data, {"ant": 3})


def rename_to_collide(data: Path) -> None:
    (data / "cat" / "03.png").rename(data / "cat" / "02.PNG")


BASE = {"ratio": 1.5, "transforms": ON}


@pytest.mark.parametrize(
    "change", [add_file, remove_file, change_file, break_file, add_class, rename_to_collide]
)
def test_an_update_equals_a_fresh_run_when_files_change(tmp_path: Path, change: Any) -> None:
    data = make_tree(tmp_path / "data", {"cat": 4, "dog": 4})
    run(data, tmp_path / "out", **BASE)
    time.sleep(0.01)
    change(data)
    run(data, tmp_path / "out", UPDATE, **BASE)
    run(data, tmp_path / "fresh", **BASE)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.parametrize(
    "changes",
    [
        {"ratio": 3},
        {"ratio": 0.5},
        {"seed": 1},
        {"transforms": {**ON, "rotation_range": 5}},
        {"transforms": {**ON, "fill_mode": "wrap"}},
        {"transforms": {"rotation_range": 20}},
        {"output": {"format": "jpg"}},
        {"output": {"resize": "20x20"}},
        {"output": {"originals": "symlink"}},
        {"output": {"originals": "omit"}},
        {"per_class": {"cat": {"ratio": 3, "transforms": {"brightness_range": [2, 2]}}}},
        {"classes": ["dog", "cat"]},
        {"classes": ["dog"]},
    ],
    ids=str,
)
def test_an_update_equals_a_fresh_run_when_the_config_changes(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 4, "dog": 4})
    run(data, tmp_path / "out", **BASE)
    run(data, tmp_path / "out", UPDATE, **{**BASE, **changes})
    run(data, tmp_path / "fresh", **{**BASE, **changes})
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_an_update_keeps_the_files_that_are_right(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 6})
    run(data, tmp_path / "out", ratio=1)
    before = {path: path.stat().st_ino for path in (tmp_path / "out" / "cat").iterdir()}
    (tmp_path / "out" / "cat" / "00__aug0.png").write_bytes(b"tampered with")
    run(data, tmp_path / "out", UPDATE, ratio=2)
    after = {path: path.stat().st_ino for path in before}
    changed = {path.name for path in before if before[path] != after[path]}
    assert changed == {"00__aug0.png"}
    run(data, tmp_path / "fresh", ratio=2)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


class Disturbed(RuleBasedStateMachine):
    """Any order of changes, interrupted runs and updates ends where a fresh run would."""

    @initialize(base=st.integers(0, 2**32))
    def begin(self, base: int) -> None:
        import tempfile

        self.folder = Path(tempfile.mkdtemp(prefix=f"augtool-{base % 7}-"))
        self.data, self.out = self.folder / "data", self.folder / "out"
        make_tree(self.data, {"cat": 3, "dog": 2}, height=6, width=5)
        self.changes: dict[str, Any] = {"ratio": 1}
        self.number = 0
        self.is_whole = False

    @rule(
        name=st.sampled_from(["00", "01", "new", "a__aug0"]), label=st.sampled_from(["cat", "dog"])
    )
    def write_picture(self, name: str, label: str) -> None:
        self.number += 1
        write(self.data / label / f"{name}.png", picture(self.number, 6, 5))
        time.sleep(0.005)
        self.is_whole = False

    @rule(name=st.sampled_from(["00", "new"]))
    def remove_picture(self, name: str) -> None:
        (self.data / "cat" / f"{name}.png").unlink(missing_ok=True)
        self.is_whole = False

    @rule(ratio=st.sampled_from([0, 0.5, 1, 2]), flip=st.booleans())
    def change_config(self, ratio: float, flip: bool) -> None:
        self.changes = {"ratio": ratio, "transforms": {"vertical_flip": flip, "rotation_range": 9}}
        self.is_whole = False

    @rule(after=st.integers(0, 5))
    def update_interrupted(self, after: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            stop_after(patch, after)
            try:
                run(self.data, self.out, UPDATE, **self.changes)
                self.is_whole = True
            except KeyboardInterrupt:
                # The old state, if there is one.
                is_there = (self.out / "manifest.csv").exists()
                assert not is_there or not verify(self.out).findings
                self.is_whole = False

    @rule()
    def update(self) -> None:
        run(self.data, self.out, UPDATE, **self.changes)
        self.is_whole = True

    @invariant()
    def a_whole_output_is_a_fresh_one(self) -> None:
        if getattr(self, "is_whole", False):
            fresh = self.folder / f"fresh-{time.monotonic_ns()}"
            run(self.data, fresh, **self.changes)
            assert contents(self.out) == contents(fresh)

    def teardown(self) -> None:
        import shutil

        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestDisturbed = Disturbed.TestCase
TestDisturbed.settings = settings(
    max_examples=300 if NIGHTLY else 8,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
