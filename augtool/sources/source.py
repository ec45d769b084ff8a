"""The source protocol: lists samples, and reads them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol, TypedDict

from augtool.core.geometry import Image
from augtool.core.records import Listing, Sample

__all__ = ["Source", "SourceKind", "SourceOptions"]


class SourceOptions(TypedDict, total=False):
    """What a source may be told beyond its path; each kind takes some of it.

    `follow_links`: read links that lead out of the data. `only`: the paths to take. `label`:
    ``fine`` or ``coarse``. `files_root`, `path_column` and `label_separator`: of a CSV table.
    `class_column`: of a CSV table or of Parquet.
    """

    follow_links: bool
    only: Sequence[str]
    label: str
    files_root: str
    path_column: str
    class_column: str
    label_separator: str


class Source(Protocol):
    """A reader of samples. It contains only paths and settings, so it can be sent to workers."""

    @property
    def name(self) -> str:
        """The name of its kind."""

    @property
    def has_files(self) -> bool:
        """Whether each sample is a file of its own."""

    @property
    def extension(self) -> str:
        """Extension of record names if ids have none (packed formats)."""

    @property
    def files_root(self) -> str:
        """The folder on disk, or the packed file, that ids and places are relative to.

        Of remote images, a folder that has only what describes them.
        """

    @property
    def reads_ahead(self) -> bool:
        """Whether reading waits for answers, so that it pays to say what comes next."""

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all samples; `classes` is the order of labels, or a subset.

        Raises
        ------
        InputError
            When the data set as a whole can't be used.
        """

    def read(self, sample: Sample) -> bytes | Image:
        """Return a sample's file bytes, or its pixels, (H, W) or (H, W, C) in the order R, G, B, A.

        Raises
        ------
        InputError
            When this sample can't be read.
        """

    def read_stamped(self, sample: Sample) -> tuple[bytes | Image, str]:
        """Return what `read` does, and a text that tells the stored bytes from any others.

        It has no spaces, and is from before they were read, so that what changes meanwhile is
        noticed later: size and modification time of a file, etag and size of an object.
        """

    def expect(self, samples: Iterable[Sample]) -> None:
        """Say which samples will be read next, in that order; it may be wrong."""

    def version_of(self, sample: Sample) -> str | None:
        """Return what the listing says to tell the stored bytes of a sample from any others.

        None where only the times of files do; "" where it isn't known.
        """

    def path_of(self, sample: Sample) -> str:
        """Return the path or URL of the sample's file, or of the packed file that it lies in."""

    def place_of(self, sample: Sample) -> str | None:
        """Return where a sample of a packed data set lies, as the manifest of a run says it.

        None where that is its `path_of`, or where it is not known.
        """

    def describe(self) -> dict[str, object]:
        """Return settings that change what is read, for the run's identity."""


class SourceKind(Source, Protocol):
    """A kind of source, for the registry."""

    name: ClassVar[str]
    has_files: ClassVar[bool]
    extension: ClassVar[str]

    # Any: each kind names the options that it takes, and `open_source` checks them.
    def __init__(self, root: str, **options: Any) -> None: ...

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether a path on disk looks like this kind of data set."""
