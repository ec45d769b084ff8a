from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from augtool.engines import Done, open_engine
from augtool.engines.lookahead import Lookahead


def test_every_chunk_is_taken_once_by_whoever_asks() -> None:
    chunks = [[number, number + 1] for number in range(0, 200, 2)]
    ahead = Lookahead(iter(chunks))
    taken = []
    for taker in "aabacb" * 40:
        chunk = ahead.take(taker)
        if chunk is None:
            break
        taken.append(chunk)
        ahead.promise(taker)
    assert sorted(taken) == chunks


def test_a_promise_is_kept_while_there_is_other_work() -> None:
    ahead = Lookahead(iter([[number] for number in range(100)]))
    promised = ahead.promise("a")
    assert promised == list(range(32))
    assert ahead.take("b") == [32]
    assert [ahead.take("a") for _ in promised] == [[number] for number in promised]


def test_the_last_promises_go_to_whoever_is_free() -> None:
    ahead = Lookahead(iter([["one"], ["two"]]))
    assert ahead.promise("gone") == ["one", "two"]
    assert [ahead.take("b") for _ in range(3)] == [["two"], ["one"], None]


class Expecting:
    """Notes in its process what it was told to expect."""

    reads_ahead = True

    def __init__(self) -> None:
        self.expected: list[Sequence[int]] = []

    def expect(self, items: Sequence[int]) -> None:
        self.expected.append(items)

    def __call__(self, items: Sequence[int]) -> tuple[int, Sequence[int]]:
        if items[0] == 3:
            marker = f"{os.environ['AUGTOOL_TEST_DIED']}"
            if not os.path.exists(marker):  # noqa: PTH110
                open(marker, "w").close()  # noqa: PTH123
                os._exit(9)
        return len(items), self.expected[-1]


@pytest.mark.processes
@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_a_function_is_told_what_comes_now_and_next(
    engine: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = tmp_path_factory.mktemp("died") / "once"
    monkeypatch.setenv("AUGTOOL_TEST_DIED", str(died))
    if engine == "serial":
        died.touch()
    chunks = [[0], [1, 2], [3], [4]]
    seen = []
    for outcome in open_engine(engine, 1, timeout_s=0).run(Expecting(), iter(chunks)):
        assert isinstance(outcome, Done)
        count, expected = outcome.value
        assert list(expected[:count]) == list(outcome.items)
        seen += outcome.items
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert died.exists()
