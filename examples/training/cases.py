"""Read a case: which net is trained on which data, how long and how often. No Keras here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from augtool import Config
from augtool.config.load import load

PLAIN = "plain"
ONLINE = "while training"


class Strict(BaseModel):
    """Settings without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Net(Strict):
    """Convolutions of 3x3 in blocks; after each block the size is halved."""

    blocks: list[list[int]] = Field(description="filters of each convolution")
    batch_normalisation: bool = False
    dropout: float = Field(0.0, description="after each block")
    dense: int = Field(0, description="units of a dense layer before the last; 0 for none")
    l2: float = Field(0.0, description="weight decay of the convolutions' kernels")


class Run(Strict):
    """One amount of training data: a row of the table."""

    name: str
    steps: int = Field(description="gradient updates, the same for every variant")
    split: dict[str, float] | None = Field(None, description="drawn anew for every seed")


class Case(Strict):
    """A YAML file: what is compared."""

    title: str
    config: str = Field(description="the transforms: recipe:NAME, or a YAML file of augtool's")
    overrides: dict[str, Any] = Field({}, description="dotted keys on top of the config")
    net: Net
    batch: int
    rate: float = Field(description="Adam's learning rate, which falls to 0 as a cosine")
    ratios: list[float] = Field(description="of the expanded variants")
    seeds: list[int]
    runs: list[Run]
    points: int = Field(10, ge=2, description="how often the curves are measured")
    test_pictures: int | None = Field(None, description="test on so many at most")

    @model_validator(mode="after")
    def _check_steps(self) -> Case:
        for run in self.runs:
            if run.steps % self.points:
                raise ValueError(
                    f"{run.name}: {run.steps} steps can't be cut in {self.points} parts"
                )
        return self

    def cells(self) -> Iterator[tuple[Run, int, str]]:
        """Yield run, seed and variant of each training; whole rows of the table come first."""
        variants = [PLAIN, *(expanded(ratio) for ratio in self.ratios), ONLINE]
        for run in self.runs:
            yield from ((run, seed, variant) for seed in self.seeds for variant in variants)

    def has_rows_of(self, measured: dict[str, Any]) -> bool:
        """Tell whether a case, as saved, is this one with these rows or fewer."""
        case = self.model_dump()
        rows = case.pop("runs")
        rest = {key: value for key, value in measured.items() if key != "runs"}
        return rest == case and all(row in rows for row in measured["runs"])

    def config_of(self, run: Run, seed: int, ratio: float) -> Config:
        """Return what augtool is to make: arrays."""
        overrides = {**self.overrides, "seed": seed, "ratio": ratio, "output.to": "npy"}
        if run.split:
            overrides["split"] = {**run.split, "seed": seed}
        return load(Path(self.config), overrides)


def expanded(ratio: float) -> str:
    """Return the name of a variant."""
    return f"expanded {ratio:g}"


def ratio_of(variant: str) -> float:
    """Return the ratio of a variant: 0 where there are no copies on disk."""
    return 0.0 if variant in (PLAIN, ONLINE) else float(variant.split()[1])


def read_case(path: Path, *, quick: bool = False) -> Case:
    """Return the case of a YAML file, with its `quick:` on top if asked to."""
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    short = values.pop("quick", {})
    return Case(**{**values, **(short if quick else {})})


def read_results(path: Path) -> dict[str, Any]:
    """Return what `train.py` has saved."""
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return results
