"""Wait until the file system creates files at its usual cost.

For up to five minutes after many files were deleted, ext4 skips their inodes one by one
whenever a file is created: measured 20 times the usual CPU, charged to whoever creates.
That would decide the workloads of small files.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

PROBE_FILES = 500
CONTENT = b"\xff" * 1100
USUAL_US = 120.0
LONGEST_WAIT_S = 360.0
PAUSE_S = 30.0


def creation_cost_us(folder: Path) -> float:
    """Return the CPU microseconds that creating one file costs in a new `folder`.

    The files are left there: deleting them is what this module guards against.
    """
    folder.mkdir(parents=True)
    started_s = time.process_time()  # user and system, of this process
    for number in range(PROBE_FILES):
        (folder / f"{number}.jpg").write_bytes(CONTENT)
    return (time.process_time() - started_s) / PROBE_FILES * 1e6


def settle(scratch: Path, *, is_patient: bool) -> float:
    """Return the cost of creating a file, after waiting for it to fall to USUAL_US.

    Parameters
    ----------
    scratch : Path
        Folder of this benchmark run; probes go to new folders in it.
    is_patient : bool
        False measures once and does not wait.
    """
    deadline = time.monotonic() + LONGEST_WAIT_S
    number = len(list(scratch.glob("probe-*")))
    while True:
        cost_us = creation_cost_us(scratch / f"probe-{number}")
        if cost_us <= USUAL_US or not is_patient or time.monotonic() > deadline:
            return cost_us
        number += 1
        sys.stderr.write(
            f"creating a file costs {cost_us:.0f} us in {scratch}; waiting until it is below "
            f"{USUAL_US:.0f} (files were deleted lately? --no-settle goes on)\n"
        )
        time.sleep(PAUSE_S)
