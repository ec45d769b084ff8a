"""Whole runs whose workers are killed, or take too long with a picture."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, Options, expand
from augtool.engines.progress import NullProgress
from augtool.errors import InputError
from augtool.images import codec
from augtool.output.dataset import OWN_FILES
from augtool.output.replay import replay
from augtool.output.verdict import Finding
from augtool.output.verify import verify
from augtool.runtime import Limits
from augtool.views.inspect.inspect import inspect
from augtool.views.preview.preview import preview
from augtool.views.preview.subjects import Reading
from tests.conftest import Run
from tests.killing import worker_storm
from tests.pictures import contents, make_tree

pytestmark = pytest.mark.processes
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
NIGHTLY = bool(os.environ.get("AUGTOOL_FUZZ"))

#: augtool, except that one picture takes an hour to decode; workers are forked, so in them too.
SLOW = """
import sys, time
from pathlib import Path
from augtool.cli import app
from augtool.images import codec

slow, decode = Path(sys.argv.pop(1)).read_bytes(), codec.decode

def take_long(data, *rest):
    if data == slow:
        time.sleep(3600)
    return decode(data, *rest)

codec.decode = take_long
app.main()
"""
ONE_SECOND = Limits(workers=2, timeout_s=1)
REASON = "took longer than 1 s; if the image is sound, pass a longer --timeout"


def run_slow(data: Path, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run augtool in a folder; cat/01.png takes an hour."""
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    return subprocess.run(
        [sys.executable, "-c", SLOW, str(data / "cat" / "01.png"), *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@needs_proc
def test_a_picture_that_takes_too_long_is_named_and_the_rest_is_made(
    tiny_tree: Path, tmp_path: Path
) -> None:
    done = run_slow(
        tiny_tree, tmp_path, "expand", tiny_tree, "out", "--timeout", 1, "--per-image", 1
    )
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    text = (tmp_path / "out" / "failures.csv").read_text()
    assert text == f'source,stage,reason\ncat/01.png,decode,"{REASON}"\n'
    made = set(contents(tmp_path / "out")) - set(OWN_FILES)
    names = [f"{label}/{number:02}" for label in ("cat", "deer", "dog") for number in range(4)]
    names.remove("cat/01")
    assert made == {f"{name}{end}.png" for name in names for end in ("", "__aug0")}


@pytest.mark.slow
@needs_proc
def test_arrays_do_without_a_first_picture_that_takes_too_long(
    tiny_tree: Path, tmp_path: Path
) -> None:
    """What all pictures must be like is found out before the run, in a worker, too."""
    for path in ("00", "02", "03"):
        (tiny_tree / "cat" / f"{path}.png").unlink()
    arguments = ("expand", tiny_tree, "out", "--timeout", 1, "--to", "npz", "--per-image", 0)
    done = run_slow(tiny_tree, tmp_path, *arguments)
    assert done.returncode == 3, done.stderr
    assert REASON in (tmp_path / "out" / "failures.csv").read_text()


@pytest.fixture
def slow_decoder(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """cat/01.png takes an hour to decode in workers."""
    slow, decode = (tiny_tree / "cat" / "01.png").read_bytes(), codec.decode

    def take_long(data: bytes, *rest: Any) -> Any:
        if data == slow:
            time.sleep(3600)
        return decode(data, *rest)

    monkeypatch.setattr(codec, "decode", take_long)
    monkeypatch.setattr("augtool.engines.processes._start_method", lambda: "fork")


@needs_proc
@pytest.mark.usefixtures("slow_decoder")
def test_inspect_counts_a_picture_that_takes_too_long_as_broken(tiny_tree: Path) -> None:
    seen = inspect(str(tiny_tree), NullProgress(), limits=ONE_SECOND)
    assert [(each.source, each.reason) for each in seen.failures] == [("cat/01.png", REASON)]
    assert (len(seen.facts), seen.exit_code) == (11, 3)


@pytest.mark.slow
@needs_proc
def test_verify_names_a_copy_that_takes_too_long_to_remake(
    tiny_tree: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    out = tmp_path / "out"
    expand(tiny_tree, out, config=Config(per_image=1), options=Options(engine="serial"))
    request.getfixturevalue("slow_decoder")
    verdict = verify(out, replay="all", limits=ONE_SECOND)
    assert verdict.findings == [Finding("cat/01__aug0.png", "not replayed", REASON)]
    assert verdict.replayed == {"exact": 11}


@pytest.mark.slow
@needs_proc
@pytest.mark.usefixtures("slow_decoder")
def test_preview_does_without_a_picture_that_takes_too_long(tiny_tree: Path) -> None:
    (tiny_tree / "cat" / "00.png").unlink()
    reading = Reading(timeout_s=1)
    seen = preview([str(tiny_tree)], Config(), reading=reading)
    assert seen.warnings == (f"cat/01.png: expand would skip it: {REASON}",)
    assert [row.source for row in seen.rows] == ["cat/02.png", "deer/00.png", "dog/00.png"]
    with pytest.raises(InputError, match=rf"cat/01.png: {REASON}"):
        preview([str(tiny_tree / "cat" / "01.png")], Config(), reading=reading)


@needs_proc
def test_replay_does_not_wait_for_a_picture_that_takes_too_long(
    tiny_tree: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    out = tmp_path / "out"
    expand(tiny_tree, out, config=Config(per_image=1), options=Options(engine="serial"))
    request.getfixturevalue("slow_decoder")
    assert replay(out, "cat/02__aug0.png", limits=ONE_SECOND)[1]
    with pytest.raises(InputError, match=REASON):
        replay(out, "cat/01__aug0.png", limits=ONE_SECOND)


@needs_proc
def test_an_output_can_not_raise_the_limit_of_who_checks_it(
    tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    config = Config(per_image=1, max_pixels=10**12)
    expand(tiny_tree, out, config=config, options=Options(engine="serial"))
    monkeypatch.setattr("augtool.output.replay.MAX_PIXELS", 700)
    monkeypatch.setattr("augtool.engines.processes._start_method", lambda: "fork")
    said = "more than the limit of 700; if it is really that large, pass --max-pixels 744"
    with pytest.raises(InputError, match=said):
        replay(out, "cat/01__aug0.png")
    verdict = verify(out, replay=1)
    assert [each.kind for each in verdict.findings] == ["not replayed"]
    assert said in verdict.findings[0].detail
    assert verify(out, replay=1, limits=Limits(max_pixels=744)).exit_code == 0
    assert replay(out, "cat/01__aug0.png", limits=Limits(max_pixels=744))[1]


@pytest.mark.parametrize(
    "command",
    [
        "expand {data} new",
        "inspect {data}",
        "preview {data} -o sheet.png",
        "verify {out}",
        "replay {out} cat/00__aug0.png -o again.png",
    ],
)
def test_a_time_limit_that_makes_no_sense_is_refused(
    tiny_tree: Path, tmp_path: Path, run_cli: Run, command: str
) -> None:
    out = tmp_path / "out"
    expand(tiny_tree, out, config=Config(per_image=1), options=Options(engine="serial"))
    arguments = command.format(data=tiny_tree, out=out).split()
    done = run_cli(*arguments, "--timeout", "-1")
    said = "error: --timeout: got -1; expected seconds, at most 1,000,000; 0 for none\n"
    assert (done.returncode, done.stderr) == (2, said)


@needs_proc
def test_a_run_whose_workers_are_killed_all_the_time_makes_the_same(
    tmp_path: Path, run_cli: Run
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 1000 if NIGHTLY else 150, "dog": 150})
    command = ("expand", data, "calm", "--per-image", "2", "--workers", "2")
    run_cli(*command, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "augtool", *map(str, command[:2]), "out", *command[3:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        stderr=subprocess.DEVNULL,
    )
    with worker_storm(process.pid, every_s=0.05) as stop:
        try:
            assert process.wait(600) == 0
        finally:
            process.kill()
        kills = stop()
    assert kills >= 3
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")
