"""What some systems lack is hidden, one by one, and a small job still gives the same bytes."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pictures import contents, make_tree
from tests.test_house import PACKAGE, imports, room_of

#: What is not there, and how it is hidden before anything of augtool is imported.
HIDDEN = {
    "nothing": "",
    "fcntl": "sys.modules['fcntl'] = None; sys.modules['msvcrt'] = msvcrt",
    "fork": "del os.fork, os.register_at_fork",
    "memfd_create": "del os.memfd_create",
    "prctl": "ctypes.CDLL = lambda name: types.SimpleNamespace()",
    "statvfs": "del os.statvfs",
    "setitimer": "del signal.setitimer",
    "O_NOFOLLOW": "del os.O_NOFOLLOW",
    "O_DIRECTORY": "del os.O_DIRECTORY",
    "dir_fd": "os.supports_dir_fd = set()",
    "pread": "del os.pread, os.pwrite",
    "affinity": "del os.sched_getaffinity",
    "sysconf": "del os.sysconf",
    "sync": "del os.sync",
}
#: Forked for each, so that what is heavy is imported once. Of msvcrt it has what is used.
SCRIPT = """
import ctypes, hashlib, json, multiprocessing.connection, os, signal, sys, tempfile, types
import cv2, numpy, pydantic, simplejpeg, tqdm, typer, yaml
pydantic.create_model("Any", of=(int, 1))  # what it imports late
msvcrt = types.SimpleNamespace(LK_NBLCK=2, locking=lambda fd, mode, count: None)
for name, code in json.loads(sys.argv[1]).items():
    child = os.fork()
    if child == 0:
        exec(code)
        sys.argv = ["augtool", "expand", "data", name, "--workers", "1", "--quiet", "--ratio", "2"]
        sys.argv += ["--to", "npz", "--resize", "24x24"] if name == "pread" else []
        from augtool.cli.app import main
        main()
    status = os.waitpid(child, 0)[1]
    print(name, os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a child for each")
def test_a_job_runs_without_what_some_systems_lack(tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 1, "dog": 1}, suffix=".jpg")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(HIDDEN)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        timeout=300,
    )
    assert done.stdout.splitlines() == [f"{name} 0" for name in HIDDEN], done.stderr
    whole = contents(tmp_path / "nothing")
    assert len(whole) == 8
    for name in HIDDEN.keys() - {"pread"}:
        assert contents(tmp_path / name) == whole, name


#: Modules and names that not every system has. Others than `storage`, `engines` and `runtime` may
#: use them only where they ask with `hasattr` first.
POSIX_MODULES = {"fcntl", "msvcrt", "termios", "tty", "pty", "resource", "pwd", "grp", "ctypes"}
POSIX_NAMES = {
    *("fork", "register_at_fork", "memfd_create", "pread", "pwrite", "statvfs", "sysconf"),
    *("getuid", "geteuid", "getpgid", "killpg", "sched_getaffinity", "setitimer", "SIGALRM"),
    *("SIGKILL", "SIGHUP", "pthread_sigmask", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK"),
    *("O_CLOEXEC", "O_NOCTTY", "mkfifo", "chown", "sync"),
}


def posix_uses(path: Path) -> Iterator[str]:
    yield from (module for module in imports(path) if module.split(".")[0] in POSIX_MODULES)
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in POSIX_NAMES:
            module = node.value.id if isinstance(node.value, ast.Name) else ""
            asked = f'hasattr({module}, "{node.attr}")' in text
            if module in ("os", "signal") and not asked:
                yield node.attr
        elif isinstance(node, ast.keyword) and node.arg in ("dir_fd", "src_dir_fd", "dst_dir_fd"):
            yield str(node.arg)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_only_rooms_at_the_bottom_ask_for_what_some_systems_lack(path: Path) -> None:
    if room_of(path) not in ("storage", "engines", "runtime"):
        assert not list(posix_uses(path))
