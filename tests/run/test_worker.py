"""How a worker cuts its work, which no output may show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augtool.config.load import load
from augtool.core.pipeline import Pipeline
from augtool.errors import EngineError, InputError
from augtool.images.source_image import SourceImage, source_digest
from augtool.run import worker
from augtool.run.expand import expand
from augtool.run.job import Job, worker_of
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


def worker_in(data: Path, out: Path) -> worker.Worker:
    """Return the worker of a run, which has begun."""
    found: list[worker.Worker] = []

    def keep(job: Job) -> worker.Worker:
        found.append(worker_of(job))
        return found[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augtool.run.work.worker_of", keep)
        patch.setattr("augtool.run.execute.complete", lambda *_: None)
        run(data, out)
    return found[0]


def test_a_machine_that_is_not_like_that_of_the_run_is_refused(data: Path, tmp_path: Path) -> None:
    made = worker_in(data, tmp_path / "out")
    made.check_place()
    assert made.made_with is not None
    newer = made.made_with._replace(versions={**made.made_with.versions, "cv2": "9.1"})
    with pytest.raises(EngineError, match=r": would make other bytes \(cv2 9\.1 there, .* here\);"):
        replace(made, made_with=newer).check_place()
    for missing in (data, tmp_path / "out"):
        missing.rename(tmp_path / "away")
        with pytest.raises(EngineError, match=rf": {missing}.*: is not there; every machine must"):
            made.check_place()
        (tmp_path / "away").rename(missing)


def test_no_more_is_made_of_a_sample_that_failed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = source_digest(min(data.glob("cat/*")).read_bytes())
    honest, tried = SourceImage.at, list[str]()

    def failing(self: SourceImage, reduction: Any) -> Any:
        tried.append(self.digest)
        if self.digest == bad:
            raise InputError("can't be made", stage="transform")
        return honest(self, reduction)

    monkeypatch.setattr(SourceImage, "at", failing)
    run(data, tmp_path / "out", per_image=5)
    assert tried.count(bad) == 1
    assert len(tried) == 1 + 69 * 5
