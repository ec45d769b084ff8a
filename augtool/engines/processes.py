"""Worker processes, one pipe each, so that the parent always knows which worker has which chunk.

A pool with a shared queue hangs forever when a worker is killed, or fails everything pending.
Here each worker has one chunk; when it dies, the items of that chunk are retried one by one, and
the one that kills a worker again is reported.  Workers end with their parent, however it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar, Generic

from augtool.engines.engine import Died, Done, Function, Item, Result
from augtool.errors import AugtoolError, EngineError
from augtool.runtime import keep_freed_memory

__all__ = ["ProcessEngine"]

#: How many workers in a row may end before they are ready, before we give up.
_MOST_FALSE_STARTS = 3
_PR_SET_PDEATHSIG = 1


class ProcessEngine:
    """Runs the function in `workers` processes."""

    name: ClassVar[str] = "processes"

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Iterator[Done[Item, Result] | Died[Item]]:
        """Yield results as they arrive; each worker has at most one chunk."""
        pool = _WorkerPool(function, self.workers)
        try:
            yield from pool.run(iter(chunks))
        finally:
            pool.kill()


class _WorkerPool(Generic[Item, Result]):
    """The workers of one run, and the items waiting to be retried alone."""

    def __init__(self, function: Function[Item, Result], size: int) -> None:
        self._function = function
        self._size = size
        self._workers: list[_Worker[Item, Result]] = []
        self._alone: deque[Item] = deque()
        self._false_starts = 0

    def run(self, chunks: Iterator[Sequence[Item]]) -> Iterator[Done[Item, Result] | Died[Item]]:
        while self._assign(chunks):
            ready = wait([worker.pipe for worker in self._workers])
            for worker in [each for each in self._workers if each.pipe in ready]:
                yield from self._receive(worker)
        for worker in self._workers:
            worker.dismiss()

    def _assign(self, chunks: Iterator[Sequence[Item]]) -> bool:
        """Assign work to idle workers; return whether any worker is busy."""
        while True:
            worker = next((each for each in self._workers if each.items is None), None)
            if worker is None and len(self._workers) >= self._size:
                return True
            items = [self._alone.popleft()] if self._alone else next(chunks, None)
            if items is None:
                return any(each.items is not None for each in self._workers)
            if worker is None:
                worker = _Worker(self._function)
                self._workers.append(worker)
            worker.give(items)

    def _receive(self, worker: _Worker[Item, Result]) -> Iterator[Done[Item, Result] | Died[Item]]:
        """Receive a worker's result, or handle its death."""
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._handle_death(worker)
            return
        if kind == "ready":
            self._false_starts = 0
            worker.is_ready = True
        elif kind == "done":
            items, worker.items = worker.items, None
            yield Done(items or (), value)
        elif isinstance(value, AugtoolError):
            raise value
        else:
            raise EngineError(f"a worker failed; this is a bug in augtool:\n{value}")

    def _handle_death(self, worker: _Worker[Item, Result]) -> Iterator[Died[Item]]:
        """Queue a dead worker's items for a retry; report an item that was already alone."""
        self._workers.remove(worker)
        reason = worker.exit_reason()
        items = worker.items or ()
        if not worker.is_ready:
            self._false_starts += 1
            if self._false_starts >= _MOST_FALSE_STARTS:
                raise EngineError(
                    f"workers die before they can start ({reason});"
                    " try --engine serial, which shows why"
                )
            self._alone.extend(items)
        elif len(items) == 1:
            yield Died(items[0], reason)
        else:
            self._alone.extend(items)

    def kill(self) -> None:
        """Kill all workers at once, whatever they are doing."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()


class _Worker(Generic[Item, Result]):
    """One process, seen from the parent."""

    def __init__(self, function: Function[Item, Result]) -> None:
        context: Any = multiprocessing.get_context(_start_method())
        self.pipe, theirs = context.Pipe()
        self.items: Sequence[Item] | None = None
        self.is_ready = False
        self._process: BaseProcess = context.Process(
            target=_serve, args=(theirs, self.pipe, os.getpid(), function), daemon=True
        )
        self._process.start()
        theirs.close()

    def give(self, items: Sequence[Item]) -> None:
        """Send a chunk; if the worker has died meanwhile, that is noticed on receive."""
        self.items = items
        with contextlib.suppress(OSError):
            self.pipe.send(items)

    def dismiss(self) -> None:
        """Let an idle worker exit."""
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self._process.join(timeout=5)

    def exit_reason(self) -> str:
        """Return how the process ended."""
        self._process.join(timeout=5)
        code = self._process.exitcode
        self.pipe.close()
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"killed its worker ({signal.Signals(-code).name})"
        return f"ended its worker (exit code {code})"

    def kill(self) -> None:
        """Kill the process at once."""
        self._process.kill()
        self._process.join(timeout=5)
        self.pipe.close()


def _start_method() -> str:
    """Return fork if this process has a single thread, as the kernel counts them, else spawn.

    A fork copies only the calling thread: locks held by others, such as OpenCV's, stay locked
    forever. Spawning is safe everywhere and costs an import in each worker.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return "spawn"
    try:
        return "fork" if len(os.listdir("/proc/self/task")) == 1 else "spawn"  # noqa: PTH208
    except OSError:
        return "spawn"


def _serve(
    pipe: Connection, parents_end: Connection, parent: int, function: Function[Item, Result]
) -> None:
    """Work on chunks until the parent says stop or is gone: the main function of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with(parent)
    keep_freed_memory()
    parents_end.close()
    try:
        pipe.send(("ready", None))
        while (items := pipe.recv()) is not None:
            pipe.send(_answer(function, items))
    except (EOFError, OSError):  # the parent is gone
        os._exit(1)
    # Skips the interpreter shutdown: nothing is buffered here, and it costs milliseconds.
    os._exit(0)


def _answer(
    function: Function[Item, Result], items: Sequence[Item]
) -> tuple[str, Result | AugtoolError | str]:
    try:
        return "done", function(items)
    except AugtoolError as error:
        return "error", error
    except MemoryError:
        os._exit(77)  # same as killed: the chunk is retried item by item
    except Exception:  # noqa: BLE001 - the parent raises it
        return "error", traceback.format_exc()


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before we could ask
        os._exit(1)
