"""What obstore's errors mean to a person.

Their own texts are never shown: they hold what a server answered, and so access keys.
"""

from __future__ import annotations

import re

from augtool.errors import AugtoolError, InputError, StoreError
from augtool.storage.remote.url import ENVIRONMENT, RemoteUrl

__all__ = ["explain_fault"]

#: What a server calls the error, as S3, Google and Azure do.
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_NAME = re.compile(r"(?:Path|path:) \"([^\"\n]{1,300})\"")
_DENIED = re.compile("status code: 40[13]")
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound", "InvalidBucketName"}
_OTHER_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect"}
_STALE = {"ExpiredToken", "RequestTimeTooSkewed", "RequestExpired"}
#: Where machines are given their credentials, which is asked where there are no others.
_NO_CREDENTIALS = (
    *("169.254.", "/latest/api/token", "/latest/meta-data/", "metadata.google.internal"),
    *("/computeMetadata/", "/metadata/identity/", "Account must be specified"),
)
_CONTINUE = "run the same command again: it continues where it stopped"


def explain_fault(error: Exception, url: RemoteUrl) -> AugtoolError:
    """Return the error that says what went wrong at `url`, and how to fix it.

    An `InputError` where only this object can't be read, whose reason leaves out its name as that
    of a file does; a `StoreError` where nothing can be read there.
    """
    text, kind = str(error), type(error).__name__
    found = _CODE.search(text)
    code = found[1] if found else ""
    if code in _NO_BUCKET:
        return StoreError(f"{url}: there is no bucket {url.bucket!r}; check its name")
    if isinstance(error, FileNotFoundError):
        return InputError("can't be read: there is no such object; list the data set again")
    if kind == "InvalidPathError":
        name = _NAME.search(text)
        which = f" ({name[1]!r})" if name else ""
        return StoreError(
            f"{url}: holds an object whose name is no path{which}, with an empty part, . or .. or a"
            " control character; rename or remove it"
        )
    if any(each in text for each in _NO_CREDENTIALS):
        return StoreError(f"{url}: no credentials; set {ENVIRONMENT[url.scheme]}")
    if code in _OTHER_REGION or "configured region" in text:
        return StoreError(f"{url}: the bucket is in another region; set AWS_REGION to it")
    if code in _STALE:
        return StoreError(f"{url}: {code}: renew the credentials, or set the clock; {_CONTINUE}")
    if kind in ("PermissionDeniedError", "UnauthenticatedError") or _DENIED.search(text):
        said = f" ({code})" if code else ""
        return StoreError(
            f"{url}: access is denied{said}; listing and reading must be allowed (for an OUT"
            f" putting and deleting, too), and credentials right: {ENVIRONMENT[url.scheme]}"
        )
    if "error sending request" in text or "timed out" in text or "TimedOut" in text:
        return StoreError(
            f"{url}: the store can't be reached, or does not answer; check the connection (and"
            f" AWS_ENDPOINT_URL, where that is set), then {_CONTINUE}"
        )
    return StoreError(f"{url}: the store answered with an error ({code or kind}); {_CONTINUE}")
