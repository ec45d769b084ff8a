from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.sources.safe_pickle import load_dict
from tests.packed_data import planes, python2_pickle


def _load(data: bytes) -> dict[str, Any]:
    return load_dict(io.BytesIO(data), "somewhere/data_batch_1")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("order", ["C", "F"])
def test_dict_of_every_protocol_comes_back(protocol: int, order: Any) -> None:
    data = np.asarray(planes(7), order=order)
    loaded = _load(pickle.dumps({b"data": data, "labels": [1, 2], "name": b"x"}, protocol))
    assert np.array_equal(loaded["data"], data)
    assert (loaded["labels"], loaded["name"]) == ([1, 2], b"x")


def test_pickle_of_python_2_comes_back() -> None:
    data = planes(3)
    loaded = _load(python2_pickle(data, [300, 4, 5]))
    assert np.array_equal(loaded["data"], data)
    assert loaded["labels"] == [300, 4, 5]


def test_byte_order_is_kept() -> None:
    numbers = np.array([1, 2, 70000], ">i4")
    for protocol in range(6):
        assert _load(pickle.dumps({"n": numbers}, protocol))["n"].tolist() == [1, 2, 70000]


class _Command:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], tuple(self.call[1:])


@pytest.mark.parametrize("protocol", range(6))
def test_malicious_pickle_does_nothing_and_is_named(tmp_path: Path, protocol: int) -> None:
    witness = tmp_path / "witness"
    data = pickle.dumps({"data": _Command(os.system, f"touch {witness}")}, protocol)
    with pytest.raises(InputError) as caught:
        _load(data)
    assert not witness.exists()
    assert "somewhere/data_batch_1: asks to load" in str(caught.value)
    assert "system" in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [eval, exec, getattr, setattr, __import__, open, np.load, np.fromfile, pickle.loads],
)
def test_other_names_are_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="asks to load"):
        _load(pickle.dumps({"data": _Command(function, "x")}))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            b"\x80\x04\x8c\x05numpy\x8c\x0fdtype.__class__\x93.", id="attribute of a known name"
        ),
        pytest.param(b"\x80\x02\x82\x01.", id="extension registry"),
        pytest.param(b"Psomething\n.", id="persistent id"),
        pytest.param(b"c_codecs\nencode\n}S'x'\nS'y'\nsb.", id="state of a function"),
        pytest.param(b"c_codecs\nencode\n(N}S'_function'\nNstb.", id="slots of a function"),
        pytest.param(b"\x80\x02cnumpy\ndtype\n)\x81.", id="new object of a name"),
        pytest.param(b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.", id="array of objects"),
        pytest.param(b"c_codecs\nencode\n(Vx\nVrot13\ntR.", id="another encoding"),
        pytest.param(b"\x80\x02].", id="no dict"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>404</html>", id="no pickle"),
        pytest.param(b"\x80\x02}r\xff\xff\xff\x7f.", id="huge memo"),
    ],
)
def test_odd_pickles_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^somewhere/data_batch_1: "):
        _load(data)


def test_array_of_objects_is_refused() -> None:
    with pytest.raises(InputError, match="holds an array of 'O8'"):
        _load(pickle.dumps({"data": np.array([{}], object)}, 2))


def test_array_shorter_than_its_shape_is_refused() -> None:
    data = pickle.dumps({"data": planes(3)}, 2).replace(b"K\x03M\x00\x0c", b"K\x04M\x00\x0c")
    with pytest.raises(InputError, match="not a complete pickle"):
        _load(data)


@pytest.mark.parametrize("kept", [1, 10, 100, 3000])
def test_pickle_that_is_cut_off_is_named(kept: int) -> None:
    data = python2_pickle(planes(3), [1, 2, 3])[:kept]
    with pytest.raises(InputError, match="data_batch_1: is not a complete pickle"):
        _load(data)
