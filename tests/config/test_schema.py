"""The config: its schema, its digest, and the pipelines that it describes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from augtool.config.load import load
from augtool.config.schema import DEFAULT_TRANSFORMS, Config, schema
from augtool.core.transforms import TRANSFORMS
from tests.core.test_transforms import ON


def test_a_class_overrides_key_by_key() -> None:
    read = load(None, {"per_class.six.transforms.horizontal_flip": False})
    names = {transform.name for transform in read.pipeline("six").geometric}
    assert names == set(DEFAULT_TRANSFORMS) - {"horizontal_flip"}
    assert read.pipeline("nine") == read.pipeline()


@pytest.mark.parametrize("kind", TRANSFORMS, ids=lambda kind: kind.name)
def test_a_transform_can_be_pasted_under_its_own_name(kind: Any) -> None:
    recipe = Config.model_validate({"transforms": {kind.name: ON[kind.name]}}).pipeline()
    assert (*recipe.geometric, *recipe.photometric) == (kind.parse(ON[kind.name]),)


def test_the_digest_does_not_depend_on_how_a_value_was_given(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("ratio: 1.5\noutput: {resize: 10x20}")
    explicit = load(path)
    assert explicit.digest() == load(None, {"output.resize": [10, 20]}).digest()
    assert explicit.digest() != load(None, {"output.resize": [10, 21]}).digest()


def test_the_resolved_config_reads_back_as_itself() -> None:
    read = load(None, {"output.resize": "10x20", "transforms.cval": [1, 2, 3]})
    again = Config.model_validate(read.resolved())
    assert again.digest() == read.digest()
    assert again.pipeline() == read.pipeline()


def test_portable_refuses_what_differs_from_cpu_to_cpu() -> None:
    settings = {
        "portable": True,
        "transforms": {"hue_range": 0.1, "interpolation_order": 3, "zca_whitening": True},
        "per_class": {"a": {"transforms": {"motion_blur_range": 3}}},
    }
    named = [
        *("transforms.hue_range", "transforms.zca_whitening", "transforms.interpolation_order"),
        "per_class.a.transforms.motion_blur_range",
    ]
    with pytest.raises(ValueError, match="differs from CPU to CPU") as refused:
        Config.model_validate(settings)
    assert [name for name in named if f"{name}: differs" not in str(refused.value)] == []
    Config.model_validate({**settings, "portable": False})
    Config.model_validate({"portable": True, "transforms": {"hue_range": 0, "median": 0.1}})


def test_the_starter_holds_the_defaults() -> None:
    starter = load(Path(inspect.getfile(Config)).with_name("starter.yaml"))
    assert starter.resolved() == Config().resolved()


def test_the_schema_describes_every_transform() -> None:
    definitions: Any = schema(["tree"])["$defs"]
    transforms = definitions["TransformSettings"]["properties"]
    assert {kind.name for kind in TRANSFORMS} < set(transforms)
    assert all(transforms[kind.name]["description"] for kind in TRANSFORMS)
