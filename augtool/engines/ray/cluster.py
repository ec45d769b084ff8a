"""A connection to a Ray cluster, or to a small one of our own, which ends with the run."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO, cast

from augtool.engines.ray.signals import kept_sigterm, noted_signals
from augtool.errors import EngineError
from augtool.runtime import cpu_count
from augtool.runtime.packages import EXTRAS, pip_command

__all__ = ["Cluster", "cluster", "require_ray"]

#: What Ray needs for itself in the store of a cluster of our own, in bytes.
_STORE_BYTES = 100_000_000
#: For how long no worker may be ready: on a cluster all CPUs are in use then; our own is only slow.
_PATIENCE_S, _OWN_PATIENCE_S = 50.0, 300.0
#: For how long to wait for an answer at an address.
_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this process is connected to.

    Parameters
    ----------
    ray
        The module.
    address
        Where it is; None for one of our own.
    check_signals
        Lets a signal have its effect that had none.
    """

    ray: Any
    address: str | None
    check_signals: Callable[[], None]

    @property
    def cpus(self) -> int:
        """How many CPUs it has in all; at least 1, since machines may join."""
        return max(1, int(self.ray.cluster_resources().get("CPU", 0)))

    @property
    def patience_s(self) -> float:
        """How many seconds to wait for a worker."""
        return _OWN_PATIENCE_S if self.address is None else _PATIENCE_S

    def no_worker(self) -> EngineError:
        """Return the error that says why no worker gets ready."""
        if self.address is None:
            return EngineError(
                f"Ray started no worker within {self.patience_s:.0f} s; pass --engine processes"
            )
        free = int(self.ray.available_resources().get("CPU", 0))
        in_all = int(self.ray.cluster_resources().get("CPU", 0))
        return EngineError(
            f"the Ray cluster at {self.address} started no worker within {self.patience_s:.0f} s:"
            f" {free} of its {in_all} CPUs are free; wait until others have finished, or add a"
            " machine, and run the same command again (`ray status` shows what is in use)"
        )


def require_ray() -> None:
    """Refuse to go on without Ray.

    Raises
    ------
    EngineError
        When it is not installed, with the command that installs it.
    """
    if importlib.util.find_spec("ray") is None:
        command = f'{pip_command("install")} "{EXTRAS["ray"].spec}"'
        raise EngineError(f"--engine ray: Ray is not installed; run: {command}")


@contextlib.contextmanager
def cluster(workers: int | None, size: int) -> Iterator[Cluster]:
    """Connect to the cluster of RAY_ADDRESS, else start one here; a connection that exists is used.

    Parameters
    ----------
    workers
        CPUs of a cluster of our own; None for those that this process may use.
    size
        Bytes that the function takes.

    Raises
    ------
    EngineError
        When there is no such cluster, or it can't be used.
    """
    _set_up()
    import ray  # noqa: PLC0415 - an extra

    if ray.is_initialized():
        with noted_signals() as check_signals:
            yield Cluster(ray, ray.get_runtime_context().gcs_address, check_signals)
        return
    address = os.environ.get("RAY_ADDRESS") or "local"
    own = {
        "num_cpus": workers or cpu_count(),
        "object_store_memory": _STORE_BYTES + 2 * size,
        "include_dashboard": False,
    }
    with _rays_prints_dropped(), noted_signals() as check_signals:
        try:
            _connect(ray, address, own if address == "local" else {})
            check_signals()
            yield Cluster(ray, None if address == "local" else address, check_signals)
        finally:
            with contextlib.redirect_stdout(io.StringIO()):  # what its threads had left to print
                ray.shutdown()
        check_signals()


def _connect(ray: Any, address: str, own: dict[str, Any]) -> None:
    try:
        _knock(address)
        with kept_sigterm():
            ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL, **own)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = " ".join(str(error).split())
        if own:
            raise EngineError(
                f"Ray can't be started here: {reason}; pass --engine processes"
            ) from error
        raise EngineError(
            f"can't use the Ray cluster {address!r}: {reason}; correct RAY_ADDRESS, or unset it to"
            " use this machine alone"
        ) from error


def _knock(address: str) -> None:
    """Raise an OSError where nobody answers; Ray itself would try for a quarter of an hour."""
    found = re.fullmatch(r"\[?([^/]+?)\]?:(\d{1,5})", address)
    if found:
        socket.create_connection((found[1], int(found[2])), timeout=_ANSWER_S).close()


def _set_up() -> None:
    """Set what Ray reads when it is imported; a person's own settings stay."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # How often it tries to reach a cluster, for 40 s each time.
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "2")
    # Its handler of SIGTERM would print a stack trace and end this process.
    os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")


@contextlib.contextmanager
def _rays_prints_dropped() -> Iterator[None]:
    """Drop what Ray prints to standard output, which is for data: the logs of lost machines."""
    stdout = sys.stdout
    sys.stdout = cast(TextIO, _WithoutRay(stdout))
    try:
        yield
    finally:
        sys.stdout = stdout


class _WithoutRay:
    """A stream that drops what Ray's own threads print there."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what somebody else prints."""
        if threading.current_thread().name.startswith("ray_"):
            return len(text)
        return self._stream.write(text)
