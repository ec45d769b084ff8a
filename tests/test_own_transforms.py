"""Transforms of the user's own: allowed or not, recorded, remade, and with mistakes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from augtool.config.load import load
from augtool.config.own_code import load_own
from augtool.config.schema import Config
from augtool.errors import ConfigError
from augtool.images.arrays import augment
from augtool.output import manifest
from augtool.output.dataset import read_dataset
from tests.conftest import Run
from tests.pictures import contents, make_tree, picture, write

PAGE = (Path(__file__).parents[1] / "docs" / "own-transforms.md").read_text()
#: Two copies of each picture.
EXPAND = "expand data out -c recipe.yaml --per-image 2 --allow-code".split()  # noqa: SIM905
CODE, YAML = re.findall(r"```(?:python|yaml)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    """Each test has modules of its own in its own folder."""
    known = set(sys.modules)
    load_own.cache_clear()
    yield
    load_own.cache_clear()
    for name in set(sys.modules) - known:
        if not hasattr(sys.modules[name], "__path__") and name in {"scanlines", "mine"}:
            del sys.modules[name]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's example, and three pictures."""
    monkeypatch.chdir(tmp_path)
    make_tree(tmp_path / "data", {"cat": 3})
    (tmp_path / "scanlines.py").write_text(CODE)
    (tmp_path / "recipe.yaml").write_text(YAML)
    return tmp_path


def test_code_runs_only_if_allowed(example: Path, run_cli: Run) -> None:
    (example / "scanlines.py").write_text("raise SystemExit('was run')")
    refused = run_cli("expand", "data", "out", "-c", "recipe.yaml")
    assert refused.returncode == 2
    assert (
        "recipe.yaml: transforms.own: scanlines:Scanlines is Python code, which augtool runs only"
        " if told to; pass --allow-code if you trust it" in refused.stderr
    )
    assert not (example / "out").exists()
    assert "scanlines" not in sys.modules
    with pytest.raises(ValueError, match="--allow-code"):
        Config.model_validate({"transforms": {"own": {"scanlines:Scanlines": 0.5}}})


def test_a_run_is_recorded_recognised_and_remade(example: Path, run_cli: Run) -> None:
    done = run_cli(*EXPAND)
    assert done.returncode == 0, done.stderr
    dataset = json.loads((example / "out/dataset.json").read_text())
    (name, code), *_ = dataset["own_code"].items()
    assert (name, code["version"]) == ("scanlines:Scanlines", "1.0")
    drawn = [
        record.params["darkening"]
        for record in manifest.read(example / "out/manifest.csv")
        if record.params
    ]
    assert len(set(drawn)) == 6
    assert all(0.2 <= each < 0.8 for each in drawn)
    for command in (
        "verify out --replay all",
        "report out",
        "replay out cat/00__aug1.png -o a.png",
    ):
        assert "--allow-code" in run_cli(*command.split()).stderr
        assert run_cli(*command.split(), "--allow-code").returncode == 0
    again = run_cli(*EXPAND)
    assert "up to date" in again.stderr


def test_other_code_is_another_run(example: Path, run_cli: Run) -> None:
    run_cli(*EXPAND)
    before = contents(example / "out")
    (example / "scanlines.py").write_text(CODE.replace("made[::2]", "made[::3]"))
    del sys.modules["scanlines"]
    load_own.cache_clear()
    verified = run_cli("verify", "out", "--allow-code")
    assert "scanlines:Scanlines is not the code that the output was made with" in verified.stderr
    assert "differs" in run_cli(*EXPAND).stderr
    assert run_cli(*EXPAND, "--update").returncode == 0
    after = contents(example / "out")
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {path for path in before if "__aug" in path} | {
        "dataset.json",
        "manifest.csv",
    }


def test_an_output_cannot_name_code_for_an_update_to_run(example: Path, run_cli: Run) -> None:
    run_cli(*EXPAND)
    dataset = read_dataset(example / "out")
    text = json.dumps(dataset.settings).replace("scanlines:Scanlines", "mine:Own")
    own_code = {"mine:Own": dataset.own_code["scanlines:Scanlines"]}
    changed = dataset._replace(settings=json.loads(text), own_code=own_code)
    (example / "out/dataset.json").write_bytes(changed.encode())
    (example / "mine.py").write_text("open('was-run', 'w')")
    assert run_cli(*EXPAND, "--update").returncode == 0
    assert not (example / "was-run").exists()
    assert read_dataset(example / "out") == dataset


@pytest.mark.processes
def test_spawned_workers_import_it_too(
    example: Path, run_cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_cli(*EXPAND).returncode == 0
    (example / "out").rename(example / "forked")
    monkeypatch.setattr("augtool.engines.processes._start_method", lambda: "spawn")
    done = run_cli(*EXPAND, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert contents(example / "forked") == contents(example / "out")


def test_a_preview_and_a_check_show_it(example: Path, run_cli: Run) -> None:
    write(example / "one.png", picture())
    command = ["preview", "one.png", "-c", "recipe.yaml", "--per-transform", "--json"]
    assert run_cli(*command).returncode == 2
    rows = json.loads(run_cli(*command, "--allow-code").stdout)["strips"]
    assert [row["transform"] for row in rows] == ["rotation_range", "scanlines:Scanlines"]
    assert rows[1]["copies"][2]["strength"] > 0.1
    assert "scanlines" in run_cli("config", "check", "recipe.yaml", "--allow-code").stdout


def test_it_may_be_gated_chosen_and_differ_by_class(example: Path) -> None:
    (example / "recipe.yaml").write_text(
        "transforms:\n"
        "  invert: 1.0\n"
        "  own: {scanlines:Scanlines: 1}\n"
        "  probability: {scanlines:Scanlines: 0.5}\n"
        "policy: [{one_of: [scanlines:Scanlines, invert]}]\n"
        "per_class: {cat: {transforms: {own: {scanlines:Scanlines: 0}}}}\n"
    )
    config = load(example / "recipe.yaml", allow_code=True)
    params = augment(np.full((1, 4, 4), 200, np.uint8), config, copies=400).params
    shares = [np.mean([each[name] > 0 for each in params]) for name in ("darkening", "invert")]
    assert np.allclose(shares, [0.25, 0.5], atol=0.08)
    assert [each.name for each in config.pipeline("cat").photometric] == ["invert"]
    with pytest.raises(ConfigError, match=r"probability\.other:Own: other:Own is off"):
        load(None, {"transforms.probability": {"other:Own": 0.5}}, allow_code=True)


GEOMETRIC = """
class Own:
    columns, measures, identity, uniforms = ("aside",), ("pixels",), (0.0,), 1
    parse = classmethod(lambda cls, value: cls())
    def make_params(self, uniforms, frames):
        return (uniforms[0] * 0 + 2,)
    def matrix(self, params):
        return (1.0, 0.0, params[0], 0.0, 1.0, 0.0)
"""


def own(folder: Path, code: str) -> Config:
    (folder / "mine.py").write_text(code)
    return load(None, {"transforms": {"own": {"mine:Own": 1}}}, allow_code=True)


def test_a_matrix_of_ones_own_is_part_of_the_warp(example: Path) -> None:
    image = picture()
    made = augment(image[None], own(example, GEOMETRIC)).images[0]
    assert np.array_equal(made[:, :-2], image[:, 2:])


LEVELS = (
    GEOMETRIC.partition("    def matrix")[0].replace("aside", "half")
    + """
    stage = "levels"
    def change(self, levels, params):
        levels.then(lambda level: level / 2)
"""
)


def test_levels_of_ones_own_join_the_table(example: Path) -> None:
    image = picture()
    assert np.array_equal(augment(image[None], own(example, LEVELS)).images[0], image // 2)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "has no class 'Own'"),
        ("import nowhere", "its import failed: ModuleNotFoundError: No module named 'nowhere'"),
        ("Own = 3", "has no class 'Own'"),
        ("class Own: pass", "has no method parse"),
        (GEOMETRIC.replace("matrix", "turn"), "has no method matrix"),
        (GEOMETRIC.replace('"aside"', '"rotation"'), "column 'rotation' is augtool's own"),
        (GEOMETRIC.replace("(0.0,)", "()"), "identity is (); give one for each of columns"),
        (GEOMETRIC.replace("cls()", "cls(1)"), "parse failed: TypeError: Own() takes no"),
        (GEOMETRIC.replace("+ 2", "/ 0"), "make_params failed: ValueError: got float64"),
        (GEOMETRIC.replace("uniforms[0] *", "uniforms[0][:1] *"), "got (1,) numbers for 2 copies"),
        (GEOMETRIC.replace("+ 2,", "+ 2, 3"), "got 2 parameters for 1 columns"),
        (GEOMETRIC.replace(", 0.0)", ")"), "matrix failed: ValueError: not enough values"),
        (LEVELS.replace('"levels"', '"sky"'), "stage is 'sky'; use one of colour, hue"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*encountered in divide")
def test_a_class_that_is_no_transform_is_refused(example: Path, code: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        own(example, code)
    assert str(caught.value).startswith("command line: transforms.own: mine:Own: ")


LATE_MISTAKE = """
    def make_params(self, uniforms, frames):
        if uniforms.min() > 0: raise KeyError("darkening")
        return (uniforms[0],)
"""


def test_a_mistake_in_a_draw_ends_the_run(example: Path, run_cli: Run) -> None:
    (example / "scanlines.py").write_text(CODE + LATE_MISTAKE)
    done = run_cli(*EXPAND)
    assert done.returncode == 2
    said = "transforms.own: scanlines:Scanlines: make_params failed: KeyError: 'darkening'; fix"
    assert said in done.stderr


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("return image[1:]", "ValueError: got shape (23, 31, 3); expected (24, 31, 3)"),
        ("return image * 1.0", "TypeError: got float64; expected uint8"),
        ("return None", "TypeError: got NoneType; expected an array"),
        ("image[:] = 0; return image", "ValueError: assignment destination is read-only"),
    ],
)
def test_a_mistake_on_an_image_is_a_named_failure(
    example: Path, run_cli: Run, body: str, said: str
) -> None:
    fails = f"        if image.max() < 50: {body}\n        made = image.copy()"
    (example / "scanlines.py").write_text(CODE.replace("        made = image.copy()", fails))
    write(example / "data/cat/dark.png", np.full((24, 31, 3), 9, np.uint8))
    assert run_cli(*EXPAND, "--engine", "serial").returncode == 3
    (failure,) = (example / "out/failures.csv").read_text().splitlines()[1:]
    assert failure.replace('"', "") == (
        f"cat/dark.png,transform,scanlines:Scanlines: apply failed: {said}"
    )


def test_levels_that_cannot_be_are_a_named_failure(example: Path) -> None:
    config = own(example, LEVELS.replace("level / 2", "level[:1]"))
    with pytest.raises(Exception, match="mine:Own: change failed: ValueError: got levels of shape"):
        augment(picture()[None], config)
