"""moto's S3 on loopback, in a process of its own, which counts requests and can fail.

A thread in the process of a test would make every engine after it spawn its workers.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

SECRETS = ("AKIALOOPBACK", "never-to-be-seen")


class Store:
    """The server, seen from a test."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": SECRETS[0],
            "AWS_SECRET_ACCESS_KEY": SECRETS[1],
            "AWS_REGION": "us-east-1",
        }

    def put(self, key: str, data: bytes = b"") -> None:
        """Put an object (``bucket/key``), or make a bucket (``bucket``)."""
        self._send("PUT", key, data)

    def put_all(self, bucket: str, folder: Path, prefix: str = "") -> str:
        """Put a file, or all files below a folder, and return the URL."""
        self.put(bucket)
        paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for path in paths:
            if path.is_file():
                below = path.relative_to(folder.parent).as_posix()
                self.put(f"{bucket}/{prefix}{below}", path.read_bytes())
        return f"s3://{bucket}/{prefix}{folder.name}"

    def get_all(self, url: str) -> dict[str, bytes]:
        """Return all objects below a URL by their names there."""
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        listing = self._send("GET", f"{bucket}?list-type=2").decode()
        keys = map(unescape, re.findall("<Key>(.*?)</Key>", listing))
        return {
            key.removeprefix(f"{prefix}/"): self._send("GET", f"{bucket}/{key}")
            for key in keys
            if key.startswith(f"{prefix}/")
        }

    def delete(self, key: str) -> None:
        """Delete an object."""
        self._send("DELETE", key)

    def requests(self) -> list[tuple[str, str]]:
        """Return method and path of each request since the last call."""
        answer = json.loads(self._send("GET", "_requests"))
        return [(method, path) for method, path in answer]

    def _send(self, method: str, path: str, data: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/octet-stream", "Authorization": "AWS any:one"}
        url = f"{self.endpoint}/{quote(path, safe='/?=')}"
        request = Request(url, data, headers, method=method)
        with urlopen(request, timeout=30) as answer:
            content: bytes = answer.read()
            return content


def started() -> Iterator[Store]:
    """Yield a running server."""
    command = [sys.executable, "-m", "tests.object_store"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        try:
            yield Store(int(server.stdout.readline()))
        finally:
            server.kill()


class _Faulty:
    """A WSGI application that fails for some buckets, and hands on all else."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner = inner
        self._requests: list[tuple[str, str]] = []
        self._tries = Counter[str]()
        self._guard = threading.Lock()

    def __call__(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environment["PATH_INFO"], environment["REQUEST_METHOD"]
        bucket = path.split("/")[1]
        if path == "/_requests":
            with self._guard:
                answer, self._requests = json.dumps(self._requests).encode(), []
            start("200 OK", [])
            return [answer]
        with self._guard:
            self._requests.append((method, path))
            self._tries[f"{method} {path}"] += 1
            tries = self._tries[f"{method} {path}"]
        if bucket == "denied":
            text = f"<Error><Code>AccessDenied</Code><AWSAccessKeyId>{SECRETS[0]}</AWSAccessKeyId>"
            start("403 Forbidden", [])
            return [f"{text}</Error>".encode()]
        if bucket == "elsewhere":
            start("301 Moved Permanently", [])
            return [b"<Error><Code>PermanentRedirect</Code></Error>"]
        if bucket == "latest":  # where machines in a cloud get their credentials
            start("404 Not Found", [])
            return [b""]
        if bucket == "busy" and method == "GET" and tries == 1 and path.count("/") > 2:
            start("503 Slow Down", [])
            return [b"<Error><Code>SlowDown</Code></Error>"]
        broken = {"halfway": (1, "shard-000002"), "late": (2, "shard-000000")}
        time, name = broken.get(bucket, (0, ""))
        if method == "PUT" and tries == time and name in path:
            start("403 Forbidden", [])
            return [b"<Error><Code>AccessDenied</Code></Error>"]
        if bucket == "torn" and method == "GET" and tries == 1 and path.count("/") > 2:
            whole = b"".join(self._inner(environment, start))
            return [whole[: len(whole) // 2]]
        return self._inner(environment, start)


def _serve() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    inner = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, _Faulty(inner), threaded=True)
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    _serve()
