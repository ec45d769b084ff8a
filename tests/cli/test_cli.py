"""The command line: exit codes, streams, messages, signals."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from augtool.cli.app import app
from augtool.output.dataset import OWN_FILES
from augtool.run.workspace import Workspace
from tests.conftest import Run
from tests.pictures import contents


def test_data_goes_to_stdout_and_speech_to_stderr(tiny_tree: Path, spawn_cli: Run) -> None:
    done = spawn_cli("expand", tiny_tree, "out", "--ratio", 1.5)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "12 originals + 18 copies = 30 files\nout: 12 originals + 18 copies = 30 files\n"
    )
    again = spawn_cli("expand", tiny_tree, "out", "--ratio", 1.5, "--json", "--quiet")
    assert again.stderr == ""
    assert json.loads(again.stdout)["status"] == "up to date"


def test_a_dry_run_prints_the_plan(tiny_tree: Path, run_cli: Run, tmp_path: Path) -> None:
    done = run_cli("expand", tiny_tree, "out", "--per-image", 2, "--dry-run")
    assert done.stdout == (
        "12 originals + 24 copies = 36 files\n\n"
        "train  cat           4 originals          8 copies\n"
        "train  deer          4 originals          8 copies\n"
        "train  dog           4 originals          8 copies\n"
    )
    assert done.stderr == "nothing was written (--dry-run)\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nope", "out"], 2, "error: no such file or folder: 'nope'; check the path\n"),
        (["data", "data/out"], 2, "lies inside the data (data); choose a folder outside of it"),
        (
            ["data", "out", "--set", "transforms.rotation_rnge=3"],
            2,
            "did you mean 'rotation_range'",
        ),
        (["data", "out", "--set", "seed"], 2, "error: --set seed: expected key=value"),
        (["data", "out", "--engine", "gpu"], 2, "expected one of processes, serial"),
        (["data", "out", "--to", "tre"], 2, "output.to: got 'tre'; did you mean 'tree'?"),
        (["data", "out", "--from", "zip"], 2, "unknown source 'zip'; choose one of"),
        (["data", "out", "--config", "no.yaml"], 2, "no.yaml: can't read the config: No such file"),
        (["data", "out", "--ratio", "x"], 2, "--ratio"),
        (["data", "out", "--overwrite", "--update"], 2, "pass one of them"),
        (["data", "out", "--format", "gif"], 2, "--format"),
        (["", "out"], 2, "error: DATA is an empty path; check the variable that it comes from"),
        (["data", "x" * 300], 5, "can't write: File name too long"),
        (["data", "/".join(["x" * 200] * 30)], 5, "can't write: File name too long"),
    ],
)
def test_usage_errors_end_with_2_and_make_nothing(
    tiny_tree: Path, run_cli: Run, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run_cli("expand", *arguments)
    assert tiny_tree.name == "data"
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_skipped_inputs_end_with_3_and_are_counted(tiny_tree: Path, run_cli: Run) -> None:
    (tiny_tree / "cat" / "[red]\x1b[31mx.png").write_bytes(b"")
    done = run_cli("expand", tiny_tree, "out", "--verbose", "--per-image", 1)
    assert done.returncode == 3
    assert "skipped: cat/[red]\\x1b[31mx.png: damaged: it is empty (0 bytes)" in done.stderr
    assert "1 input could not be used, so 2 files of the plan are missing" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_finished_output_of_another_config_is_refused_with_4(
    tiny_tree: Path, run_cli: Run, tmp_path: Path
) -> None:
    run_cli("expand", tiny_tree, "out", check=True)
    before = contents(tmp_path / "out")
    done = run_cli("expand", tiny_tree, "out", "--ratio", 2)
    assert done.returncode == 4
    assert "pass --update to bring it up to date, --overwrite to start afresh" in done.stderr
    assert contents(tmp_path / "out") == before
    assert run_cli("expand", tiny_tree, "out", "--ratio", 2, "--overwrite").returncode == 0


def test_config_commands(run_cli: Run, tmp_path: Path) -> None:
    starter = run_cli("config", "init", check=True).stdout
    (tmp_path / "a.yaml").write_text(starter)
    checked = run_cli("config", "check", "a.yaml", "--json", "--set", "seed=7", check=True)
    assert json.loads(checked.stdout)["seed"] == 7
    assert "rotation_range: 20" in run_cli("config", "check", "a.yaml", check=True).stdout
    assert json.loads(run_cli("config", "schema", check=True).stdout)["title"] == "Config"
    (tmp_path / "b.yaml").write_text("sed: 1\nratio: x\n")
    wrong = run_cli("config", "check", "b.yaml")
    assert wrong.returncode == 2
    assert wrong.stderr == (
        "error: b.yaml: ratio: got 'x'; expected a number\n"
        "error: b.yaml: sed: unknown key; did you mean 'seed'?\n"
    )


def test_version_and_help(run_cli: Run) -> None:
    assert re.fullmatch(r"augtool \S+\n", run_cli("--version", check=True).stdout)
    assert "augtool expand data/ out/ --ratio 1.5" in run_cli("-h", check=True).stdout


def test_every_command_and_option_has_help() -> None:
    def check(command: Any, name: str) -> int:
        assert command.help, name
        options = [
            each
            for each in command.params
            if each.name != "help" and each.param_type_name == "option"
        ]
        assert all(getattr(each, "help", None) for each in options), name
        below = getattr(command, "commands", {})
        return 1 + sum(check(each, f"{name} {key}") for key, each in below.items())

    assert check(typer.main.get_command(app), "augtool") >= 7


#: A command whose workers write what they make of a picture or two, and then sleep for an hour.
SLEEPY = """
import signal, time
from augtool.cli import app
from augtool.images import source_image

# A job in the background of a shell, or of CI, inherits SIGINT as ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

load, seen = source_image.ProbedImage.decode, []

def sleep(*arguments):
    seen.append(1)
    if len(seen) > 2:
        time.sleep(3600)
    return load(*arguments)

source_image.ProbedImage.decode = sleep
"""
#: ... whose conductor sleeps, too, when it has been interrupted and said so.
SLEEPIER = f"""{SLEEPY}
from augtool.cli.console import Console

message = Console.message

def message_and_sleep(self, text):
    message(self, text)
    if text.startswith("interrupted"):
        time.sleep(3600)

Console.message = message_and_sleep
"""
#: How long something is waited for that never comes where the code is wrong.
HANGS_S = 60


@contextlib.contextmanager
def started(data: Path, folder: Path, script: str = SLEEPY) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run that never ends, wait until a chunk is done, and see that nothing is left.

    What it says goes to a file, said.txt.
    """
    command = ["augtool", "expand", str(data), "out", "--workers", "2"]
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", f"import sys\nsys.argv = {command}\n{script}\napp.main()"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
            stderr=said,
            start_new_session=True,
        )
    made = folder / "out" / ".augtool"
    try:
        wait_for(
            lambda: (
                any(each.suffix != ".tmp" for each in made.glob("work-*/results/*"))
                or process.poll() is not None
            )
        )
        assert process.poll() is None
        yield process
        wait_for(lambda: members(process.pid) == [])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(has_come: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + HANGS_S
    while not has_come():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def members(group: int) -> list[int]:
    """Return the processes of a group that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_whatever_its_workers_do_and_it_can_go_on(
    tiny_tree: Path, tmp_path: Path, run_cli: Run, number: int, code: int
) -> None:
    with started(tiny_tree, tmp_path) as process:
        os.killpg(process.pid, number)
        assert process.wait(HANGS_S) == code
        assert members(process.pid) == []
    said = (tmp_path / "said.txt").read_text()
    assert "interrupted; run the same command again to go on" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "manifest.csv").exists()
    done = run_cli("expand", tiny_tree, "out")
    assert done.returncode == 0
    assert "resuming: " in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_a_worker_is_started_is_not_lost(
    tiny_tree: Path, tmp_path: Path, number: int, code: int
) -> None:
    """What a handler raises in a hook of a fork, such as that of logging, Python only prints."""
    script = f"""
import os, sys
left = [1]
os.register_at_fork(after_in_parent=lambda: left and os.kill(os.getpid(), left.pop() * {number}))
sys.argv = ["augtool", "expand", {str(tiny_tree)!r}, "out", "--workers", "2"]
from augtool.cli import app
app.main()
"""
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, timeout=HANGS_S)
    assert done.returncode == code


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_whatever_it_does_after_the_first(
    tiny_tree: Path, tmp_path: Path, number: int
) -> None:
    with started(tiny_tree, tmp_path, SLEEPIER) as process:
        os.killpg(process.pid, number)
        wait_for(lambda: "interrupted; " in (tmp_path / "said.txt").read_text())
        os.killpg(process.pid, number)
        assert process.wait(HANGS_S) == -number


@needs_proc
def test_no_worker_outlives_a_killed_parent(tiny_tree: Path, tmp_path: Path) -> None:
    with started(tiny_tree, tmp_path) as process:
        process.kill()
        process.wait()


def test_two_runs_into_one_output_don_t_mix(
    tiny_tree: Path, tmp_path: Path, spawn_cli: Run
) -> None:
    with Workspace(tmp_path / "out"):
        second = spawn_cli("expand", tiny_tree, "out")
        assert second.returncode == 4
        said = f"another augtool is at work there (process {os.getpid()} on "
        assert said in second.stderr
    (tmp_path / "out" / ".augtool" / "lock").write_text("process 1 on a host that is gone\n")
    assert spawn_cli("expand", tiny_tree, "out").returncode == 0


def test_a_closed_stderr_does_not_end_the_run(tiny_tree: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m augtool expand {tiny_tree} out --verbose 2>&1 | head -c 1"
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    subprocess.run(command, shell=True, check=True, cwd=tmp_path, env=environment, timeout=60)
    assert (tmp_path / "out" / "manifest.csv").exists()


def test_a_full_disk_ends_with_5(tiny_tree: Path, spawn_cli: Run, tmp_path: Path) -> None:
    limited = spawn_cli(
        "expand",
        tiny_tree,
        "out",
        preexec_fn=lambda: _limit_file_size(1000),
        start_new_session=True,
    )
    assert limited.returncode == 5
    assert "can't write: File too large; the limit on file sizes (ulimit -f) is too low" in (
        limited.stderr
    )
    assert not (tmp_path / "out" / "manifest.csv").exists()
    assert spawn_cli("expand", tiny_tree, "out").returncode == 0


def _limit_file_size(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize(
    "command", [["verify"], ["report"], ["replay", "-o", "again.png", "cat/00__aug0.png"]]
)
def test_a_file_is_no_output(run_cli: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "out").write_text("a file")
    done = run_cli(*command[:3], "out", *command[3:])
    said = "error: out: is a file, not a folder; pass one that augtool expand wrote\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_verify_and_replay(tiny_tree: Path, run_cli: Run, tmp_path: Path) -> None:
    run_cli("expand", tiny_tree, "out", check=True)
    sound = run_cli("verify", "out", "--replay", "all")
    assert (sound.returncode, sound.stdout) == (0, "")
    assert "copies remade: 18 exact" in sound.stderr
    run_cli("replay", "out", "cat/00__aug0.png", "-o", "again.png", check=True)
    written = tmp_path / "out" / "cat" / "00__aug0.png"
    assert (tmp_path / "again.png").read_bytes() == written.read_bytes()
    written.write_bytes(b"x")
    (tmp_path / "out" / "dog" / "01.png").unlink()
    (tmp_path / "out" / "dog" / "extra.txt").write_text("x")
    wrong = run_cli("verify", "out")
    assert wrong.returncode == 6
    assert wrong.stdout == (
        "cat/00__aug0.png: changed\ndog/01.png: missing\ndog/extra.txt: extra\n"
    )
    (tiny_tree / "deer" / "00.png").write_bytes((tiny_tree / "deer" / "01.png").read_bytes())
    told = run_cli("verify", "out", "--replay", "all", "--data", tiny_tree, "--json")
    kinds = {each["kind"] for each in json.loads(told.stdout)["findings"]}
    assert "source changed" in kinds
    missing = run_cli("replay", "out", "cat/nope.png", "-o", "x.png")
    assert missing.returncode == 2
    assert "is not in out/manifest.csv; use a path from its first column" in missing.stderr


@pytest.mark.parametrize("sink", ["webdataset", "npz", "tfrecord"])
def test_verify_reads_shards_and_arrays(
    tiny_tree: Path, run_cli: Run, tmp_path: Path, sink: str
) -> None:
    run_cli("expand", tiny_tree, "out", "--to", sink, check=True)
    assert run_cli("verify", "out").returncode == 0
    shared = next(path for path in contents(tmp_path / "out") if path not in OWN_FILES)
    with (tmp_path / "out" / shared).open("r+b") as file:
        file.seek(2000)
        file.write(b"tampered with")
    wrong = run_cli("verify", "out")
    assert (wrong.returncode, wrong.stdout) == (6, f"{shared}: changed\n")
    replayed = run_cli("verify", "out", "--replay", "3")
    assert replayed.returncode == (2 if sink == "npz" else 6)
