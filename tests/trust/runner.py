"""Processes that wait to run, so that several can begin at moments that are chosen."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.trust.world import Ended

__all__ = ["Finished", "Runner"]

_SCRIPT = """
import json, os, sys, time
from pathlib import Path
from augtool.runtime import load_opencv
load_opencv()
os.sync = lambda: None
os.fsync = lambda fd: None
from augtool.run.options import Shard
from tests.trust.world import run
print("ready", flush=True)
for line in sys.stdin:
    data, out, changes, options, at_s = json.loads(line)
    if "shard" in options:
        options["shard"] = Shard(*options["shard"])
    while time.monotonic() < at_s:
        pass
    ended = run(Path(data), Path(out), changes, **options)
    print(json.dumps([int(ended.code), ended.said, time.monotonic()]), flush=True)
"""


class Finished(NamedTuple):
    """How a run ended, and when, by the system's clock."""

    ended: Ended
    at_s: float


class Runner:
    """A process that runs whenever it is told to, and is replaced when it was killed."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self._line() == "ready\n"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def start(
        self, data: Path, out: Path, changes: dict[str, Any], at_s: float, **options: object
    ) -> None:
        """Run from a moment on, with a config and with options of :func:`tests.trust.world.run`."""
        if self.process.poll() is not None:  # killed when its last run was over
            self.close()
            self._start()
        assert self.process.stdin is not None
        told = [str(data), str(out), changes, options, at_s]
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def finish(self) -> Finished | None:
        """Wait for the end of a run; None where it was killed."""
        line = self._line()
        if line:
            code, said, at_s = json.loads(line)
            return Finished(Ended(code, said), at_s)
        self.close()
        self._start()
        return None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]
