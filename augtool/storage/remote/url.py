"""URLs of objects, as texts: nothing is looked up.

A secret in a URL would end up in messages and shell histories, so that such URLs are refused.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from augtool.errors import ConfigError

__all__ = ["ENVIRONMENT", "RemoteUrl", "is_remote", "shown"]

_SCHEMES = ("s3", "gs", "az")
#: `pathlib` makes one slash of two.
_ANY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}([^/]*)/?(.*)", re.DOTALL)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|(?:s3|gs|az|https?|s3a|gcs|abfss?|hf):/")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")


class RemoteUrl(NamedTuple):
    """A bucket of an object store, and the name of an object in it, or the start of some names.

    >>> url = RemoteUrl.parse("s3://photos/train/cat/")
    >>> str(url), url.key, str(url.parent)
    ('s3://photos/train/cat', 'train/cat', 's3://photos/train')
    """

    scheme: str
    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> RemoteUrl:
        """Return the parts of a URL.

        Raises
        ------
        ConfigError
            When it is of another kind, holds credentials, or its key is no plain path.
        """
        found = _ANY.fullmatch(text)
        scheme, bucket, key = found.groups() if found else ("", "", "")
        bare = f"{scheme}://{bucket.rpartition('@')[2]}"
        if scheme not in _SCHEMES:
            raise ConfigError(
                f"{bare}: is a URL that augtool does not read; pass s3://, gs:// or az://, or copy"
                " the data to a folder"
            )
        if "@" in bucket or ":" in bucket or "?" in f"{bucket}{key}":
            raise ConfigError(
                f"{bare.partition('?')[0]}/...: holds credentials or a query; pass the URL without"
                f" them, and credentials in the environment ({ENVIRONMENT[scheme]})"
            )
        key = key.rstrip("/")
        if not _BUCKET.fullmatch(bucket):
            raise ConfigError(f"{text}: names no bucket; pass {scheme}://BUCKET/PATH")
        if key and not {"", ".", ".."}.isdisjoint(key.split("/")):
            raise ConfigError(f"{text}: its path has an empty part, . or ..; leave that out")
        return cls(scheme, bucket, key)

    def __str__(self) -> str:
        return f"{self.store}/{self.key}" if self.key else self.store

    @property
    def store(self) -> str:
        """The URL of the bucket."""
        return f"{self.scheme}://{self.bucket}"

    @property
    def parent(self) -> RemoteUrl:
        """The URL of what an object lies in."""
        return self._replace(key=self.key.rpartition("/")[0])

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]


#: Where each kind of store looks for credentials.
ENVIRONMENT = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, a web identity or the"
    " machine's role; AWS_SKIP_SIGNATURE=true for public buckets",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or the machine's service account;"
    " GOOGLE_SKIP_SIGNATURE=true for public buckets",
    "az": "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or"
    " the machine's identity; AZURE_SKIP_SIGNATURE=true for public containers",
}


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a URL, of whatever kind."""
    return _URL.match(os.fspath(path)) is not None


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path, or a URL with both its slashes, for messages."""
    text = os.fspath(path)
    return str(RemoteUrl.parse(text)) if is_remote(text) else text
