"""Hands chunks to actors that may be lost, and with them the machine that they are on.

What Ray loses is no item's fault: the chunk goes to another actor, and another actor is started in
place of the lost one.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from augtool.engines.engine import Outcomes
from augtool.engines.ray.cluster import Cluster
from augtool.errors import AugtoolError, EngineError

__all__ = ["Crew"]

#: How often a chunk may be lost: it can't be chance then.
_MOST_LOSSES = 5
#: Chunks with each actor: one to work on and one that waits, so that no actor waits for us.
_IN_HAND = 2
#: How many actors in a row, for each of the crew, may end before they are ready.
_MOST_FALSE_STARTS = 3


@dataclass(eq=False, slots=True)
class _Member:
    """An actor that is ready; `in_hand` counts its chunks."""

    actor: Any
    in_hand: int = 0


@dataclass(slots=True)
class _Chunk:
    items: Sequence[Any]
    losses: int = 0


class Crew:
    """The actors of one run.

    Parameters
    ----------
    cluster
        Where they are.
    start
        Starts an actor, which is like :class:`augtool.engines.ray.actor.Actor`.
    size
        How many actors there should be.
    """

    def __init__(self, cluster: Cluster, start: Callable[[], Any], size: int) -> None:
        self._cluster, self._start, self._size = cluster, start, size
        self._ray = cluster.ray
        self._members: list[_Member] = []
        #: Chunks that actors have, and actors that are not ready, by what Ray will answer.
        self._at_work: dict[Any, tuple[_Member, _Chunk]] = {}
        self._starting: dict[Any, Any] = {}
        self._lost: deque[_Chunk] = deque()
        self._false_starts = 0

    def run(self, chunks: Iterator[Sequence[Any]]) -> Outcomes[Any, Any]:
        """Yield outcomes as they arrive."""
        try:
            for _ in range(self._size):
                self._hire()
            while self._assign(chunks):
                yield from self._receive(self._wait())
        finally:
            self._dismiss()

    def _hire(self) -> None:
        actor = self._start()
        self._starting[actor.ready.remote()] = actor

    def _assign(self, chunks: Iterator[Sequence[Any]]) -> bool:
        """Give chunks to members; return whether anything is still to be done.

        An actor gets none before it is ready: Ray tells of no loss of one that never was.
        """
        while True:
            free = [each for each in self._members if each.in_hand < _IN_HAND]
            if not free:
                return True
            chunk = self._next_chunk(chunks)
            if chunk is None:
                return bool(self._at_work)
            member = min(free, key=lambda each: each.in_hand)
            member.in_hand += 1
            self._at_work[member.actor.work.remote(chunk.items)] = member, chunk

    def _next_chunk(self, chunks: Iterator[Sequence[Any]]) -> _Chunk | None:
        if self._lost:
            return self._lost.popleft()
        items = next(chunks, None)
        return None if items is None else _Chunk(items)

    def _wait(self) -> Any:
        """Return what Ray has an answer for."""
        self._cluster.check_signals()
        timeout_s = None if self._at_work else self._cluster.patience_s
        refs = [*self._at_work, *self._starting]
        answered, _ = self._ray.wait(refs, num_returns=1, timeout=timeout_s)
        if not answered:
            raise self._cluster.no_worker()
        return answered[0]

    def _receive(self, ref: Any) -> Outcomes[Any, Any]:
        if ref in self._starting:
            self._welcome(ref)
            return
        member, chunk = self._at_work.pop(ref)
        member.in_hand -= 1
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise EngineError(f"a worker failed; this is a bug in augtool:\n{error}") from error
        except self._ray.exceptions.RayError as error:
            self._replace(member)
            chunk.losses += 1
            if chunk.losses >= _MOST_LOSSES:
                raise EngineError(
                    f"Ray lost {_MOST_LOSSES} workers that had the same images"
                    f" ({_first_line(error)}); if their machines ran out of memory, use fewer"
                    " --workers, and run the same command again to go on"
                ) from error
            self._lost.append(chunk)
            return
        if isinstance(answer, AugtoolError):
            raise answer
        yield from answer

    def _welcome(self, ref: Any) -> None:
        """Take an actor into the crew that is ready, or start another if it was lost before."""
        try:
            problem = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            self._false_starts += 1
            if self._false_starts >= _MOST_FALSE_STARTS * self._size:
                raise EngineError(
                    f"Ray's workers end before they can start ({_first_line(error)}); install the"
                    " same version of augtool on every machine of the cluster"
                ) from error
            self._end(self._starting.pop(ref))
            self._hire()
            return
        if problem is not None:
            raise problem
        self._false_starts = 0
        self._members.append(_Member(self._starting.pop(ref)))

    def _replace(self, member: _Member) -> None:
        """Start another actor for one that is lost; the second chunk that it had tells it again."""
        if member in self._members:
            self._members.remove(member)
            self._end(member.actor)
            self._hire()

    def _end(self, actor: Any) -> None:
        """End an actor, also one that is cut off, so that it does not go on by itself."""
        with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(actor)

    def _dismiss(self) -> None:
        for actor in (*(each.actor for each in self._members), *self._starting.values()):
            self._end(actor)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".:")
