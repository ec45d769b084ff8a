"""A disk that fails at the n-th thing that is done to it, or a process that is killed there."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

__all__ = ["Faults", "Killed"]

#: ``once``: one call finds the disk full; ``full``: so do all later ones that need space;
#: ``kill``: nothing reaches the disk any more.
Mode = Literal["once", "full", "kill"]
_TAKES_SPACE = {"create", "write", "mkdir", "link", "symlink"}


class Killed(BaseException):
    """Stands for ``kill -9``."""


class Faults:
    """Counts what is done below a folder, and lets the n-th call fail.

    Parameters
    ----------
    root
        Only what is done below it counts, and the syncs.
    at
        Which call fails, from 0; -1 for none.
    mode
        How.
    """

    def __init__(self, root: Path, at: int = -1, mode: Mode = "once") -> None:
        self._root = os.path.realpath(root)
        self._at, self._mode = at, mode
        self._patch = pytest.MonkeyPatch()
        #: Each call: what, and where.
        self.calls: list[tuple[str, str]] = []

    def __enter__(self) -> Faults:
        for name in ("rename", "replace", "unlink", "remove", "mkdir", "rmdir", "utime"):
            self._wrap(name, name)
        for name in ("write", "pwrite", "ftruncate"):
            self._wrap(name, "write")
        for name in ("link", "symlink"):
            self._wrap(name, name, at=1, dir_fd="dst_dir_fd" if name == "link" else "dir_fd")
        self._patch.setattr(os, "fsync", lambda fd: self._count("sync", self._place(fd, None)))
        self._patch.setattr(os, "sync", lambda: self._count("sync", self._root))
        self._wrap_open()
        self._wrap_files()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def _wrap(self, name: str, what: str, *, at: int = 0, dir_fd: str = "") -> None:
        function = getattr(os, name)
        named = dir_fd or ("src_dir_fd" if name in ("rename", "replace") else "dir_fd")

        def call(*arguments: Any, **options: Any) -> Any:
            self._count(what, self._place(arguments[at], options.get(named)))
            return function(*arguments, **options)

        self._patch.setattr(os, name, call)

    def _wrap_open(self) -> None:
        opened = os.open

        def call(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            if flags & os.O_CREAT:
                self._count("create", self._place(path, options.get("dir_fd")))
            return opened(path, flags, *arguments, **options)

        self._patch.setattr(os, "open", call)

    def _wrap_files(self) -> None:
        """Count what files write when their buffers are full, as the system sees it."""
        opened, faults = io.open, self

        class Raw(io.FileIO):
            def write(self, data: Any) -> int:
                faults._count("write", self.place)
                return super().write(data)

            place = ""

        def call(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            place = faults._place(file, None)
            if not set(mode) & set("wax+") or "b" not in mode or not faults._is_below(place):
                return opened(file, mode, *arguments, **options)
            if not isinstance(file, int):
                faults._count("create", place)
            raw = Raw(file, mode.replace("b", ""))
            raw.place = place
            return (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)

        self._patch.setattr(io, "open", call)

    @staticmethod
    def _place(path: Any, dir_fd: int | None) -> str:
        if isinstance(path, int):
            return os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115
        base = os.getcwd() if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")  # noqa: PTH109, PTH115
        return os.path.normpath(os.path.join(base, os.fspath(path)))  # noqa: PTH118

    def _is_below(self, place: str) -> bool:
        return place == self._root or place.startswith(f"{self._root}/")

    def _count(self, what: str, place: str) -> None:
        """Take note of a call that would change the disk; it fails if it is its turn."""
        if not self._is_below(place):
            return
        self.calls.append((what, place.removeprefix(self._root)))
        number = len(self.calls) - 1
        if self._at < 0 or number < self._at:
            return
        if self._mode == "kill":
            raise Killed
        if number == self._at or (self._mode == "full" and what in _TAKES_SPACE):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)


Function = Callable[..., Any]
