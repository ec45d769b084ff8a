"""augtool's transforms, each alone: draw the copies of a source, and make them for the encoder.

Whatever is in the registry is measured, with the setting that the starter config has for it; a
switch is always on.
"""

from __future__ import annotations

import re
from importlib import resources
from itertools import count as counter
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from serving import Work, serve

from augtool.runtime import load_opencv

load_opencv()

from augtool.config.schema import Config  # noqa: E402
from augtool.core.geometry import Size  # noqa: E402
from augtool.core.pipeline import Subject  # noqa: E402
from augtool.core.resize import ResizeGeometry  # noqa: E402
from augtool.core.transforms import TRANSFORMS  # noqa: E402
from augtool.core.transforms.ranges import Switch  # noqa: E402
from augtool.core.warp import padded  # noqa: E402

#: Copies that are drawn together; expand draws those of up to 16 MB of sources.
_TOGETHER = 256


def settings() -> dict[str, Any]:
    """Return a setting for each registered transform, by name."""
    starter = resources.files("augtool.config").joinpath("starter.yaml").read_text("utf-8")
    found: dict[str, Any] = {}
    for kind in TRANSFORMS:
        line = re.search(rf"^  (?:# )?{kind.name}: *(.*?)(?:  |$)", starter, re.MULTILINE)
        if issubclass(kind, Switch):
            found[kind.name] = 1.0
        elif line is not None:
            found[kind.name] = yaml.safe_load(line[1])
    return found


SETTINGS = settings()


def prepare(operation: str, image: npt.NDArray[np.uint8]) -> Work | None:
    """Return what makes copies with one transform."""
    transforms = {operation: SETTINGS[operation]}
    pipeline = Config.model_validate({"transforms": transforms}).pipeline()
    geometry = ResizeGeometry.fit(Size(*image.shape[:2]))
    source = geometry.prepare(padded(image))
    sources = counter()

    def work(copies: int) -> None:
        for start in range(0, copies, _TOGETHER):
            together = min(_TOGETHER, copies - start)
            drawn = pipeline.draw(0, [Subject(str(next(sources)), geometry, together)])
            for index in range(together):
                drawn.make(index, source, 3)

    return work


if __name__ == "__main__":
    serve(prepare, {name: str(setting) for name, setting in SETTINGS.items()})
