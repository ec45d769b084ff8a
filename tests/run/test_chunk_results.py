"""ChunkResult files: each task counts once."""

from __future__ import annotations

from pathlib import Path

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
