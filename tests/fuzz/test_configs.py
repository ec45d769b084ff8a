"""Whatever stands in a config, it is a config or it is explained."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augtool.config.fields import TransformSettings
from augtool.config.load import load
from augtool.config.schema import Config
from augtool.errors import ConfigError

NIGHTLY = bool(os.environ.get("AUGTOOL_FUZZ"))
keys = st.sampled_from([*Config.model_fields, *TransformSettings.model_fields, "sed", "x"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["nearest", "150x150", "keep", "", "1e3", "val"])
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=5000 if NIGHTLY else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(keys, values, max_size=6))
def test_any_mapping_is_a_config_or_is_explained(tmp_path: Path, mapping: dict[str, Any]) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    try:
        read = load(path)
    except ConfigError as error:
        problems = error.problems
    else:
        problems = (str(path),)
        assert Config.model_validate(read.resolved()).digest() == read.digest()
        read.pipeline()
    assert all(str(path) in problem for problem in problems)


@settings(max_examples=3000 if NIGHTLY else 150, deadline=None)
@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_yaml_or_is_explained(text: str | bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
        said = str(path)
        try:
            load(path)
        except ConfigError as error:
            said = str(error)
        assert str(path) in said
