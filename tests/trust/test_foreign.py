"""Someone's files in OUT: before a run, beside a finished one, and put there while it works."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augtool.errors import ExitCode
from augtool.images.source_image import ProbedImage
from augtool.output.verify import verify
from tests.pictures import contents
from tests.trust.states import stopped
from tests.trust.tally import Tally
from tests.trust.world import (
    FIRST,
    SECOND,
    WHOLE,
    Existing,
    World,
    add_foreign,
    differences,
    run,
    sinks,
    snapshot,
)

CHANGING: list[Existing] = ["update", "overwrite"]


@pytest.mark.parametrize("existing", ["refuse", *CHANGING])
@pytest.mark.parametrize(
    "name", ["thesis/x.txt", "x.txt", "cat/00.png", "manifest.csv", "data.npz"]
)
@pytest.mark.parametrize("sink", ["tree", "npz"])
def test_an_output_with_foreign_files_is_refused(
    world: World, tally: Tally, sink: str, name: str, existing: Existing
) -> None:
    """A folder called .augtool makes nothing beside it augtool's."""
    out = world.case()
    (out / ".augtool").mkdir(parents=True)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_bytes(b"mine")
    with tally.case("foreign", sink, name, existing):
        ended = run(world.data, out, SECOND, sink=sink, existing=existing)
        assert ended.code == ExitCode.OCCUPIED, ended
        assert name.partition("/")[0] in ended.said
        assert contents(out) == {name: b"mine"}
    world.drop(out)


@pytest.mark.parametrize("existing", CHANGING)
@pytest.mark.parametrize("sink", sinks())
def test_models_beside_a_finished_run_stay(
    world: World, tally: Tally, sink: str, existing: Existing
) -> None:
    mine = {"model.keras": b"weights", "runs/1/best.pt": b"weights", "thesis/x.txt": b""}
    out = world.case(world.finished(sink, FIRST))
    put(out, mine)
    before = {name: snapshot(out / name) for name in mine}
    with tally.case("foreign", sink, existing):
        assert run(world.data, out, SECOND, sink=sink, existing=existing).code == WHOLE
        assert {name: snapshot(out / name) for name in mine} == before
        extra = {each.path for each in verify(out).findings}
        assert extra == set(mine)
        assert contents(out) == {**world.fresh(sink, SECOND), **mine}
    world.drop(out)


def put(out: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)


def in_the_middle(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something be done when the fourth picture is loaded."""
    loaded, load = [], ProbedImage.decode

    def watched(*arguments: Any) -> Any:
        loaded.append(1)
        if len(loaded) == 4:
            act()
        return load(*arguments)

    monkeypatch.setattr("augtool.images.source_image.ProbedImage.decode", watched)


@pytest.mark.parametrize("existing", CHANGING)
@pytest.mark.parametrize("has_old", [False, True])
@pytest.mark.parametrize("name", ["mine.txt", "cat/mine.txt", "new/mine.txt", "cat/.mine"])
def test_a_file_that_comes_while_a_run_works_stays(
    world: World,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    has_old: bool,
    existing: Existing,
) -> None:
    out = world.case(world.finished("tree", FIRST) if has_old else None)
    fresh = world.fresh("tree", SECOND)
    in_the_middle(monkeypatch, lambda: put(out, {name: b"mine"}))
    with tally.case("foreign", name, has_old, existing):
        assert run(world.data, out, SECOND, existing=existing).code == WHOLE
        assert contents(out) == {**fresh, name: b"mine"}
    world.drop(out)


@pytest.mark.parametrize("existing", CHANGING)
@pytest.mark.parametrize("sink", ["tree", "npz"])
@pytest.mark.parametrize("has_old", [False, True])
def test_a_file_that_comes_in_the_place_of_a_new_one_is_not_replaced(
    world: World,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
    sink: str,
    has_old: bool,
    existing: Existing,
) -> None:
    """The run ends with exit 4, and the old state counts; without the file, the command goes on."""
    name = "cat/00__aug1.png" if sink == "tree" else "data.npz"
    before, after = (SECOND, FIRST) if sink == "tree" else (SECOND, SECOND)
    old = world.finished("tree", before) if has_old else None
    out = world.case(old)
    fresh = world.fresh(sink, after)
    in_the_middle(monkeypatch, lambda: put(out, {name: b"mine"}))
    with tally.case("foreign", sink, name, has_old, existing):
        ended = run(world.data, out, after, sink=sink, existing=existing)
        assert ended.code == ExitCode.OCCUPIED, ended
        assert name in ended.said
        there = {name: data for name, data in contents(out).items() if ".augtool/" not in name}
        assert there == {**(contents(old) if old else {}), name: b"mine"}
        monkeypatch.undo()
        monkeypatch.setattr(os, "sync", lambda: None)
        (out / name).unlink()
        assert run(world.data, out, after, sink=sink, existing=existing).code == WHOLE
        add_foreign(out)
        assert differences(out, fresh) == []
    world.drop(out)


@pytest.mark.parametrize("stage", ["results", "previous.csv"])
@pytest.mark.parametrize("sink", ["tree", "npz", "webdataset"])
def test_files_beside_a_killed_run_stay(world: World, tally: Tally, sink: str, stage: Any) -> None:
    """Also where the run that follows is another one."""
    for changes in (FIRST, SECOND):
        out = world.case(stopped(world, sink, stage))
        add_foreign(out)
        put(out, {"model.keras": b"weights"})
        with tally.case("foreign", sink, stage, changes):
            ended = run(world.data, out, changes, sink=sink, existing="overwrite")
            assert ended.code == WHOLE, ended
            assert (out / "model.keras").read_bytes() == b"weights"
            (out / "model.keras").unlink()
            assert differences(out, world.fresh(sink, changes)) == []
        world.drop(out)


@pytest.mark.parametrize("existing", ["refuse", *CHANGING])
def test_a_class_folder_that_is_someones_is_refused_before_the_work(
    world: World, tally: Tally, monkeypatch: pytest.MonkeyPatch, existing: Existing
) -> None:
    out = world.case(stopped(world, "tree", "results"))
    put(out, {"dog/mine.txt": b"mine"})
    in_the_middle(monkeypatch, lambda: pytest.fail("the work has begun"))
    with tally.case("foreign", "class folder", existing):
        ended = run(world.data, out, FIRST, existing=existing)
        assert ended.code == ExitCode.OCCUPIED, ended
        assert existing == "refuse" or "dog" in ended.said
        assert (out / "dog/mine.txt").read_bytes() == b"mine"
    world.drop(out)
