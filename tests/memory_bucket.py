"""Buckets in memory: what object stores do without one, for tests in one process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from augtool.errors import InputError, StoreError
from augtool.storage.files import MOST_BYTES
from augtool.storage.remote.bucket import Bucket, StoredObject
from augtool.storage.remote.url import RemoteUrl


class MemoryBucket(Bucket):
    """A bucket of objects that all buckets in memory share, by URL."""

    objects: ClassVar[dict[str, bytes]] = {}
    digests: ClassVar[dict[str, str]] = {}
    #: What was put and deleted, in order.
    changes: ClassVar[list[str]] = []
    #: How many objects may still be put before the store fails; None for any number.
    left: ClassVar[int | None] = None

    @classmethod
    def clear(cls) -> None:
        """Forget all."""
        cls.objects, cls.digests, cls.changes, cls.left = {}, {}, [], None

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        start = f"{self._at(prefix)}/"
        for url in sorted(self.objects):
            if url.startswith(start):
                yield self._stored(RemoteUrl.parse(url).key)

    def find(self, key: str) -> StoredObject | None:
        return self._stored(key) if str(self._at(key)) in self.objects else None

    def read(self, key: str, most: int = MOST_BYTES) -> tuple[bytes, StoredObject]:
        if self.find(key) is None:
            raise InputError("can't be read: there is no such object; list the data set again")
        data = self.objects[str(self._at(key))]
        return (data if len(data) < most else b""), self._stored(key)

    def save(self, key: str, path: Path) -> StoredObject:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.read(key)[0])
        return self._stored(key)

    def put(self, key: str, content: bytes | Path, digest: str) -> None:
        if self.left is not None:
            type(self).left = self.left - 1
            if self.left < 0:
                raise StoreError(f"{self._at(key)}: access is denied")
        url = str(self._at(key))
        self.objects[url] = content if isinstance(content, bytes) else content.read_bytes()
        self.digests[url] = digest
        self.changes.append(f"put {url}")

    def create(self, key: str, content: bytes | Path, digest: str) -> bool:
        if self.find(key) is not None:
            return False
        self.put(key, content, digest)
        return True

    def digest_of(self, key: str) -> str:
        return self.digests.get(str(self._at(key)), "")

    def delete(self, key: str) -> None:
        if self.find(key) is not None:
            del self.objects[str(self._at(key))]
            self.changes.append(f"delete {self._at(key)}")

    def _stored(self, key: str) -> StoredObject:
        data = self.objects[str(self._at(key))]
        return StoredObject(key, len(data), hashlib.md5(data).hexdigest())
