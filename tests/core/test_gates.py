"""Which transforms a copy gets."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from scipy import stats

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.core.pipeline import Copies, Subject
from augtool.core.resize import ResizeGeometry
from augtool.core.transforms import TRANSFORMS
from tests.core.test_transforms import ON

COPIES = 20_000
IDENTITIES = {
    column: rest for kind in TRANSFORMS for column, rest in zip(kind.columns, kind.identity)
}


def drawn(copies: int = COPIES, **settings: Any) -> tuple[Any, Copies]:
    pipeline = Config.model_validate(settings).pipeline()
    subjects = [Subject("cat/1.png", ResizeGeometry.fit(Size(20, 30)), copies)]
    return pipeline, pipeline.draw(7, subjects)


def got(pipeline: Any, params: dict[str, float]) -> frozenset[str]:
    """Return which transforms a copy got: those that are not at their identities."""
    return frozenset(
        transform.name
        for transform in (*pipeline.geometric, *pipeline.photometric)
        if any(params[column] != IDENTITIES[column] for column in transform.columns)
    )


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_a_transform_is_drawn_with_its_probability(chance: float) -> None:
    settings = {"rotation_range": 20, "gamma_range": 0.3, "probability": {"gamma_range": chance}}
    pipeline, copies = drawn(transforms=settings)
    counts = Counter(name for at in range(COPIES) for name in got(pipeline, copies.params(at)))
    assert counts["rotation_range"] == COPIES
    assert stats.binomtest(counts["gamma_range"], COPIES, chance).pvalue > 0.001


def test_two_gates_are_independent() -> None:
    chances = {"rotation_range": 0.5, "gamma_range": 0.5}
    pipeline, copies = drawn(
        transforms={"rotation_range": 20, "gamma_range": 0.3, "probability": chances}
    )
    counts = Counter(got(pipeline, copies.params(at)) for at in range(COPIES))
    assert len(counts) == 4
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


@pytest.mark.parametrize(
    "gate",
    [
        {"transforms": {"probability": {"gamma_range": 0.4}}},
        {"policy": [{"one_of": ["gamma_range"], "probability": 0.4}]},
    ],
    ids=["probability", "one_of"],
)
def test_what_a_copy_gets_is_drawn_from_the_whole_range(gate: dict[str, Any]) -> None:
    """A gate that shared its number with the parameter would let a part of the range through."""
    transforms = {"gamma_range": [0.5, 1.5], **gate.get("transforms", {})}
    _, copies = drawn(transforms=transforms, policy=gate.get("policy"))
    values = [copies.params(at)["gamma"] for at in range(COPIES)]
    through = [value for value in values if value != 1.0]
    assert stats.binomtest(len(through), COPIES, 0.4).pvalue > 0.001
    assert stats.kstest(through, stats.uniform(0.5, 1).cdf).pvalue > 0.001


def test_one_of_several_is_drawn_evenly_or_none() -> None:
    names = ["gaussian_blur_range", "gaussian_noise_range", "zoom_range"]
    pipeline, copies = drawn(
        transforms={name: ON[name] for name in names},
        policy=[{"one_of": names, "probability": 0.6}],
    )
    counts = Counter(got(pipeline, copies.params(at)) for at in range(COPIES))
    assert set(counts) == {frozenset(), *(frozenset([name]) for name in names)}
    expected = [COPIES * 0.4, *[COPIES * 0.2] * 3]
    observed = [counts[frozenset()], *(counts[frozenset([name])] for name in names)]
    assert stats.chisquare(observed, expected).pvalue > 0.001


@pytest.mark.parametrize("name", ON)
def test_a_gate_leaves_what_is_drawn_and_all_else_as_it_is(name: str) -> None:
    """Only the transform's own columns change, and only to its identity."""
    gated = {"policy": [{"one_of": [name], "probability": 0.5}]}
    pipeline, full = drawn(40, transforms=ON)
    _, some = drawn(40, transforms=ON, **gated)
    own = {column for kind in TRANSFORMS if kind.name == name for column in kind.columns}
    away = 0
    for at in range(40):
        before, after = full.params(at), some.params(at)
        assert {column: before[column] for column in before.keys() - own} == {
            column: after[column] for column in after.keys() - own
        }
        mine = {column: after[column] for column in own}
        rest = {column: IDENTITIES[column] for column in own}
        is_away = mine == rest
        assert is_away or mine == {column: before[column] for column in own}
        assert list(map(type, mine.values())) == [type(before[column]) for column in mine]
        away += is_away
    assert away > 5
    assert got(pipeline, full.params(0))


def test_a_class_may_have_its_own_probabilities_and_fewer_transforms() -> None:
    config = Config.model_validate(
        {
            "transforms": {"rotation_range": 20, "gamma_range": 0.3},
            "policy": [{"one_of": ["rotation_range", "gamma_range"]}],
            "per_class": {"six": {"transforms": {"rotation_range": 0}}},
        }
    )
    assert config.pipeline().gates.names == {"rotation_range", "gamma_range"}
    assert config.pipeline("six").gates.names == {"gamma_range"}


def test_what_all_copies_get_needs_no_gate() -> None:
    config = Config.model_validate(
        {"transforms": {"gamma_range": 0.3, "probability": {"gamma_range": 1}}}
    )
    assert config.pipeline().gates.names == frozenset()
    assert config.pipeline().gates.uniforms == []
