"""Runs with a colour mode."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from augtool import Config, ConfigError, Options, expand
from augtool.config.load import load
from augtool.output.verify import verify
from augtool.sinks import SINKS, open_sink
from tests.pictures import contents, picture, write

SERIAL = Options(engine="serial")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Gray, colour, and colour with alpha that is opaque."""
    data = tmp_path / "data"
    write(data / "cat" / "gray.png", picture(0, channels=1))
    write(data / "cat" / "colour.png", picture(1))
    alpha = picture(2, channels=4)
    alpha[..., 3] = 255
    write(data / "cat" / "alpha.png", alpha)
    return data


def run(data: Path, out: Path, options: Options = SERIAL, **output: Any) -> Any:
    config = Config.model_validate({"per_image": 1, "output": output})
    return expand(data, out, config=config, options=options)


@pytest.mark.parametrize(("mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_all_records_have_the_mode_and_can_be_remade(
    mixed: Path, tmp_path: Path, mode: str, channels: int
) -> None:
    out = tmp_path / "out"
    assert run(mixed, out, color_mode=mode).exit_code == 0
    for path in sorted(out.rglob("*.png")):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert (1 if image.ndim == 2 else image.shape[2]) == channels, path
    verdict = verify(out, replay="all", data=mixed)
    assert (verdict.findings, verdict.replayed) == ([], {"exact": 3})
    with (out / "manifest.csv").open(newline="") as file:
        kept = [
            Path(row["source"]).stem
            for row in csv.DictReader(file)
            if row["kind"] == "original" and row["sha256"] == row["source_sha256"]
        ]
    assert kept == [{1: "gray", 3: "colour", 4: "alpha"}[channels]]


def test_a_copy_is_made_of_the_converted_source(mixed: Path, tmp_path: Path) -> None:
    """So a gray source becomes what the same colour image becomes."""
    equal = tmp_path / "equal"
    write(equal / "cat" / "gray.png", cv2.merge([picture(0, channels=1)] * 3))
    run(mixed, tmp_path / "out", color_mode="rgb")
    run(equal, tmp_path / "out_equal")
    name = "cat/gray__aug0.png"
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "out_equal" / name).read_bytes()


@pytest.mark.parametrize("sink", sorted(SINKS))
def test_every_sink_takes_a_mode(mixed: Path, tmp_path: Path, sink: str) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    assert run(mixed, tmp_path / "out", to=sink, color_mode="rgb").files == 6
    if sink == "npz":
        with np.load(tmp_path / "out" / "data.npz") as arrays:
            assert arrays["x_train"].shape == (6, 24, 31, 3)


def test_the_error_about_unlike_images_names_what_helps(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"cat/colour.png: .* pass --flatten white --color-mode rgb"
    ):
        run(mixed, tmp_path / "out", to="npz")
    helped = run(mixed, tmp_path / "out", to="npz", color_mode="rgb", flatten="#ffffff")
    assert helped.exit_code == 0


def test_an_update_to_another_mode_is_a_fresh_run(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(mixed, out)
    update = replace(SERIAL, existing="update")
    assert run(mixed, out, update, color_mode="rgb").status == "done"
    run(mixed, tmp_path / "fresh", color_mode="rgb")
    assert contents(out) == contents(tmp_path / "fresh")
    assert run(mixed, out, color_mode="rgb").status == "up to date"
    assert Config.model_validate({"output": {"color_mode": "rgb"}}).digest() != Config().digest()


def test_transparent_pixels_are_a_named_failure(mixed: Path, tmp_path: Path) -> None:
    write(mixed / "cat" / "glass.png", picture(3, channels=4))
    assert run(mixed, tmp_path / "out", color_mode="rgb").exit_code == 3
    failures = (tmp_path / "out" / "failures.csv").read_text()
    assert 'glass.png,decode,"has transparent pixels, and rgb has no alpha channel' in failures
    assert run(mixed, tmp_path / "out2", color_mode="rgb", flatten="white").exit_code == 0


def test_jpeg_can_not_hold_rgba() -> None:
    with pytest.raises(ConfigError, match=r"output\.color_mode: rgba has an alpha channel"):
        open_sink(load(None, {"output.color_mode": "rgba", "output.format": "jpg"}))
