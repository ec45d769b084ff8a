"""Standard streams that are closed, full or broken: the work is done, the code is right."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, Run
from tests.pictures import contents, make_tree

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")

COPY = "cat/00__aug0.png"


class Command(NamedTuple):
    """Arguments, what they end with, whether they print data, and the file that they write."""

    arguments: str
    code: int = 0
    prints: bool = True
    writes: str = ""


COMMANDS = [
    Command("--help"),
    Command("--version"),
    Command("config init"),
    Command("config init --recipe nope", 2, prints=False),
    Command("config check recipe.yaml"),
    Command("config schema"),
    Command("inspect data"),
    Command("inspect broken --json", 3),
    Command("expand data new --per-image 1 --workers 2 --json", writes="new/manifest.csv"),
    Command("expand data new --dry-run"),
    Command("expand --no-such-flag", 2, prints=False),
    Command("verify out --replay 1", prints=False),
    Command("verify changed", 6),
    Command(f"replay out {COPY} -o again.png", prints=False, writes="again.png"),
    Command("preview data/cat/00.png -o sheet.png --json", writes="sheet.png"),
    Command("report out -o page.html --json", writes="page.html"),
]
#: Redirections by the shell, and descriptors that are a pipe without a reader.
STATES: dict[str, tuple[str, tuple[int, ...]]] = {
    "full stdout": (">/dev/full", ()),
    "both full": (">/dev/full 2>&1", ()),
    "nothing": ("<&- >&- 2>&-", ()),
    "no readers": ("", (1, 2)),
    "full stderr": ("2>/dev/full", ()),
    "no stdin": ("<&-", ()),
    "no stdout": (">&-", ()),
    "no stderr": ("2>&-", ()),
    "no reader": ("", (1,)),
}
#: What writes a file is run without streams, so that nothing else may get a stream's number, and
#: `expand` in the first states, too; what only prints, in one of the others of these.
#: At night, all that write files are run in all states, and the others in the first ones.
USUAL = list(STATES)[:5]
NIGHTLY = bool(os.environ.get("AUGTOOL_FUZZ"))


def states_of(command: Command) -> list[str]:
    if NIGHTLY:
        return list(STATES) if command.writes else USUAL
    if command.writes.startswith("new"):
        return USUAL[1:4]
    if command.writes:
        return ["nothing"]
    printing = [each for each in COMMANDS if not each.writes]
    return [USUAL[printing.index(command) % len(USUAL)]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, a finished output, and one in which a file was changed."""
    folder = tmp_path_factory.mktemp("streams")
    make_tree(folder / "data", {"cat": 2, "dog": 1})
    make_tree(folder / "broken", {"cat": 1, "dog": 1})
    (folder / "broken/cat/torn.png").write_bytes(b"torn")
    (folder / "recipe.yaml").write_text("seed: 7\n")
    for out in ("out", "changed"):
        assert call(folder, f"expand data {out} --per-image 1 --workers 1").returncode == 0
    (folder / "changed" / COPY).write_bytes(b"x")
    return folder


@contextmanager
def without_reader() -> Iterator[int]:
    """Give the writing end of a pipe that nobody reads."""
    theirs, ours = os.pipe()
    os.close(theirs)
    try:
        yield ours
    finally:
        os.close(ours)


def call(folder: Path, arguments: str, state: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command by way of a shell, with its streams in a state."""
    redirections, broken = STATES.get(state, ("", ()))
    command = [sys.executable, "-m", "augtool", *arguments.split()]
    with ExitStack() as stack:
        pipe = stack.enter_context(without_reader()) if broken else -1
        return subprocess.run(
            ["sh", "-c", f'exec "$@" {redirections}', "sh", *command],
            stdin=subprocess.PIPE,
            stdout=pipe if 1 in broken else subprocess.PIPE,
            stderr=pipe if 2 in broken else subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
            timeout=60,
            check=False,
        )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.arguments)
def test_the_work_is_done_and_the_code_is_right(
    prepared: Path, tmp_path: Path, command: Command
) -> None:
    if command.arguments.startswith("report"):
        pytest.importorskip("jinja2")
    for name in ("data", "broken", "out", "changed", "recipe.yaml"):
        (tmp_path / name).symlink_to(prepared / name)
    for state in states_of(command):
        done = call(tmp_path, command.arguments, state)
        is_lost = command.prints and state in ("full stdout", "both full")
        assert done.returncode == (command.code or (5 if is_lost else 0)), state
        said = done.stderr or ""
        assert "Traceback" not in said, state
        assert "Exception ignored" not in said, state
        lost = "error: standard output: can't write: No space left on device; "
        assert (lost in said) == (is_lost and state == "full stdout")
        if command.writes:
            written = tmp_path / command.writes
            assert written.stat().st_size > 0, state
            written.unlink()
        if (tmp_path / "new").exists():  # nothing was printed into one of its files
            made = contents(tmp_path / "new")
            assert made.items() <= contents(prepared / "out").items(), state
            for path in made:
                (tmp_path / "new" / path).unlink()
            for folder in sorted((tmp_path / "new").iterdir()):
                folder.rmdir()


def test_a_list_from_a_closed_stdin_is_a_usage_error(prepared: Path, tmp_path: Path) -> None:
    done = call(prepared, f"expand data {tmp_path}/out --files-from -", "no stdin")
    assert done.returncode == 2
    assert done.stderr == "error: --files-from -: can't be read: Bad file descriptor\n"
    assert not (tmp_path / "out").exists()


def test_names_that_the_terminal_cant_show_don_t_end_a_command(tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"chat": 1, "b\u00eate": 1})
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "augtool", "expand", "data", "out", "--dry-run"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert b"train  b\\xeate" in done.stdout


def test_a_pipe_that_does_not_block_gets_everything(prepared: Path) -> None:
    """Some programs share one with their children; a full pipe then is an error, not a wait."""
    theirs, ours = os.pipe()
    os.set_blocking(ours, False)
    with subprocess.Popen(
        [sys.executable, "-m", "augtool", "config", "schema"],
        stdout=ours,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=prepared,
    ) as process:
        os.write(ours, b" " * 65536)  # no room for anything else
        os.close(ours)
        with os.fdopen(theirs, "rb") as pipe:
            text = pipe.read()
        assert process.wait(60) == 0
    assert text.strip().endswith(b"}")


@pytest.mark.parametrize(
    "command", [f"replay out {COPY}", "preview data/cat/00.png --quiet", "report out --quiet"]
)
def test_the_target_of_o_may_be_a_stream_or_a_device(
    prepared: Path, tmp_path: Path, run_cli: Run, command: str
) -> None:
    if command.startswith("report"):
        pytest.importorskip("jinja2")
    for name in ("data", "out"):
        (tmp_path / name).symlink_to(prepared / name)
    suffix = ".html" if command.startswith("report") else ".png"
    (tmp_path / f"link{suffix}").symlink_to(f"there{suffix}")
    for target in (f"file{suffix}", f"link{suffix}"):
        run_cli(*command.split(), "-o", target, check=True)
    expected = (tmp_path / f"file{suffix}").read_bytes()
    assert (tmp_path / f"link{suffix}").is_symlink()
    assert (tmp_path / f"there{suffix}").read_bytes() == expected
    for device, code in (("/dev/null", 0), ("/dev/full", 5)):
        before = os.stat(device)  # noqa: PTH116
        assert run_cli(*command.split(), "-o", device).returncode == code
        assert os.path.samestat(before, os.stat(device))  # noqa: PTH116
    with (tmp_path / "redirected").open("wb") as file:
        file.write(b"header")
        file.flush()
        subprocess.run(
            [sys.executable, "-m", "augtool", *command.split(), "-o", "/dev/stdout"],
            stdout=file,
            cwd=prepared,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=60,
        )
    assert (tmp_path / "redirected").read_bytes() == b"header" + expected


def test_the_reader_of_a_target_may_go_away(prepared: Path) -> None:
    assert call(prepared, f"replay out {COPY} -o /dev/stdout", "no reader").returncode == 0
