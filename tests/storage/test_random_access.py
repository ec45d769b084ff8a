from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.storage import random_access
from augtool.storage.random_access import Window, open_seekable


@pytest.fixture
def data() -> bytes:
    return np.random.default_rng(0).integers(0, 40, 300_000, np.uint8).tobytes()


@pytest.fixture(params=["plain", "gzip", "two members", "padded"])
def file(request: pytest.FixtureRequest, tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(
        {
            "plain": lambda: data,
            "gzip": lambda: gzip.compress(data),
            "two members": lambda: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
            "padded": lambda: gzip.compress(data) + bytes(512),
        }[request.param]()
    )
    return path


def test_whole_file_is_its_plain_bytes(file: Path, data: bytes) -> None:
    with open_seekable(str(file)) as opened:
        assert opened.read() == data


def test_any_part_is_the_same_in_any_order(
    file: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_access, "_POINT_EVERY_BYTES", 10_000)
    places = np.random.default_rng(1).integers(0, len(data), 60)
    with open_seekable(str(file)) as opened:
        for place in places:
            opened.seek(int(place))
            assert opened.read(700) == data[place : place + 700]
            assert opened.tell() == min(len(data), place + 700)


def test_end_is_found(file: Path, data: bytes) -> None:
    with open_seekable(str(file)) as opened:
        assert opened.seek(0, os.SEEK_END) == len(data)
        assert opened.read(1) == b""
        assert opened.seek(-3, os.SEEK_CUR) == len(data) - 3
        assert opened.read() == data[-3:]


def test_going_back_reads_from_the_nearest_point(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_access, "_POINT_EVERY_BYTES", 10_000)
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(data))
    with open_seekable(str(path)) as opened:
        opened.read()
        raw = opened.raw  # type: ignore[attr-defined]
        assert len(raw._points) > 3
        opened.seek(len(data) - 1)
        opened.read(1)
        assert raw._at - raw._points[-1].position < 2**17


def test_gzip_that_is_cut_off_names_the_byte(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.gz"
    packed = gzip.compress(data)[:5000]
    path.write_bytes(packed)
    with open_seekable(str(path)) as opened, pytest.raises(InputError, match=r"at byte 5,000"):
        opened.read()


def test_gzip_that_is_damaged_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.gz"
    packed = bytearray(gzip.compress(data))
    packed[5000:5010] = bytes(10)
    path.write_bytes(packed)
    with (
        open_seekable(str(path)) as opened,
        pytest.raises(InputError, match="gzip data is damaged"),
    ):
        opened.read()


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing.gz: can't be opened"):
        open_seekable(str(tmp_path / "nothing.gz"))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gz")
    assert not random_access.is_gzip(str(tmp_path / "pipe.gz"))
    with pytest.raises(InputError, match=r"pipe.gz: can't be opened: it is not a regular file"):
        open_seekable(str(tmp_path / "pipe.gz"))


def test_forked_process_does_not_move_its_parents_place(file: Path, data: bytes) -> None:
    with open_seekable(str(file)) as opened:
        assert opened.read(10) == data[:10]
        pid = os.fork()
        if pid == 0:
            opened.seek(200_000)
            os._exit(0 if opened.read(5) == data[200_000:200_005] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert opened.read(100_000) == data[10:100_010]


def test_window_ends_where_it_should(file: Path, data: bytes) -> None:
    with open_seekable(str(file)) as opened:
        window = Window(opened, 100, 50)
        assert window.read(10) == data[100:110]
        assert window.read(1000) == data[110:150]
        assert window.read(1) == b""
        assert window.seek(-5, os.SEEK_END) == 45
