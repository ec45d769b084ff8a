"""Reads pickled batches without running them.

A pickle is a program.  The few names that a CIFAR batch needs are replaced by stand-ins of our
own, which collect numbers and refuse everything else; nothing is ever imported, and NumPy's own
unpickling, which trusts its input, is never used.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar

import numpy as np
import numpy.typing as npt

from augtool.errors import InputError

__all__ = ["load_dict", "read_batch"]

#: The largest batch, CIFAR-100 for training, has 155 MB and 252,000 operations.
_MOST_BYTES = 200_000_000
_MOST_TEXT_BYTES = 100_000_000  # four times as much once it is text
_MOST_OPERATIONS = 2_000_000
_OPERATIONS = {ord(each.code): each for each in pickletools.opcodes}
#: Names of the operations that hold text, and of those that fill places in the unpickler's memory.
_TEXTS = {each.name for each in pickletools.opcodes if "UNICODE" in each.name} | {"STRING"}
_PLACES = {"BINPUT", "LONG_BINPUT"}
#: Bytes of a length that precedes an argument.
_LENGTH_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}

_BAD_PICKLE = (
    *(pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError),
    *(ValueError, TypeError, OverflowError, RecursionError, MemoryError),
)


def load_dict(file: BinaryIO, where: str) -> dict[str, Any]:
    """Return the dict in a pickle; keys are text, arrays are read-only.

    Parameters
    ----------
    file
        The pickle.
    where
        What to call it in errors.

    Raises
    ------
    InputError
        When it asks for anything but arrays of numbers or for too much memory, is truncated, or is
        not a dict.
    """
    data = read_batch(file, where)
    try:
        _check_operations(data)
        value = _Unpickler(io.BytesIO(data), len(data)).load()
        if not isinstance(value, dict):
            raise InputError(f"holds a {type(value).__name__}, expected a dict")
        return {_text(key): _plain(each) for key, each in value.items()}
    except InputError as error:
        if str(error).startswith(("asks", "holds")):
            raise InputError(
                f"{where}: {error}, which a CIFAR batch never does;"
                " get the file from its publisher and compare its checksum"
            ) from error
        raise
    except _BAD_PICKLE as error:
        raise InputError(
            f"{where}: is not a complete pickle ({str(error) or type(error).__name__});"
            " it may be truncated; get the file again"
        ) from error


def read_batch(file: BinaryIO, where: str) -> bytes:
    """Return the bytes of a batch's file, without reading beyond the limit.

    Raises
    ------
    InputError
        When it is larger than any batch: a few bytes of gzip can hold that much.
    """
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise InputError(
            f"{where}: has more than {_MOST_BYTES:,} bytes, which no CIFAR batch has;"
            " get the file from its publisher and compare its checksum"
        )
    return data


def _check_operations(data: bytes) -> None:
    """Walk through a pickle's operations, and refuse those that would take much memory.

    Some operations of a few bytes make gigabytes: a place far out in the unpickler's memory, the
    length of a text that is not there, millions of empty lists.
    """
    at = operations = text_bytes = 0
    while True:
        operation = _OPERATIONS.get(data[at]) if at < len(data) else None
        if operation is None:
            raise pickle.UnpicklingError(
                "it ends early" if at >= len(data) else "it is not a pickle"
            )
        operations += 1
        if operations > _MOST_OPERATIONS:
            raise InputError(f"asks for more than {_MOST_OPERATIONS:,} operations")
        if operation.name == "STOP":
            return
        start, at = at + 1, _argument_end(data, at + 1, operation, operations)
        if at > len(data):
            raise pickle.UnpicklingError("it ends early")
        if operation.name in _TEXTS:
            text_bytes += at - start
            if text_bytes > _MOST_TEXT_BYTES:
                raise InputError(f"asks for more than {_MOST_TEXT_BYTES:,} bytes of text")


def _argument_end(
    data: bytes, start: int, operation: pickletools.OpcodeInfo, operations: int
) -> int:
    """Return where an operation's argument ends, which may be beyond the data."""
    if operation.arg is None:
        return start
    width = operation.arg.n
    if width == pickletools.UP_TO_NEWLINE:
        end = start
        for _ in range(2 if operation.arg.name.endswith("_pair") else 1):
            start, end = end, data.find(b"\n", end) + 1
            if not end:
                raise InputError("asks for a number or a name without end")
        if operation.name == "PUT" and int(data[start:end]) > operations:
            raise InputError("asks for a place that it never fills")
        return end
    length_bytes = _LENGTH_BYTES.get(width, width)
    end = start + length_bytes
    if width < 0:
        return end + int.from_bytes(data[start:end], "little")
    if operation.name in _PLACES and int.from_bytes(data[start:end], "little") > operations:
        raise InputError("asks for a place that it never fills")
    return end


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> Any:
    return value.array() if isinstance(value, _Array) else value


class _Dtype:
    """Stand-in for ``numpy.dtype``: kind and size, then the byte order as its state."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = _text(code).lstrip("|<>=")
        self.order = "="
        if not re.fullmatch(r"(u[1248]|i[1248]|f[248]|b1)", self.code):
            raise InputError(f"holds an array of {_text(code)!r}")

    def __setstate__(self, state: Any) -> None:
        _, order, *fields = state
        if any(field is not None for field in fields[:3]) or _text(order) not in "|<>=":
            raise InputError("holds an array of records")
        self.order = _text(order)

    def real(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.code)


class _Array:
    """Stand-in for ``numpy.ndarray``: filled by its state, or at once."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content: tuple[Any, _Dtype, Any, bool] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, data = state
        self.fill(data, dtype, shape, is_fortran=bool(is_fortran))

    def fill(self, data: Any, dtype: Any, shape: Any, *, is_fortran: bool) -> None:
        if not isinstance(data, (bytes, bytearray)) or not isinstance(dtype, _Dtype):
            raise InputError("holds an array of objects")
        self.content = data, dtype, shape, is_fortran

    def array(self) -> npt.NDArray[Any]:
        if self.content is None:
            raise ValueError("an array without content")
        data, dtype, shape, is_fortran = self.content
        flat = np.frombuffer(data, dtype.real())
        flat.flags.writeable = False
        array: npt.NDArray[Any] = flat.reshape(shape, order="F" if is_fortran else "C")
        return array


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.fill(data, dtype, shape, is_fortran=_text(order) == "F")
    return array


class _Stand:
    """A stand-in for a name. It can be called; everything else is refused."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setattr__(self, name: str, value: Any) -> None:
        raise InputError(f"asks to change {name!r}")

    def __setstate__(self, state: Any) -> None:
        raise InputError("asks to change a function")


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows a few names only.

    Parameters
    ----------
    file
        The pickle.
    size
        Its size in bytes; what it makes of text may not be larger.
    """

    _KNOWN: ClassVar[dict[str, _Stand]] = {
        "numpy.ndarray": _Stand(_reconstruct),
        "numpy.dtype": _Stand(_Dtype),
        "numpy.core.multiarray._reconstruct": _Stand(_reconstruct),
        "numpy._core.multiarray._reconstruct": _Stand(_reconstruct),
        "numpy.core.numeric._frombuffer": _Stand(_frombuffer),
        "numpy._core.numeric._frombuffer": _Stand(_frombuffer),
    }

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__(file, encoding="bytes")
        self._left = size
        self._own = {**self._KNOWN, "_codecs.encode": _Stand(self._encode)}

    def find_class(self, module: str, name: str) -> Any:
        known = self._own.get(f"{module}.{name}")
        if known is None:
            raise InputError(f"asks to load {f'{module}.{name}'!r}")
        return known

    def _encode(self, text: Any, encoding: Any = "latin1") -> bytes:
        """Stand in for ``_codecs.encode``, which protocols 0 to 2 use to write bytes."""
        if not isinstance(text, str) or _text(encoding) not in ("latin1", "latin-1"):
            raise InputError(f"asks to encode something as {_text(encoding)!r}")
        self._left -= len(text)
        if self._left < 0:
            raise InputError("asks to encode a text again and again")
        return text.encode("latin-1")

    def persistent_load(self, pid: Any) -> Any:
        raise InputError(f"asks for another object ({pid!r:.60})")
