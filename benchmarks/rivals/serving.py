"""What a server of `costs.py` does: time one operation after another, as it is asked to.

Requests and answers are JSON, one a line. A server stays alive from the first to the last, so that
rivals can take turns without paying for imports.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

#: Makes so many copies.
Work = Callable[[int], None]
#: From an operation and an image of shape (H, W, 3), uint8, to its work; None if there is none.
Prepare = Callable[[str, npt.NDArray[np.uint8]], "Work | None"]


def serve(prepare: Prepare, settings: dict[str, str] | None = None) -> None:
    """Answer requests until standard input ends.

    ``{"settings": true}`` is answered with `settings`; ``{"operation", "image", "seconds"}`` with
    the CPU microseconds of a copy, or with null if there is no such operation.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not look like an answer
    known: dict[tuple[str, str], tuple[Work, float] | None] = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer: Any = settings
        if "operation" in request:
            key = request["operation"], request["image"]
            if key not in known:
                work = prepare(key[0], np.load(key[1]))
                known[key] = None if work is None else (work, _first_us(work))
            timed = known[key]
            answer = None if timed is None else _cost_us(*timed, request["seconds"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _first_us(work: Work) -> float:
    """Return about what a copy costs, once everything is warm."""
    work(3)
    count = 8
    while True:
        spent_us = _spent_us(work, count)
        if spent_us > 2_000:
            return spent_us / count
        count *= 4


def _cost_us(work: Work, about_us: float, seconds: float) -> float:
    count = max(3, round(seconds * 1e6 / about_us))
    return _spent_us(work, count) / count


def _spent_us(work: Work, count: int) -> float:
    started_s = time.process_time()  # user and system, of all threads
    work(count)
    return (time.process_time() - started_s) * 1e6
