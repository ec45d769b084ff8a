"""What reading something costs, measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_CODE = """
import json, resource, sys
from augtool.runtime import load_opencv
load_opencv()
from augtool.config.schema import Config
from augtool.core.pipeline import Subject
from augtool.errors import AugtoolError
from augtool.images import source_image
from augtool.sources import open_source
said, config = "", Config(**json.loads(sys.argv[2]))
try:
    source = open_source(sys.argv[1], max_pixels=config.max_pixels)
    samples = source.listing().samples
    loaded = source_image.load(source.read(samples[0]), config)
    copies = config.pipeline().draw(0, [Subject("0", loaded.geometry, 1)])
    pixels = copies.make(0, loaded.at(copies.reductions[0]), loaded.channels)
    source_image.encode(pixels, loaded.channels, "png", config)
except AugtoolError as error:
    said = str(error)
print(json.dumps([said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))
"""

#: Linux counts what the process that forks has as the peak of the new one, so that one in between,
#: which is small, starts it.
_SMALL = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", *sys.argv[1:]]).returncode)
"""


class Cost(NamedTuple):
    """What was said, "" where a copy was made, and the peak of memory."""

    said: str
    megabytes: int


def cost_of_first_copy(path: Path, **config: object) -> Cost:
    """Read a data set, and make one copy of its first image."""
    done = subprocess.run(
        [sys.executable, "-c", _SMALL, _CODE, str(path), json.dumps(config)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    return Cost(*json.loads(done.stdout))
