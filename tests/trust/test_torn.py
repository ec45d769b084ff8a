"""Cut, flipped, emptied, lost: a damaged file is noticed, and the run ends as a fresh one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augtool.errors import ExitCode
from tests.trust.states import stopped
from tests.trust.tally import Tally
from tests.trust.world import (
    NIGHTLY,
    SECOND,
    WHOLE,
    Ended,
    Existing,
    World,
    add_foreign,
    differences,
    drawn,
    is_drawn,
    run,
    with_parts,
)

Damage = tuple[str, Callable[[bytes], bytes]]
EXISTING: list[Existing] = ["refuse", "update", "overwrite"]


def damages(data: bytes, *what: object) -> Iterator[Damage]:
    """Yield ways to cut a file and to flip a bit of it: at forty places at night, else at one."""
    if NIGHTLY:
        step = max(1, len(data) // 40)
        places = list(range(0, len(data), step))
    else:
        places = [int(drawn(1, *what)[0] * len(data))] if data else []
    for at in places:
        bit = 1 << (at % 8)
        yield f"cut at {at}", lambda data, at=at: data[:at]  # type: ignore[misc]
        yield (
            f"flipped at {at}",
            lambda data, at=at, bit=bit: data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :],  # type: ignore[misc]
        )


def files_of(base: Path) -> list[str]:
    return [
        str(path.relative_to(base))
        for path in sorted(base.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != "lock"
    ]


STATES = {
    "tree at work": ("tree", "results"),
    "npz at work": ("npz", "results"),
    "webdataset at work": ("webdataset", "results"),
    "tree in commit": ("tree", "previous.csv"),
    "npz in commit": ("npz", "previous.csv"),
    **{f"{sink} in commit": (sink, "previous.csv") for sink in with_parts()},
}


@pytest.mark.parametrize("existing", EXISTING)
@pytest.mark.parametrize("state", STATES)
def test_a_torn_file_of_an_unfinished_run_is_noticed(
    world: World, tally: Tally, state: str, existing: Existing
) -> None:
    """The file is named, or what it told is made anew."""
    sink, stage = STATES[state]
    base, fresh = stopped(world, sink, stage), world.fresh(sink, SECOND)
    for name in files_of(base):
        for said, damage in damages((base / name).read_bytes(), state, existing, name):
            if not is_drawn(0.09, state, existing, name, said):
                continue
            out = world.case(base)
            add_foreign(out) if stage == "previous.csv" else None
            (out / name).write_bytes(damage((base / name).read_bytes()))
            with tally.case("torn", state, existing, name, said):
                ended = run(world.data, out, SECOND, sink=sink, existing=existing)
                add_foreign(out)
                # It was started with --update: another command may say so.
                is_other = stage == "previous.csv" and existing == "refuse" and ended.code == 4
                if not (is_other and "finished run that differs" in ended.said):
                    require_whole(ended, out, fresh, name, strictly=existing == "update")
            world.drop(out)


def require_whole(
    ended: Ended, out: Path, fresh: dict[str, bytes], name: str, *, strictly: bool
) -> None:
    """Require a fresh run's bytes, or a message that names the file."""
    if ended.code == WHOLE:
        left = differences(out, fresh)
        # Only an update looks at each byte of what is in its place, or on its way there.
        assert not left or (left == [name.rpartition("/staged/")[2]] and not strictly), left
    else:
        assert ended.code in (ExitCode.OCCUPIED, ExitCode.CANNOT_WRITE), ended
        assert Path(name).name in ended.said, ended


@pytest.mark.parametrize("existing", EXISTING)
@pytest.mark.parametrize("name", ["manifest.csv", "dataset.json", "failures.csv"])
@pytest.mark.parametrize("sink", ["tree", "npz"])
def test_a_torn_file_that_describes_a_finished_run_is_noticed(
    world: World, tally: Tally, sink: str, name: str, existing: Existing
) -> None:
    base, fresh = world.finished(sink, SECOND), world.fresh(sink, SECOND)
    for said, damage in damages(fresh[name], sink, name, existing):
        out = world.case(base)
        add_foreign(out)
        (out / name).write_bytes(damage(fresh[name]))
        with tally.case("torn", sink, existing, name, said):
            ended = run(world.data, out, SECOND, sink=sink, existing=existing)
            assert existing == "refuse" or ended.code == WHOLE, ended
            require_whole(ended, out, fresh, name, strictly=True)
        world.drop(out)


def losses(base: Path, name: str) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Yield all ways to damage one file of a finished output."""
    for said, damage in damages((base / name).read_bytes(), "losses", name):
        yield (
            said,
            lambda path, damage=damage: (  # type: ignore[misc]
                path.write_bytes(damage(path.read_bytes()))
            ),
        )
    yield "emptied", lambda path: path.write_bytes(b"")
    yield "removed", Path.unlink
    yield "renamed", lambda path: path.rename(path.with_name("other.bin"))
    yield "doubled", lambda path: path.write_bytes(path.read_bytes() * 2)
    yield "a folder", lambda path: (path.unlink(), path.mkdir())  # type: ignore[func-returns-value]
    yield "a dangling link", lambda path: (path.unlink(), path.symlink_to("nowhere"))  # type: ignore[func-returns-value]
    yield "a pipe", lambda path: (path.unlink(), os.mkfifo(path))  # type: ignore[func-returns-value]


#: After these an update ends with exit 4, and says what is in the way.
REFUSED = {"a folder"}


@pytest.mark.parametrize("sink", ["tree", "npz", "webdataset", *with_parts()])
def test_an_update_makes_any_single_damage_good(world: World, tally: Tally, sink: str) -> None:
    base, fresh = world.finished(sink, SECOND), world.fresh(sink, SECOND)
    share = 0.4 if sink == "npz" else 0.1  # it has few files
    for name in files_of(base):
        for said, damage in losses(base, name):
            if not is_drawn(share, sink, name, said):
                continue
            out = world.case(base)
            add_foreign(out)
            damage(out / name)
            with tally.case("damage", sink, name, said):
                ended = run(world.data, out, SECOND, sink=sink, existing="update")
                if said == "renamed" and name.startswith("manifest/"):
                    assert ended.code == ExitCode.OCCUPIED, ended  # it would be read as a part
                    assert "manifest/other.bin: is there already" in ended.said, ended
                elif said in REFUSED:
                    assert ended.code == ExitCode.OCCUPIED, ended
                    assert name in ended.said, ended
                else:
                    assert ended.code == WHOLE, ended
                    other = (out / name).with_name("other.bin")
                    other.unlink(missing_ok=True)  # what was renamed is someone's
                    assert differences(out, fresh) == []
            world.drop(out)


@pytest.mark.parametrize("sink", ["tree", "npz"])
def test_a_class_folder_that_is_lost_is_made_again(world: World, tally: Tally, sink: str) -> None:
    base, fresh = world.finished(sink, SECOND), world.fresh(sink, SECOND)
    for folder in [path.name for path in base.iterdir() if path.is_dir()]:
        out = world.case(base)
        add_foreign(out)
        shutil.rmtree(out / folder)
        with tally.case("damage", sink, folder):
            assert run(world.data, out, SECOND, sink=sink, existing="update").code == WHOLE
            assert differences(out, fresh) == []
        world.drop(out)


@pytest.mark.parametrize("sink", ["tree", "npz", "webdataset"])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_files_that_a_power_loss_left_empty_are_made_again(
    world: World, tally: Tally, sink: str, share: float
) -> None:
    """What the run had written, but for its results, may not have reached the disk; or nothing."""
    base, fresh = stopped(world, sink, "results"), world.fresh(sink, SECOND)
    for attempt in range(60 if NIGHTLY else 2):
        for existing in EXISTING:
            out = world.case(base)
            names = files_of(base)
            lost = [
                name
                for name, draw in zip(names, drawn(len(names), sink, share, attempt, existing))
                if draw < share and (attempt % 2 or "/results/" not in name)
            ]
            for name in lost:
                (out / name).write_bytes(b"")
            with tally.case("power", sink, share, attempt, existing, lost):
                ended = run(world.data, out, SECOND, sink=sink, existing=existing)
                assert ended.code == WHOLE, ended
                add_foreign(out)
                assert differences(out, fresh) == []
            world.drop(out)
