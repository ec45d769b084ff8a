from __future__ import annotations

import threading

import pytest

from augtool.storage.remote.read_ahead import MOST_AHEAD, ReadAhead


class Reader:
    """Notes what is read, and waits until it may."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = threading.Event()

    def __call__(self, key: str) -> str:
        self.begun.append(key)
        self.may_end.wait(10)
        if key == "bad":
            raise ValueError(key)
        return key.upper()


def test_so_many_are_read_before_they_are_wanted_and_no_more() -> None:
    reader = Reader()
    ahead = ReadAhead(reader)
    keys = [f"k{number:03}" for number in range(3 * MOST_AHEAD)]
    ahead.expect(keys)
    reader.may_end.set()
    for taken, key in enumerate(keys):
        assert ahead.take(key) == key.upper()
        assert len(reader.begun) <= taken + 1 + MOST_AHEAD
    assert sorted(reader.begun) == keys  # each once


def test_what_is_expected_again_is_not_read_again() -> None:
    reader = Reader()
    reader.may_end.set()
    ahead = ReadAhead(reader)
    ahead.expect(["a", "b"])
    ahead.expect(["b", "c"])
    assert [ahead.take(key) for key in "bc"] == ["B", "C"]
    assert reader.begun.count("b") == reader.begun.count("c") == 1


def test_an_error_comes_where_the_answer_is_taken() -> None:
    reader = Reader()
    reader.may_end.set()
    ahead = ReadAhead(reader)
    ahead.expect(["bad", "good"])
    assert ahead.take("good") == "GOOD"
    with pytest.raises(ValueError, match="bad"):
        ahead.take("bad")
    assert ahead.take("unexpected") == "UNEXPECTED"
