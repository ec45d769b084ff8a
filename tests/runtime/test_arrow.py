from __future__ import annotations

import subprocess
import sys

import pytest

_COUNT = """
import os
from augtool.runtime.opencv import load_opencv
from augtool.runtime.arrow import import_pyarrow
load_opencv()
before = len(os.listdir("/proc/self/task"))
import_pyarrow("a test")
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks workers, and tells threads")
def test_pyarrow_starts_no_thread_so_that_workers_can_be_forked() -> None:
    pytest.importorskip("pyarrow")
    ran = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True)
    assert ran.stdout == "0\n"
