from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool import Config, ConfigError, Options, expand
from augtool.config.load import load
from augtool.core.records import TRAIN
from augtool.output.verify import verify
from augtool.plan.plan import Plan, make_plan
from tests.conftest import Run
from tests.pictures import contents, make_tree
from tests.plan.test_plan import listing
from tests.run.test_lineage import Told

SIZES = {"a": 40, "b": 10, "c": 3}


def plan(held_out: int = 0, sizes: dict[str, int] = SIZES, **settings: Any) -> Plan:
    return make_plan(listing(sizes, held_out), Config.model_validate(settings))


def ends(made: Plan) -> dict[str, int]:
    """Return the training records of each class."""
    return {name: counts.records for name, counts in made.counts()[TRAIN].items()}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"balance": True}, {"a": 40, "b": 40, "c": 40}),
        ({"balance": "largest"}, {"a": 40, "b": 40, "c": 40}),
        ({"balance": "median"}, {"a": 40, "b": 10, "c": 10}),
        ({"balance": 20}, {"a": 40, "b": 20, "c": 20}),
        ({"balance": 500}, {"a": 500, "b": 500, "c": 500}),
        ({"balance": "median", "ratio": 1}, {"a": 40, "b": 20, "c": 20}),
        ({"balance": "median", "undersample": True}, {"a": 10, "b": 10, "c": 10}),
        ({"balance": 5, "undersample": True}, {"a": 5, "b": 5, "c": 5}),
        ({"balance": 10, "ratio": 1.5, "undersample": True}, {"a": 25, "b": 25, "c": 25}),
        ({"balance": 5, "undersample": True, "sampling": "bootstrap"}, {"a": 5, "b": 5, "c": 5}),
    ],
)
def test_every_class_ends_at_one_size(settings: Any, expected: dict[str, int]) -> None:
    assert ends(plan(**settings)) == expected


@given(st.integers(1, 60), st.dictionaries(st.sampled_from("abcd"), st.integers(1, 50), min_size=1))
def test_undersampled_classes_end_at_the_goal_whatever_their_sizes(
    goal: int, sizes: dict[str, int]
) -> None:
    made = plan(sizes=sizes, balance=goal, undersample=True)
    assert set(ends(made).values()) == {goal}
    assert sum(made.left_out.values()) == sum(max(0, size - goal) for size in sizes.values())


def test_held_out_images_are_never_left_out() -> None:
    made = plan(held_out=6, balance=2, undersample=True)
    assert made.held_out == 6
    assert made.left_out == {"a": 38, "b": 8, "c": 1}
    assert made.arithmetic().endswith(" = 12 files (47 originals left out)")


def test_what_is_left_out_hardly_moves_when_an_image_is_added() -> None:
    settings = {"balance": 10, "undersample": True}
    before = {sample.id for sample in plan(**settings).samples}
    after = {sample.id for sample in plan(sizes={**SIZES, "a": 41}, **settings).samples}
    assert len(before ^ after) in (0, 2)
    other = {sample.id for sample in plan(**settings, seed=1).samples}
    assert len(before ^ other) > 4


def test_copies_of_what_stays_are_those_of_a_run_without_it(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 12, "dog": 4})
    told = Told()
    config = Config(balance=6, undersample=True)
    report = expand(
        data, tmp_path / "out", config=config, options=Options(engine="serial"), progress=told
    )
    assert (report.originals, report.copies, report.exit_code) == (10, 2, 0)
    assert told.warnings == ["6 training originals are left out to balance classes ('cat' 6)"]
    described = json.loads((tmp_path / "out/dataset.json").read_text())
    assert described["left_out"] == {"cat": 6}
    assert described["counts"]["train"]["cat"] == {"original": 6, "augmented": 0}
    assert described["failures"] == 0
    assert not (tmp_path / "out/failures.csv").exists()
    assert verify(tmp_path / "out", replay="all").findings == []
    again = expand(data, tmp_path / "out", config=config, options=Options(engine="serial"))
    assert again.status == "up to date"
    expand(data, tmp_path / "all", config=Config(balance=6), options=Options(engine="serial"))
    of_all = contents(tmp_path / "all")
    kept = {name: each for name, each in contents(tmp_path / "out").items() if "/" in name}
    assert kept.items() <= of_all.items()


def test_larger_classes_are_said_where_nothing_is_left_out(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 6, "deer": 1, "dog": 5, "owl": 4})
    told = Told()
    options = Options(engine="serial", dry_run=True)
    expand(data, tmp_path / "out", config=Config(balance=3), options=options, progress=told)
    assert told.warnings == [
        "class 'cat' has 6 training images, more than the 3 to balance to (2 more classes have,"
        " too): they get no copies and stay larger; pass --undersample to leave some of their"
        " originals out"
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"balance": 0}, "balance: got 0; expected true or false, largest or median, or a number"),
        ({"balance": "mean"}, "balance: got 'mean'; expected true or false"),
        ({"balance": "median", "total": 5}, "balance: works with a ratio, not with total"),
        ({"undersample": True}, "undersample: leaves images out .* set balance to median"),
        ({"balance": True, "undersample": True}, "undersample: .* set balance to median"),
        (
            {"balance": 5, "per_class": {"a": {"ratio": 2}}},
            r"per_class\.a\.ratio: can't be combined with balance",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load(None, values)


def test_the_flags(tmp_path: Path, run_cli: Run) -> None:
    make_tree(tmp_path / "data", {"cat": 4, "dog": 1})
    for flags, expected in (
        (["--balance"], "5 originals + 3 copies = 8 files"),
        (["--balance-to", "median"], "5 originals + 1 copy = 6 files"),
        (
            ["--balance-to", "3", "--undersample"],
            "4 originals + 2 copies = 6 files (1 original left out)",
        ),
    ):
        done = run_cli("expand", "data", "out", "--dry-run", *flags)
        assert done.stdout.startswith(expected), done.stderr
    wrong = run_cli("expand", "data", "out", "--balance", "--balance-to", "3")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "error: --balance: means --balance-to largest; pass one of them\n",
    )
