"""What runs on a cluster: an actor for each CPU, and in it one process that does the work.

The process is that of :class:`augtool.engines.processes.ProcessEngine`, so an item that ends it is
blamed by the same rules, and in the same words, as on one machine.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from augtool import __version__
from augtool.engines.engine import Died, Done, Function, Movable
from augtool.engines.lookahead import expects
from augtool.engines.processes import ProcessEngine
from augtool.errors import AugtoolError, EngineError
from augtool.runtime import load_opencv

__all__ = ["Actor", "PackedFunction"]


class _Hello:
    """The only item of an actor's first chunk, which makes its process ready."""


class PackedFunction:
    """A function as bytes, which are unpacked where it first runs.

    So an actor, which only passes it on, holds neither what it holds nor what that imports.
    """

    def __init__(self, function: Function[Any, Any]) -> None:
        self._data = pickle.dumps(function, pickle.HIGHEST_PROTOCOL)
        self._version = __version__
        self.reads_ahead = expects(function) is not None
        self._function: Function[Any, Any] | None = None

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self._data)

    def __call__(self, items: Sequence[Any]) -> Any:
        """Return the function's result; None for the first chunk of an actor.

        Raises
        ------
        EngineError
            When the function can't run on this machine.
        """
        if self._function is None:
            self._function = self._unpack()
        return None if isinstance(items[0], _Hello) else self._function(items)

    def expect(self, items: Sequence[Any]) -> None:
        """Tell the function which items come next, as the other engines do."""
        if self._function is not None and (expect := expects(self._function)):
            expect(items)

    def _unpack(self) -> Function[Any, Any]:
        if __version__ != self._version:
            raise EngineError(
                f"{socket.gethostname()}: has augtool {__version__}, and the run"
                f" {self._version}; install the same version on every machine of the cluster"
            )
        load_opencv()
        function: Function[Any, Any] = pickle.loads(self._data)
        self._data = b""
        if isinstance(function, Movable):
            function.check_place()
        return function


class _Given(Iterator[Sequence[Any]]):
    """Chunks for an engine with one worker; at their end, it may ask for more later."""

    def __init__(self) -> None:
        self._chunks: deque[Sequence[Any]] = deque()

    def add(self, items: Sequence[Any]) -> None:
        """Take a chunk."""
        self._chunks.append(items)

    def __next__(self) -> Sequence[Any]:
        """Return the next chunk."""
        if not self._chunks:
            raise StopIteration
        return self._chunks.popleft()


class Actor:
    """Runs a function on chunks, one after another.

    An error of augtool's is returned: one that is raised would come back as one of Ray's.

    Parameters
    ----------
    function
        What is run.
    timeout_s
        Seconds that an item may take within its deadline; 0 for any time.
    folder
        The working folder of the run; relative paths start there, if this machine has it.
    """

    def __init__(self, function: PackedFunction, timeout_s: float, folder: str) -> None:
        with contextlib.suppress(OSError):
            os.chdir(folder)
        self._given = _Given()
        self._outcomes = ProcessEngine(1, timeout_s=timeout_s).run(function, self._given)

    def ready(self) -> AugtoolError | None:
        """Start the process; return why the function can't run here, None where it can."""
        answer = self.work([_Hello()])
        if isinstance(answer, AugtoolError):
            return answer
        (outcome,) = answer
        if isinstance(outcome, Died):
            return EngineError(f"{socket.gethostname()}: a worker {outcome.reason}")
        return None

    def work(self, items: Sequence[Any]) -> list[Done[Any, Any] | Died[Any]] | AugtoolError:
        """Return the outcomes of a chunk, or the error that ends the run."""
        self._given.add(items)
        outcomes: list[Done[Any, Any] | Died[Any]] = []
        left = len(items)
        try:
            while left:
                outcome = next(self._outcomes)
                outcomes.append(outcome)
                left -= 1 if isinstance(outcome, Died) else len(outcome.items)
        except AugtoolError as error:
            return error
        return outcomes
