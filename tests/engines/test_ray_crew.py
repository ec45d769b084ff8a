"""Chunks reach actors and come back, whichever of them are lost, and when; Ray is imitated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.engines import Done
from augtool.engines.ray.crew import Crew
from augtool.errors import EngineError, OutputError

CHUNKS = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10], [11], [12]]


class RayError(Exception):
    """What Ray raises when an actor is lost."""


class RayTaskError(RayError):
    """What Ray raises when an actor's method raises."""


@dataclass(eq=False)
class Actor:
    """Answers in order, or no more; says when it is asked for what no actor may be asked for."""

    is_ready: bool = False
    is_lost: bool = False
    asked: list[Ref] = field(default_factory=list)

    @property
    def ready(self) -> Any:
        return SimpleNamespace(remote=lambda: self.ask(None))

    @property
    def work(self) -> Any:
        return SimpleNamespace(remote=self.ask)

    def ask(self, items: Sequence[int] | None) -> Ref:
        assert not self.is_lost
        if items is not None:
            assert self.is_ready
            assert len(self.asked) < 2
        self.asked.append(Ref(self, items))
        return self.asked[-1]


@dataclass(eq=False)
class Ref:
    actor: Actor
    items: Sequence[int] | None


class Ray:
    """Ray; `fate` picks who of the actors answers next, or is lost, or that nobody does."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, fate: Any, problem: Exception | None = None) -> None:
        self.fate, self.problem = fate, problem
        self.started: list[Actor] = []
        self.killed: list[Actor] = []

    def start(self) -> Actor:
        self.started.append(Actor())
        return self.started[-1]

    def wait(self, refs: list[Ref], **_: Any) -> tuple[list[Ref], list[Ref]]:
        lost = [each for each in refs if each.actor.is_lost]
        if lost:
            return lost[:1], []
        actors = list(dict.fromkeys(each.actor for each in refs))
        actor, is_lost = self.fate(actors)
        if actor is None:
            return [], refs
        actor.is_lost = is_lost
        return actor.asked[:1], []

    def get(self, ref: Ref) -> Any:
        ref.actor.asked.remove(ref)
        if ref.actor.is_lost:
            raise RayError("The actor died.\nAnd more.")
        if ref.items is None:
            ref.actor.is_ready = True
            return self.problem
        return [Done(ref.items, sum(ref.items))]

    def kill(self, actor: Actor) -> None:
        self.killed.append(actor)

    def run(self, size: int = 2) -> list[Any]:
        cluster: Any = SimpleNamespace(
            ray=self,
            patience_s=1,
            no_worker=lambda: EngineError("no CPU is free"),
            check_signals=lambda: None,
        )
        try:
            return list(Crew(cluster, self.start, size).run(iter(CHUNKS)))
        finally:
            assert set(self.killed) == set(self.started)


@given(st.data(), st.integers(2, 4))
def test_every_chunk_is_done_once_whatever_is_lost(data: st.DataObject, size: int) -> None:
    losses = 0

    def fate(actors: list[Actor]) -> tuple[Actor, bool]:
        nonlocal losses
        is_lost = losses < 4 and data.draw(st.booleans())
        losses += is_lost
        return actors[data.draw(st.integers(0, len(actors) - 1))], is_lost

    outcomes = Ray(fate).run(size)
    assert sorted(outcomes, key=lambda each: each.items[0]) == [Done(c, sum(c)) for c in CHUNKS]


def test_actors_that_never_get_ready_keep_nobody_from_work() -> None:
    ray = Ray(lambda actors: (next(each for each in actors if each is ray.started[1]), False))
    assert len(ray.run(3)) == len(CHUNKS)
    assert [each.is_ready for each in ray.started] == [False, True, False]


def test_a_chunk_is_given_to_five_actors_at_most() -> None:
    """Each actor is ready, and then lost with what it has."""
    ray = Ray(lambda actors: (actors[0], actors[0].is_ready))
    with pytest.raises(EngineError, match=r"Ray lost 5 workers .* \(The actor died\);"):
        ray.run(1)
    assert len(ray.started) == 6


def test_a_crew_of_which_nobody_gets_ready_gives_up() -> None:
    with pytest.raises(EngineError, match="no CPU is free"):
        Ray(lambda _: (None, False)).run()


def test_actors_that_are_lost_before_they_are_ready_end_the_run() -> None:
    ray = Ray(lambda actors: (actors[0], True))
    with pytest.raises(EngineError, match=r"before they can start \(The actor died\);"):
        ray.run(2)
    assert len(ray.started) == 2 + 5  # three for each of the crew


def test_a_machine_that_an_actor_can_not_work_on_ends_the_run() -> None:
    with pytest.raises(OutputError, match="no such disk"):
        Ray(lambda actors: (actors[0], False), OutputError("no such disk")).run()
