"""How a worker cuts its work, which no output may show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augtool.config.load import load
from augtool.core.pipeline import Pipeline
from augtool.run import worker
from augtool.run.expand import expand
from augtool.run.options import Options
from augtool.run.result_files import find_chunk_results
from augtool.sinks import SINKS
from tests.pictures import contents, make_tree

SERIAL = Options(1, engine="serial")


def run(data: Path, out: Path, **settings: Any) -> None:
    expand(data, out, config=load(None, {"per_image": 2, **settings}), options=SERIAL)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 40, "dog": 30})


@pytest.mark.parametrize("sink", SINKS)
def test_how_often_results_are_left_does_not_show(
    data: Path, tmp_path: Path, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "fresh", **{"output.to": sink})
    spans: list[int] = []

    def found(*arguments: Any) -> Any:
        spans.append(len(find_chunk_results(*arguments)))
        return find_chunk_results(*arguments)

    monkeypatch.setattr("augtool.run.finish.find_chunk_results", found)
    monkeypatch.setattr(worker, "_LONGEST_S", 0.0)
    monkeypatch.setattr(worker, "_READ_AHEAD_BYTES", 1)
    run(data, tmp_path / "out", **{"output.to": sink})
    assert max(spans) == 70
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_copies_of_a_chunk_are_drawn_together(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = Pipeline.draw

    def watched(self: Pipeline, seed: int, subjects: Any) -> Any:
        drawn.append(len(subjects))
        return draw(self, seed, subjects)

    monkeypatch.setattr(Pipeline, "draw", watched)
    monkeypatch.setattr("augtool.plan.plan._FEWEST_CHUNKS", 3)
    run(data, tmp_path / "out")
    assert sum(drawn) == 70
    assert len(drawn) == 4


def test_classes_with_transforms_of_their_own_draw_as_without_others(
    data: Path, tmp_path: Path
) -> None:
    own = {"per_class": {"cat": {"transforms": {"vertical_flip": True}}}}
    run(data, tmp_path / "mixed", **own)
    run(data, tmp_path / "plain")
    mixed, plain = contents(tmp_path / "mixed"), contents(tmp_path / "plain")
    same = {name for name in plain if mixed.get(name) == plain[name]}
    assert {name for name in plain if name.startswith("dog/")} <= same
    assert any(name.startswith("cat/") and name not in same for name in plain)
