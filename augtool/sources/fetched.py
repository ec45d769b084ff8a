"""Packed data sets in an object store: copied to a temporary folder, then read as those on disk.

Finding out what packed files and shards hold takes reading them; a request for each place to look
at would take far longer than one for the whole.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from augtool.core.geometry import Image
from augtool.core.records import Failure, Listing, Sample
from augtool.errors import InputError
from augtool.sources.entries import is_passed_over
from augtool.sources.source import Source
from augtool.storage.data_folder import Located
from augtool.storage.remote.folder import RemoteFolder
from augtool.storage.remote.mirror import DESCRIPTIONS, Mirror
from augtool.storage.remote.url import RemoteUrl

__all__ = ["FetchedSource"]

#: What names of packed files and of what belongs to them end with; CIFAR's have no ending.
_PACKED = re.compile(
    r"(\.(tar|tgz|gz|npz|npy|parquet|mds|bin|meta|txt|json)|\.tfrecord.*|[-.]idx\d-ubyte|(^|/)[^./]+)$",
    re.IGNORECASE,
)
#: Shards lie as deep as data/train/.
_MOST_FOLDERS = 2


class FetchedSource:
    """A packed data set of a URL; errors name that, and not the copy.

    Parameters
    ----------
    url
        Where it is.
    located
        What was found there.
    open_copy
        Opens the source of the copy.

    Raises
    ------
    InputError
        When there is nothing there that could be packed data.
    """

    has_files: ClassVar[bool] = False
    reads_ahead: ClassVar[bool] = False

    def __init__(self, url: str, located: Located, open_copy: Callable[[str], Source]) -> None:
        folder, name = located
        assert isinstance(folder, RemoteFolder)
        self._url = RemoteUrl.parse(url)
        self._mirror: Mirror | None = Mirror(folder.bucket)
        base = RemoteUrl.parse(folder.root)
        paths = [name] if name is not None else sorted(filter(_may_be_packed, folder.paths()))
        if not paths:
            raise InputError(
                f"{self._url}: holds no images, and no packed data set within two folders;"
                " check the URL"
            )
        self._mirror.save(base, folder, [path for path in paths if path not in DESCRIPTIONS])
        self._mirror.save_descriptions(base, folder)
        self._root = str(self._mirror.root)
        self._versions = {
            str(self._mirror.path_of(base) / path): folder.version(path) for path in paths
        }
        with self._named_by_url():
            self._source = open_copy(str(self._mirror.path_of(self._url)))
        self.name, self.extension = self._source.name, self._source.extension

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_mirror": None}  # a worker looks at it, and doesn't remove it

    @property
    def files_root(self) -> str:
        """The copy."""
        return self._source.files_root

    def describe(self) -> dict[str, object]:
        """Return what changes the listing: nothing else than on disk."""
        return self._source.describe()

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all samples."""
        with self._named_by_url():
            listing = self._source.listing(classes)
        listing.failures = [
            Failure(each.source, each.stage, self._named(each.reason)) for each in listing.failures
        ]
        return listing

    def read(self, sample: Sample) -> bytes | Image:
        """Return a sample's file bytes, or its pixels."""
        with self._named_by_url():
            return self._source.read(sample)

    def read_stamped(self, sample: Sample) -> tuple[bytes | Image, str]:
        """Return a sample's file bytes, or its pixels, and the version of the packed file."""
        return self.read(sample), self.version_of(sample)

    def expect(self, samples: Iterable[Sample]) -> None:
        """Do nothing: all is here."""

    def path_of(self, sample: Sample) -> str:
        """Return the URL of the packed file."""
        return self._named(self._source.path_of(sample))

    def place_of(self, sample: Sample) -> str | None:
        """Return where a sample lies, as the manifest of a run says it."""
        return self._source.place_of(sample)

    def version_of(self, sample: Sample) -> str:
        """Return the etag and size of the packed file."""
        return self._versions.get(self._source.path_of(sample), "")

    def _named(self, text: str) -> str:
        return text.replace(self._root, self._url.store)

    @contextlib.contextmanager
    def _named_by_url(self) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            raise InputError(self._named(error.reason), stage=error.stage) from error


def _may_be_packed(path: str) -> bool:
    names = path.split("/")
    is_shown = not any(is_passed_over(name) for name in names)
    return is_shown and len(names) <= _MOST_FOLDERS + 1 and bool(_PACKED.search(path))
