"""ChunkResult files: each task counts once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import chain, combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.run.chunk_results import ChunkSpan
from augtool.run.result_files import find_chunk_results
from augtool.storage.confined import ConfinedFolder


def parts(folder: Path, *spans: ChunkSpan) -> Path:
    folder.mkdir(exist_ok=True)
    for span in spans:
        (folder / span.file_name).touch()
    return folder


@given(st.integers(0, 10**8 - 1), st.integers(0, 9999), st.integers(1, 9999))
def test_a_span_is_read_back_from_its_name(chunk: int, position: int, length: int) -> None:
    span = ChunkSpan(chunk, position, length)
    assert ChunkSpan.parse(span.file_name) == span


def test_tasks_that_were_done_twice_count_once(tmp_path: Path) -> None:
    """A worker died between its part and its answer: its tasks were done again, one by one."""
    whole = ChunkSpan(0, 0, 3)
    again = [ChunkSpan(0, position, 1) for position in range(3)]
    parts(tmp_path / "parts", whole, *again, ChunkSpan(1, 0, 2), ChunkSpan(1, 2, 1))
    assert find_chunk_results(ConfinedFolder(tmp_path), "parts") == [
        whole,
        ChunkSpan(1, 0, 2),
        ChunkSpan(1, 2, 1),
    ]


def test_no_folder_has_no_parts(tmp_path: Path) -> None:
    assert find_chunk_results(ConfinedFolder(tmp_path), "nope") == []


spans_of_one_chunk = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 6)).map(lambda each: ChunkSpan(3, *each)),
    max_size=8,
    unique=True,
)


@given(spans_of_one_chunk)
def test_of_overlapping_spans_those_count_that_cover_the_most(spans: list[ChunkSpan]) -> None:
    """Two processes may cut the same chunk otherwise, and one of them may be killed."""
    with tempfile.TemporaryDirectory() as folder:
        parts(Path(folder) / "parts", *spans)
        chosen = find_chunk_results(ConfinedFolder(Path(folder)), "parts")

    def is_disjoint(some: Sequence[ChunkSpan]) -> bool:
        places = [place for span in some for place in range(span.position, span.end)]
        return len(places) == len(set(places))

    subsets = chain.from_iterable(combinations(spans, size) for size in range(len(spans) + 1))
    most = max(sum(span.length for span in some) for some in subsets if is_disjoint(some))
    assert sum(span.length for span in chosen) == most
    assert is_disjoint(chosen)
    assert chosen == sorted(chosen)
    assert set(chosen) <= set(spans)


@pytest.mark.parametrize("name", ["1-2-3", "00000001-0002-0003.tmp", "run.json", "-1-2-3", "1-2"])
def test_what_is_not_named_as_a_result_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        ChunkSpan.parse(name)
