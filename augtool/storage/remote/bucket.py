"""A bucket: objects listed, read whole, copied to a file, put and deleted, by one request each.

obstore is imported where it is used: it is an extra, and its threads would make every worker start
anew instead of by a fork.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from augtool.errors import ConfigError, InputError
from augtool.storage.files import MOST_BYTES, clean_errors
from augtool.storage.remote.faults import explain_fault
from augtool.storage.remote.url import RemoteUrl

__all__ = ["Bucket", "StoredObject"]

_LISTED_AT_ONCE = 1000
_BLOCK_BYTES = 2**23
#: Larger files are put in parts, and appear when all are there.
_MOST_AT_ONCE = 2**28
#: The name of the SHA-256 among an object's metadata.
_DIGEST = "augtool-sha256"
#: An object may take an hour, but no half minute of it may pass without a byte.
_CLIENT = {"connect_timeout": "5s", "read_timeout": "30s", "timeout": "3600s"}
_RETRIES: dict[str, Any] = {"max_retries": 5, "retry_timeout": timedelta(seconds=120)}


class StoredObject(NamedTuple):
    """An object: its key, its size in bytes, and what tells its bytes from others (its etag).

    The latter is a text without spaces.
    """

    key: str
    size: int
    version: str


class Bucket:
    """The bucket that a URL lies in, opened when it is first used. Workers get its URL.

    Every method raises a :class:`StoreError` where nothing can be read there, and an
    :class:`InputError` where one object can't be.
    """

    def __init__(self, url: RemoteUrl) -> None:
        self.url = url._replace(key="")
        self._store: Any = None

    def __getstate__(self) -> RemoteUrl:
        return self.url

    def __setstate__(self, url: RemoteUrl) -> None:
        self.url, self._store = url, None

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects below a folder ("" for all), page by page."""
        obstore = self._open(prefix)
        with self._faults(prefix):
            pages = obstore.list(self._store, prefix or None, chunk_size=_LISTED_AT_ONCE)
            for page in pages:
                yield from map(_stored, page)

    def find(self, key: str) -> StoredObject | None:
        """Return an object without its bytes; None where there is none."""
        obstore = self._open(key)
        with self._faults(key), contextlib.suppress(FileNotFoundError):
            return _stored(obstore.head(self._store, key))
        return None

    def read(self, key: str, most: int = MOST_BYTES) -> tuple[bytes, StoredObject]:
        """Return an object of less than `most` bytes; of a larger one, b"" and what it is."""
        obstore = self._open(key)
        with self._faults(key):
            answer = obstore.get(self._store, key)
            stored = _stored(answer.meta)._replace(key=key)
            if stored.size >= most:
                return b"", stored
            data = bytes(answer.bytes())
        if len(data) != stored.size:
            raise InputError(f"can't be read: {len(data):,} of {stored.size:,} bytes came")
        return data, stored

    def save(self, key: str, path: Path) -> StoredObject:
        """Copy an object of any size to a new file, which appears whole or not at all."""
        obstore = self._open(key)
        temporary = path.with_name(f"{path.name}.part")
        with clean_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = temporary.open("wb")
        with file:
            with self._faults(key):
                answer = obstore.get(self._store, key)
                stored = _stored(answer.meta)._replace(key=key)
                blocks = iter(answer.stream(min_chunk_size=_BLOCK_BYTES))
            while True:
                with self._faults(key):
                    block = next(blocks, None)
                if block is None:
                    break
                with clean_errors(path):
                    file.write(bytes(block))
        size = temporary.stat().st_size
        if size != stored.size:
            raise InputError(f"{self._at(key)}: {size:,} of {stored.size:,} bytes came; try again")
        temporary.rename(path)
        return stored

    def put(self, key: str, content: bytes | Path, digest: str) -> None:
        """Put an object, which appears whole or not at all, with its SHA-256 beside it.

        Raises
        ------
        OSError
            When the file can't be read.
        """
        obstore = self._open(key)
        is_large = isinstance(content, Path) and content.stat().st_size > _MOST_AT_ONCE
        with self._faults(key):
            obstore.put(
                self._store,
                key,
                content,
                attributes={_DIGEST: digest},
                use_multipart=is_large,
                chunk_size=_BLOCK_BYTES,
                max_concurrency=4,
            )

    def create(self, key: str, content: bytes | Path, digest: str) -> bool:
        """Put an object where there is none; tell whether there was none."""
        obstore = self._open(key)
        with self._faults(key):
            from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

            try:
                facts = {_DIGEST: digest}
                obstore.put(self._store, key, content, mode="create", attributes=facts)
            except AlreadyExistsError:
                return False
        return True

    def digest_of(self, key: str) -> str:
        """Return the SHA-256 that was put beside an object; "" where there is none."""
        obstore = self._open(key)
        with self._faults(key), contextlib.suppress(FileNotFoundError):
            answer = obstore.get(self._store, key, options={"head": True})
            return str(answer.attributes.get(_DIGEST, ""))
        return ""

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        obstore = self._open(key)
        with self._faults(key), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    def _at(self, key: str) -> RemoteUrl:
        return self.url._replace(key=key)

    @contextlib.contextmanager
    def _faults(self, key: str) -> Iterator[None]:
        """Turn what obstore raises into what a person may be told."""
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            yield
        except (BaseError, FileNotFoundError, ValueError) as error:
            raise explain_fault(error, self._at(key)) from None

    def _open(self, key: str) -> Any:
        """Return obstore, with the bucket open."""
        try:
            import obstore  # noqa: PLC0415
            from obstore import store as stores  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(
                f"{self._at(key)}: object stores need obstore ({error}); pip install obstore"
            ) from error
        if self._store is None:
            kinds = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}
            options = dict(_CLIENT, **_plain_http())
            with self._faults(key):
                self._store = kinds[self.url.scheme](
                    self.url.bucket, client_options=options, retry_config=_RETRIES
                )
        return obstore


def _plain_http() -> dict[str, Any]:
    """Return the option for servers of one's own without TLS, which the environment names."""
    named = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT")
    is_plain = any(os.environ.get(name, "").startswith("http://") for name in named)
    return {"allow_http": True} if is_plain else {}


def _stored(meta: Any) -> StoredObject:
    tag = (meta["e_tag"] or "").strip('"') or meta["last_modified"].isoformat()
    return StoredObject(meta["path"], meta["size"], f"{''.join(tag.split())}-{meta['size']}")
