"""Whole runs on Ray: a cluster of three machines in one, which lose workers, and one of our own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, Options, expand
from tests.conftest import ROOT
from tests.pictures import contents, make_tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.processes,
    pytest.mark.optional,
    # Ray's own cluster for tests leaves its files and processes to the interpreter.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

#: No run takes so long; it only keeps a run that hangs from hanging the tests.
_HANGS_S = 300
_STORE_BYTES = 100_000_000


@pytest.fixture(autouse=True)
def _ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    pytest.importorskip("ray")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 30, "deer": 30, "dog": 30})


def expected(data: Path) -> dict[str, bytes]:
    out = data.parent / "serial"
    expand(data, out, config=Config(per_image=1), options=Options(engine="serial"))
    return contents(out)


def command_line(*arguments: object, worker: str = "") -> list[str]:
    code = "from tests.odd_workers import main; main()"
    how = ["-c", code, worker] if worker else ["-m", "augtool"]
    return [sys.executable, *how, "expand", *map(str, arguments), "--json", "--per-image", "1"]


def start(
    *arguments: object, worker: str = "", address: str | None = None, mark: str = ""
) -> subprocess.Popen[str]:
    """Start augtool on Ray; `mark` is in the environment of all its processes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUGTOOL_TEST_MARK": mark}
    environment.pop("RAY_ADDRESS", None)
    if address is not None:
        environment["RAY_ADDRESS"] = address
    return subprocess.Popen(
        command_line(*arguments, "--engine", "ray", worker=worker),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    """Return the exit code, what was printed as one JSON object, and the messages."""
    try:
        output, errors = process.communicate(timeout=_HANGS_S)
    finally:
        process.kill()
    return process.returncode, json.loads(output), errors


def wait_for_results(out: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many chunks are done."""
    while process.poll() is None and len(list(out.glob(".augtool/**/results/*"))) < count:
        time.sleep(0.02)
    assert process.poll() is None, "it ended too early: make it slower"


def children(parent: int, title: str = "") -> list[int]:
    """Return the processes that a process started, and whose command begins with a title."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_text()
            if fields[1] == str(parent) and command.startswith(title):
                found.append(int(entry.name))
    return found


def marked(mark: str) -> list[str]:
    """Return the commands of living processes with a mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and mark.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text())
    return found


@contextlib.contextmanager
def three_machines(cpus: int = 1) -> Iterator[Any]:
    """Start what Ray takes for three machines, each with so many CPUs."""
    from ray.cluster_utils import Cluster

    each = {"num_cpus": cpus, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=each)
    try:
        cluster.others = [cluster.add_node(**each) for _ in range(2)]
        yield cluster
    finally:
        cluster.shutdown()


def actor_on(node: Any) -> int:
    """Return the process of the actor on a machine."""
    (raylet,) = node.all_processes["raylet"]
    return children(raylet.process.pid, "ray::Actor")[0]


@needs_proc
def test_a_cluster_that_loses_an_actor_and_a_machine_makes_the_same(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with three_machines() as cluster:
        process = start(data, out, worker="SlowWorker", address=cluster.address)
        wait_for_results(out, 3, process)
        os.kill(actor_on(cluster.head_node), signal.SIGKILL)
        wait_for_results(out, 15, process)
        cluster.remove_node(cluster.others[0], allow_graceful=False)
        code, report, errors = finished(process)
    assert (code, report["status"]) == (0, "done"), errors
    assert "aylet" not in errors
    assert contents(out) == expected(data)
    assert not (out / "failures.csv").exists()


def test_a_cluster_without_a_free_cpu_is_named(data: Path, tmp_path: Path) -> None:
    with three_machines(cpus=0) as cluster:
        address = cluster.address
        code, report, _ = finished(start(data, tmp_path / "out", address=address))
    assert code == 1
    assert report["errors"] == [
        f"the Ray cluster at {address} started no worker within 50 s: 0 of its 0 CPUs are"
        " free; wait until others have finished, or add a machine, and run the same command again"
        " (`ray status` shows what is in use)"
    ]


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere.invalid:6379", "no address"])
def test_an_address_where_no_cluster_is_is_named(data: Path, tmp_path: Path, address: str) -> None:
    code, report, _ = finished(start(data, tmp_path / "out", address=address))
    assert code == 1
    assert report["errors"][0].startswith(f"can't use the Ray cluster {address!r}: ")


def test_a_picture_that_kills_its_worker_is_named_as_by_processes(
    data: Path, tmp_path: Path
) -> None:
    subprocess.run(
        command_line(data, tmp_path / "processes", worker="DeadlyWorker"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    code, report, errors = finished(start(data, tmp_path / "ray", worker="DeadlyWorker"))
    assert (code, report["failed"]) == (3, 1), errors
    assert contents(tmp_path / "ray") == contents(tmp_path / "processes")


@needs_proc
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_no_process_and_goes_on(
    data: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out, mark = tmp_path / "out", secrets.token_hex()
    process = start(data, out, worker="SlowWorker", mark=mark)
    wait_for_results(out, 3, process)
    process.send_signal(number)
    assert finished(process)[:2] == (
        code,
        {
            "status": "failed",
            "exit_code": code,
            "errors": ["interrupted; run the same command again to go on"],
        },
    )
    until_s = time.monotonic() + 30
    while marked(mark) and time.monotonic() < until_s:
        time.sleep(0.1)
    assert marked(mark) == []
    code, _, errors = finished(start(data, out))
    assert (code, "resuming: " in errors) == (0, True)
    assert contents(out) == expected(data)
