"""A run that is refused, and made nothing, leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, Options, expand
from augtool.errors import ConfigError, InputError, StoppedError
from tests.pictures import contents, make_tree, picture, write

SERIAL = Options(engine="serial")
STOP = replace(SERIAL, on_error="fail")
ARRAYS = {"output": {"to": "npz"}}


def run(data: Path, out: Path, options: Options = SERIAL, **settings: Any) -> Any:
    return expand(data, out, config=Config.model_validate(settings), options=options)


def mixed(root: Path) -> None:
    """One image is gray, which is found while the others are made."""
    make_tree(root, {"cat": 3, "dog": 3})
    write(root / "dog" / "02.png", picture(1, channels=1))


def broken(root: Path) -> None:
    make_tree(root, {"cat": 2})
    for path in root.rglob("*.png"):
        path.write_bytes(b"")


def nothing_to_train_on(root: Path) -> None:
    make_tree(root / "val", {"cat": 2})
    broken(root / "train")


REFUSALS: list[Any] = [
    (mixed, SERIAL, ARRAYS, ConfigError),
    pytest.param(mixed, Options(workers=2), ARRAYS, ConfigError, marks=pytest.mark.processes),
    (broken, STOP, {}, StoppedError),
    (nothing_to_train_on, SERIAL, {**ARRAYS, "transforms": {"zca_whitening": True}}, InputError),
]


@pytest.mark.parametrize(("make", "options", "settings", "error"), REFUSALS)
@pytest.mark.parametrize("is_there", [False, True])
def test_the_output_is_as_it_was(
    tmp_path: Path,
    make: Callable[[Path], None],
    options: Options,
    settings: dict[str, Any],
    error: type[Exception],
    is_there: bool,
) -> None:
    make(tmp_path / "data")
    out = tmp_path / "new" / "out"
    if is_there:
        out.mkdir(parents=True)
    with pytest.raises(error):
        run(tmp_path / "data", out, options, **settings)
    assert out.exists() == out.parent.exists() == is_there
    assert not is_there or not list(out.iterdir())
    assert run(tmp_path / "data", out, seed=1).status == "done"  # another command


def test_a_finished_output_stays(tmp_path: Path) -> None:
    mixed(tmp_path / "data")
    make_tree(tmp_path / "other", {"cat": 2})
    run(tmp_path / "other", tmp_path / "out", **ARRAYS)
    before = contents(tmp_path / "out")
    with pytest.raises(ConfigError):
        run(tmp_path / "data", tmp_path / "out", replace(SERIAL, existing="update"), **ARRAYS)
    assert contents(tmp_path / "out") == before
    assert not (tmp_path / "out" / ".augtool").exists()


def test_what_was_made_before_a_stop_stays(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 30, "dog": 2})
    (data / "dog" / "01.png").write_bytes(b"")
    with pytest.raises(StoppedError):
        run(data, tmp_path / "out", STOP)
    assert (tmp_path / "out" / ".augtool").is_dir()
    assert run(data, tmp_path / "out").exit_code == 3  # the same command without the flag
