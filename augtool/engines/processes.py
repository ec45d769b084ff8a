"""Worker processes, one pipe each, so that the parent always knows which worker has which chunk.

A pool with a shared queue hangs forever when a worker is killed, or fails everything pending.
Here each worker has one chunk; when it dies, another takes its place, the items of that chunk are
retried one by one, and :mod:`augtool.engines.deaths` decides when one of them is to blame.  Workers
end with their parent, however it ends.
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
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar, Generic

from augtool.engines.deadline import DEFAULT_TIMEOUT_S, enable_deadline
from augtool.engines.deaths import OUT_OF_MEMORY, Cause, Death, Work
from augtool.engines.engine import Died, Done, Function, Item, Outcomes, Result
from augtool.engines.lookahead import Lookahead, expects
from augtool.engines.main_module import without_main
from augtool.errors import AugtoolError, EngineError
from augtool.runtime import cpu_count, keep_freed_memory, load_opencv

__all__ = ["ProcessEngine"]

#: How many workers in a row may end before they are ready: then no worker ever will be.
_MOST_FALSE_STARTS = {Cause.CRASH: 3, Cause.TIMEOUT: 50, Cause.OUTSIDE: 50}
_PR_SET_PDEATHSIG = 1
_STOPPING = {signal.SIGINT, signal.SIGTERM}


class ProcessEngine:
    """Runs the function in `workers` processes; an item that takes too long ends its own."""

    name: ClassVar[str] = "processes"

    def __init__(self, workers: int | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.workers, self.timeout_s = workers or cpu_count(), timeout_s

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Outcomes[Item, Result]:
        """Yield results as they arrive; each worker has at most one chunk."""
        if multiprocessing.current_process().daemon:
            raise EngineError(
                "this process is a worker of multiprocessing, which may not start others;"
                ' pass --engine serial, or Options(engine="serial")'
            )
        pool = _WorkerPool(function, self.workers, self.timeout_s)
        try:
            yield from pool.run(iter(chunks))
        finally:
            pool.kill()


class _WorkerPool(Generic[Item, Result]):
    """The workers of one run, and the work that waits to be retried."""

    def __init__(self, function: Function[Item, Result], size: int, timeout_s: float) -> None:
        self._function = function
        self._size = size
        self._timeout_s = timeout_s
        self._workers: list[_Worker[Item, Result]] = []
        self._retries: deque[Work[Item]] = deque()
        self._false_starts: Counter[Cause] = Counter()
        self._looks_ahead = expects(function) is not None

    def run(self, chunks: Iterator[Sequence[Item]]) -> Outcomes[Item, Result]:
        ahead = Lookahead(chunks)
        while self._assign(ahead):
            ready = wait([worker.pipe for worker in self._workers])
            for worker in [each for each in self._workers if each.pipe in ready]:
                yield from self._receive(worker)
        for worker in self._workers:
            worker.dismiss()

    def _assign(self, chunks: Lookahead[Item]) -> bool:
        """Assign work to idle workers; return whether any worker is busy."""
        while True:
            worker = next((each for each in self._workers if each.work is None), None)
            if worker is None and len(self._workers) >= self._size:
                return True
            work = self._next_work(chunks, worker)
            if work is None:
                return any(each.work is not None for each in self._workers)
            if worker is None:
                worker = _Worker(self._function, self._timeout_s)
                self._workers.append(worker)
            worker.give(work, chunks.promise(worker) if self._looks_ahead else ())

    def _next_work(
        self, chunks: Lookahead[Item], worker: _Worker[Item, Result] | None
    ) -> Work[Item] | None:
        if self._retries:
            return self._retries.popleft()
        items = chunks.take(worker)
        return None if items is None else Work(items)

    def _receive(self, worker: _Worker[Item, Result]) -> Outcomes[Item, Result]:
        """Receive a worker's result, or handle its death."""
        try:
            kind, value = worker.pipe.recv()
        except TimeoutError:  # an OSError, too, and what a handler of signals may raise anywhere
            raise
        except (EOFError, OSError):
            yield from self._handle_death(worker)
            return
        if kind == "ready":
            self._false_starts.clear()
            worker.is_ready = True
        elif kind == "done":
            work, worker.work = worker.work, None
            yield Done(work.items if work else (), value)
        elif isinstance(value, AugtoolError):
            raise value
        else:
            raise EngineError(f"a worker failed; this is a bug in augtool:\n{value}")

    def _handle_death(self, worker: _Worker[Item, Result]) -> Iterator[Died[Item]]:
        """Queue a dead worker's items for a retry, or report the one that is to blame."""
        self._workers.remove(worker)
        death, work = worker.death(), worker.work
        if not worker.is_ready:
            self._count_false_start(death)
            if work is not None:  # untouched
                self._retries.appendleft(work)
        elif work is not None:
            retries = work.retries(death.cause)
            self._retries.extend(retries)
            if not retries:
                yield Died(work.items[0], death.reason)

    def _count_false_start(self, death: Death) -> None:
        """Give up when workers end again and again before they are ready."""
        self._false_starts[death.cause] += 1
        if self._false_starts[death.cause] >= _MOST_FALSE_STARTS[death.cause]:
            hint = "try --engine serial, which shows why"
            if death.cause is Cause.OUTSIDE:
                hint = "free some memory, or use fewer --workers"
            raise EngineError(f"workers die before they can start ({death.name}); {hint}")

    def kill(self) -> None:
        """Kill all workers at once, whatever they are doing."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()


class _Worker(Generic[Item, Result]):
    """One process, seen from the parent."""

    def __init__(self, function: Function[Item, Result], timeout_s: float) -> None:
        context: Any = multiprocessing.get_context(_start_method())
        self.pipe, theirs = context.Pipe()
        self.work: Work[Item] | None = None
        self.is_ready = False
        self._timeout_s = timeout_s
        self._process: BaseProcess = context.Process(
            target=_serve,
            args=(theirs, self.pipe, os.getpid(), function, timeout_s),
            daemon=True,
        )
        with without_main(function), _held_signals():
            self._process.start()
        theirs.close()

    def give(self, work: Work[Item], coming: Sequence[Item]) -> None:
        """Send items, and those that come next.

        If the worker has died meanwhile, that is noticed on receive.
        """
        self.work = work
        with contextlib.suppress(ConnectionError):
            self.pipe.send((work.items, coming))

    def dismiss(self) -> None:
        """Let an idle worker exit."""
        with contextlib.suppress(ConnectionError):
            self.pipe.send(None)
        self._process.join(timeout=5)

    def death(self) -> Death:
        """Return how the process ended; it is killed if it has closed its pipe and lives on."""
        self._process.join(timeout=5)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self.pipe.close()
        return Death(self._process.exitcode or 0, self._timeout_s)

    def kill(self) -> None:
        """Kill the process at once."""
        self._process.kill()
        self._process.join(timeout=5)
        self.pipe.close()


@contextlib.contextmanager
def _held_signals() -> Iterator[None]:
    """Let signals that stop a run wait: what a handler raises within a fork, Python ignores."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _start_method() -> str:
    """Return fork if this process has a single thread, as the kernel counts them, else spawn.

    A fork copies only the calling thread: locks held by others, such as OpenCV's, stay locked
    forever. Spawning is safe everywhere and costs an import in each worker.
    """
    if sys.platform != "linux" or not hasattr(os, "fork") or threading.active_count() > 1:
        return "spawn"
    try:
        return "fork" if len(os.listdir("/proc/self/task")) == 1 else "spawn"  # noqa: PTH208
    except OSError:
        return "spawn"


def _serve(
    pipe: Connection,
    parents_end: Connection,
    parent: int,
    function: Function[Item, Result],
    timeout_s: float,
) -> None:
    """Work on chunks until the parent says stop or is gone: the main function of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):  # they were held at the start
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    _die_with(parent)
    keep_freed_memory()
    load_opencv()  # where it was spawned, OpenCV has threads of its own so far
    enable_deadline(timeout_s)
    parents_end.close()
    try:
        pipe.send(("ready", None))
        while (given := pipe.recv()) is not None:
            pipe.send(_answer(function, *given))
    except (EOFError, OSError):  # the parent is gone
        os._exit(1)
    # Skips the interpreter shutdown: nothing is buffered here, and it costs milliseconds.
    os._exit(0)


def _answer(
    function: Function[Item, Result], items: Sequence[Item], coming: Sequence[Item]
) -> tuple[str, Result | AugtoolError | str]:
    try:
        if expect := expects(function):
            expect([*items, *coming])
        return "done", function(items)
    except AugtoolError as error:
        return "error", error
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # same as killed: the chunk is retried item by item
    except Exception:  # noqa: BLE001 - the parent raises it
        return "error", traceback.format_exc()


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # a C library without it: the pipe's end tells
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before we could ask
        os._exit(1)
