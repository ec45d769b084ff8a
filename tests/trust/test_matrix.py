"""A foreign thing in the place of each path, then each command: nothing outside of OUT changes."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from augtool.cli.app import app
from augtool.output.dataset import DatasetInfo, FileFacts
from tests.pictures import contents
from tests.trust.states import stopped
from tests.trust.tally import Tally
from tests.trust.world import (
    FIRST,
    FOREIGN,
    World,
    add_foreign,
    deadline,
    forge,
    is_drawn,
    snapshot,
    with_parts,
)

#: What may end a command; 1 would be a traceback.
CODES = {0, 2, 3, 4, 5, 6}
EXPAND = ["expand", "DATA", "OUT", "--per-image", "1", "--engine", "serial"]
COMMANDS = {
    "expand": EXPAND,
    "update": [*EXPAND, "--update"],
    "overwrite": [*EXPAND, "--overwrite"],
    "verify": ["verify", "OUT"],
    "verify --replay": ["verify", "OUT", "--replay", "all"],
    "replay": ["replay", "OUT", "PATH", "-o", "WRITTEN/again.png"],
    "report": ["report", "OUT"],
    "preview": ["preview", "OUT", "-o", "WRITTEN/sheet.png"],
    "inspect": ["inspect", "OUT"],
}


def link_to_file(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "victim.txt")


def link_to_folder(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "folder")


def dangling_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nothing")


def hard_link(path: Path, outside: Path) -> None:
    os.link(outside / "victim.txt", path)


def fifo(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def socket(path: Path, outside: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


def device(path: Path, outside: Path) -> None:
    """/dev/full: it can be read without end."""
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 7))


def folder(path: Path, outside: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_bytes(b"mine")


def empty_file(path: Path, outside: Path) -> None:
    path.write_bytes(b"")


THINGS: list[Callable[[Path, Path], None]] = [
    *(link_to_file, link_to_folder, dangling_link, hard_link),
    *(fifo, socket, device, folder, empty_file),
]


def state_of(world: World, state: str) -> tuple[str, Path]:
    """Return the sink and the output of a state."""
    sink, _, stage = state.partition(" ")
    if stage in ("", "parquet"):
        return state, world.finished(state, FIRST)
    return sink, stopped(world, sink, "results" if stage == "at work" else "previous.csv")


def paths_of(base: Path) -> list[str]:
    """Return every file and folder of an output, and where augtool would write others."""
    there = [str(path.relative_to(base)) for path in sorted(base.rglob("*"))]
    names = ["report.html", "report.html.tmp", "manifest.csv.tmp", "failures.csv", "metadata.csv"]
    own = ["lock", "merge.lock", "commit.json", "previous.csv", "run.json"]
    work = ["scratch", "staged", "payloads", "results"]
    if ".augtool" in there:
        (home,) = (path.name for path in base.glob(".augtool/work-*"))
        names += [f".augtool/{name}" for name in (*own, *(f"{home}/{each}" for each in work))]
    return list(dict.fromkeys(there + names))


def run_command(name: str, out: Path, data: Path, path: str = "cat/00__aug0.png") -> int:
    """Run a command; its exit code, after looking for a traceback."""
    written = out.parent / "written"
    written.mkdir(exist_ok=True)
    places = {"DATA": str(data), "OUT": str(out), "PATH": path}
    arguments = [places.get(each, each.replace("WRITTEN", str(written))) for each in COMMANDS[name]]
    to = "npz" if "npz" in str(out.parent.name) else "tree"
    if arguments[0] == "expand" and to != "tree":
        arguments += ["--to", to]
    if arguments[0] == "expand" and "parquet" in out.parent.name:
        arguments += ["--set", "output.manifest=parquet"]
    with deadline():
        result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in CODES, (result.exit_code, result.output)
    return result.exit_code


def outside_of(out: Path) -> Path:
    outside = out.parent / "outside"
    (outside / "folder" / "cat").mkdir(parents=True)
    (outside / "victim.txt").write_bytes(b"a victim")
    (outside / "folder" / "deep.txt").write_bytes(b"deep")
    (outside / "folder" / "cat" / "00.png").write_bytes(b"another cat")
    (outside / "link").symlink_to("victim.txt")
    return outside


def replace(path: Path, thing: Callable[[Path, Path], None], outside: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    thing(path, outside)


def mine_in(out: Path) -> dict[str, bytes]:
    """Return what is someone's in an output: not in augtool's own folder."""
    return {
        name: data
        for name, data in contents(out).items()
        if (name in FOREIGN or name.endswith("mine.txt")) and not name.startswith(".augtool/")
    }


STATES = [
    "tree",
    *with_parts(),
    "npz",
    "tree at work",
    "npz at work",
    "tree in commit",
    "npz in commit",
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.__name__)
@pytest.mark.parametrize("state", STATES)
def test_what_stands_in_the_place_of_a_path_leads_nowhere(
    world: World, tally: Tally, state: str, thing: Callable[[Path, Path], None]
) -> None:
    if thing is device and os.geteuid():
        pytest.skip("only root makes devices")
    sink, base = state_of(world, state)
    for path in paths_of(base):
        for name in COMMANDS:
            if not is_drawn(0.006, state, thing.__name__, path, name):
                continue
            out = world.case(base, f"-{sink}")
            add_foreign(out)
            outside = outside_of(out)
            replace(out / path, thing, outside)
            before, mine = snapshot(outside), mine_in(out)
            with tally.case("links", state, thing.__name__, path, name):
                run_command(name, out, world.data)
                assert snapshot(outside) == before
                # What somebody puts into the run's own folder may come along; nothing else changes.
                assert mine.items() <= mine_in(out).items()
            world.drop(out)


def lead_row_out(out: Path, target: str, *, is_copy: bool) -> str:
    """Let a row of the manifest name another path, with the digest that fits."""
    table = (out / "manifest.csv").read_bytes().decode()
    name = "cat/00__aug0.png" if is_copy else "cat/00.png"
    (out / "manifest.csv").write_bytes(table.replace(name, target, 1).encode("utf-8", "replace"))
    forge(out)
    return target


def lead_file_out(out: Path, target: str, *, is_copy: bool) -> str:
    """Let dataset.json name another file, beside those that are there or in place of one."""
    files = dict(DatasetInfo.parse((out / "dataset.json").read_bytes()).files)
    if not is_copy and files:
        files.popitem()
    files[target] = FileFacts(8, "0" * 64)
    forge(out, files=files)
    return target


TARGETS = {
    "up": "../outside/victim.txt",
    "absolute": "OUTSIDE/victim.txt",
    "down and up": "a/../../outside/victim.txt",
    "folder": "../outside/folder/cat/00.png",
    "own": ".augtool/../../outside/victim.txt",
    "through a link": "link/victim.txt",
    "too long": f"cat/{'x' * 256}.png",
    "no name": "cat/\ud800.png",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("forger", [lead_row_out, lead_file_out], ids=lambda each: each.__name__)
@pytest.mark.parametrize("sink", ["tree", "npz"])
def test_what_a_forged_row_names_outside_is_left_alone(
    world: World, tally: Tally, sink: str, forger: Any, target: str
) -> None:
    if sink == "npz" and forger is lead_row_out:
        forger = lead_file_out
    for is_copy in (False, True):
        for name in COMMANDS:
            if not is_drawn(0.08, sink, forger.__name__, target, is_copy, name):
                continue
            out = world.case(world.finished(sink, FIRST), f"-{sink}")
            add_foreign(out)
            outside = outside_of(out)
            (out / "link").symlink_to(outside)
            place = TARGETS[target].replace("OUTSIDE", str(outside))
            path = forger(out, place, is_copy=is_copy)
            before, mine = snapshot(outside), mine_in(out)
            with tally.case("rows", sink, forger.__name__, target, is_copy, name):
                run_command(name, out, world.data, path)
                assert snapshot(outside) == before
                # What somebody puts into the run's own folder may come along; nothing else changes.
                assert mine.items() <= mine_in(out).items()
            world.drop(out)
