"""A small data set, its outputs in every state, and commands that are watched."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

from augtool import Config, Options, expand
from augtool.errors import AugtoolError
from augtool.output.dataset import DatasetInfo
from augtool.run.options import Shard
from tests.drawing import numbers
from tests.pictures import contents, make_tree

NIGHTLY = bool(os.environ.get("AUGTOOL_FUZZ"))
#: A run takes a hundredth of a second; one that takes so long waits for something.
_HANGS_S = 30.0
#: What the data hold that can't be used makes every whole run end with 3.
WHOLE = 3

Existing = Literal["refuse", "overwrite", "update"]
#: Two configs: from one to the other, files appear, go, change and stay.
FIRST: dict[str, Any] = {"per_image": 2}
SECOND: dict[str, Any] = {
    "per_image": 1,
    "per_class": {"dog": {"transforms": {"rotation_range": 40}}},
}


class Hung(BaseException):
    """A command did not end."""


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it said."""

    code: int
    said: str = ""


def make_data(folder: Path) -> Path:
    """Two classes of three pictures, and one that is broken."""
    data = make_tree(folder, {"cat": 3, "dog": 3}, height=6, width=5)
    (data / "cat" / "broken.png").write_bytes(b"not a picture")
    return data


def config_of(sink: str, changes: dict[str, Any]) -> Config:
    """Return the config of a sink; of ``tree parquet``, with that form of manifest."""
    sink, _, form = sink.partition(" ")
    output = {"to": sink, "manifest": form or "csv"}
    if sink in ("webdataset", "tfrecord", "parquet", "mds"):
        output["shard_size"] = "1KB"
    return Config.model_validate({**changes, "output": output})


def run(
    data: Path,
    out: Path,
    changes: dict[str, Any],
    *,
    sink: str = "tree",
    existing: Existing = "refuse",
    shard: Shard | None = None,
) -> Ended:
    """Expand, and return how it ended; what is no error of augtool's goes through."""
    options = Options(engine="serial", existing=existing, shard=shard)
    with deadline():
        try:
            report = expand(data, out, config=config_of(sink, changes), options=options)
        except AugtoolError as error:
            return Ended(error.exit_code, str(error))
    return Ended(report.exit_code, report.status)


@contextlib.contextmanager
def deadline(seconds: float = _HANGS_S) -> Iterator[None]:
    """Raise `Hung` in a block that takes too long, whatever it waits for."""

    def stop(*_: object) -> None:
        raise Hung

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class World:
    """Outputs that are made once and copied for each case."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = make_data(folder / "data")
        self._made: dict[tuple[str, str], Path] = {}
        self._cases = 0
        #: Outputs of runs that were stopped, by what is told of them; they are only read.
        self.states: dict[str, Path] = {}

    def finished(self, sink: str, changes: dict[str, Any]) -> Path:
        """Return a finished output, which is only read."""
        key = sink, json.dumps(changes)
        if key not in self._made:
            out = self.folder / f"made{len(self._made)}"
            assert run(self.data, out, changes, sink=sink, existing="refuse").code == WHOLE
            self._made[key] = out
        return self._made[key]

    def fresh(self, sink: str, changes: dict[str, Any]) -> dict[str, bytes]:
        """Return what a fresh run leaves."""
        return contents(self.finished(sink, changes))

    def case(self, base: Path | None = None, name: str = "") -> Path:
        """Return the output folder of a new case: a copy, with a foreign file in it."""
        self._cases += 1
        out = self.folder / f"case{self._cases}{name}" / "out"
        out.parent.mkdir()
        if base is not None:
            shutil.copytree(base, out, symlinks=True)
        return out

    @staticmethod
    def drop(out: Path) -> None:
        """Remove a case."""
        shutil.rmtree(out.parent)


FOREIGN = {"thesis/x.txt": b"years of work"}


def add_foreign(out: Path) -> None:
    """Put someone's file beside everything."""
    for name, data in FOREIGN.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)


def differences(out: Path, fresh: dict[str, bytes]) -> list[str]:
    """Return what is not as a fresh run and the foreign files make it."""
    expected, there = {**fresh, **FOREIGN}, contents(out)
    names = {*expected, *there}
    changed = sorted(name for name in names if expected.get(name) != there.get(name))
    folders = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_dir()}
    return changed + sorted(folders ^ {str(each) for name in expected for each in _above(name)})


def _above(name: str) -> list[Path]:
    return list(Path(name).parents)[:-1]


def drawn(count: int, *what: object) -> list[float]:
    """Return numbers in [0, 1), by hash."""
    return list(numbers(repr(what), 0, count))


def is_drawn(share: float, *what: object) -> bool:
    """Tell whether a case is among those that are tried: all at night, else a share by hash."""
    if NIGHTLY:
        return True
    return drawn(1, *what)[0] < share


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    """Return all that could change of what lies in a folder, but how many links there are."""
    seen: dict[str, tuple[object, ...]] = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        data: object = None
        if stat.S_ISREG(status.st_mode):
            data = path.read_bytes()
        elif stat.S_ISLNK(status.st_mode):
            data = os.readlink(path)  # noqa: PTH115
        seen[str(path)] = (status.st_mode, status.st_ino, status.st_mtime_ns, data)
    return seen


def forge(out: Path, **changes: object) -> None:
    """Change dataset.json as augtool itself would write it, with the manifest's digest."""
    info = DatasetInfo.parse((out / "dataset.json").read_bytes())
    digest = sha256((out / "manifest.csv").read_bytes()).hexdigest()
    (out / "dataset.json").write_bytes(info._replace(digest=digest, **changes).encode())  # type: ignore[arg-type]


@cache
def sinks() -> list[str]:
    """Return the sinks that can be used here."""
    from augtool.sinks import SINKS

    return [name for name in SINKS if name != "parquet" or _has_pyarrow()]


def with_parts() -> list[str]:
    """Return the sinks whose outputs are tried with a manifest in parts, too."""
    some = ["tree", "webdataset", "npz"] if NIGHTLY else ["tree"]
    return [f"{name} parquet" for name in some] if _has_pyarrow() else []


def _has_pyarrow() -> bool:
    return importlib.util.find_spec("pyarrow") is not None
