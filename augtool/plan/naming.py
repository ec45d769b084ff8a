"""Assigns every record a file name that can't collide and is the same in every run.

Originals keep their names and copies are ``<stem>__aug<k>.<ext>``.  Names must also differ when
case and Unicode form are ignored, as on macOS and Windows disks, and copies of ``a.jpg`` and
``a.png`` must have different stems, for formats without extensions.  If that requires another name,
the stem ends in ``-`` and the first digits of the SHA-256 of the id.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from augtool.images.codec import EXTENSIONS, format_of_name

__all__ = [
    "RESERVED",
    "Names",
    "names_in_folder",
    "plain_names",
    "safe_folder",
    "written_format",
]

#: Names in an output that are not those of classes, in any case.
RESERVED = frozenset(
    {"manifest.csv", "manifest.csv.tmp", "manifest.json", "manifest", "metadata.csv"}
    | {"metadata.parquet", "report.html", ".augtool"}
    | {"dataset.json", "dataset.json.tmp", "failures.csv", "failures.csv.tmp"}
    | {"train", "val", "valid", "validation", "test"}
)

#: Formats that copies keep under ``--format keep``; others become PNG.
_KEPT = frozenset({"jpg", "png", "webp", "bmp", "tiff"})
_MAX_BYTES = 255
_ROOM = len("__aug1000-0123456789")
#: Most bytes of a name with room for more, and how many characters never take as many.
_MOST = _MAX_BYTES - _ROOM
_FEW = _MOST // 4


class Names(NamedTuple):
    """What the records of one sample are called, below their class folder, and their formats.

    `original_format` may be one that is not written, such as GIF: such an original is a copy of
    the source's bytes.
    """

    original: str
    stem: str
    extension: str
    original_format: str
    format: str

    def copy(self, number: int) -> str:
        """Return the name of a copy."""
        return f"{self.stem}__aug{number}{self.extension}"


def plain_names(name: str, format: str, *, is_rewritten: bool) -> Names:
    """Return the names of a sample as if it were alone in its folder.

    Parameters
    ----------
    name
        The source's path below the class folder, with or without an extension.
    format
        keep, png, jpg or webp.
    is_rewritten
        Whether all originals are re-encoded, so that their format must be one we can write.
    """
    stem, extension = _split(name)
    written, original_format, wanted, keeps_name = _endings(extension, format, is_rewritten)
    original = name if keeps_name else stem + written
    return Names(original, stem, written, original_format, wanted)


@lru_cache
def _endings(extension: str, format: str, is_rewritten: bool) -> tuple[str, str, str, bool]:
    """Return the copies' extension, both formats, and whether an original keeps its name."""
    own = format_of_name(extension)
    wanted = written_format(own, format)
    written = extension if own == wanted else f".{wanted}"
    keeps_name = not is_rewritten and format == "keep" and bool(own)
    return written, own if keeps_name else wanted, wanted, keeps_name


def written_format(own: str, format: str) -> str:
    """Return the format of the copies of a file in a format of its own ("" if unknown)."""
    return (own if own in _KEPT else "png") if format == "keep" else format


def names_in_folder(
    names: Sequence[str], ids: Sequence[str], format: str, *, is_rewritten: bool
) -> dict[int, Names]:
    """Return the names of the samples of one output folder that can't have plain names.

    Parameters
    ----------
    names, ids
        Of each sample, its name below the class folder and its id, in the order of ids; the first
        of two that collide keeps its name. They may be computed on the fly.
    format, is_rewritten
        As for :func:`plain_names`.
    """
    hashes, suspects = _suspects(names)
    plain = {
        index: plain_names(names[index], format, is_rewritten=is_rewritten) for index in suspects
    }
    # An original "a__aug0.png" keeps its name, so no copy may be made from the stem "a".
    taken_stems = {
        _copy_base(each.original)
        for each in plain.values()
        if _copy_base(each.original) != _fold(_split(each.original)[0])
    }
    taken_files: set[str] = set()
    changed: dict[int, Names] = {}
    for index in suspects:
        own = plain[index]
        digest = hashlib.sha256(ids[index].encode("utf-8", "surrogateescape")).hexdigest()
        for digits in range(8, len(digest) + 1):
            if not _collides(own, taken_files, taken_stems):
                break
            own = _renamed(plain[index], digest[:digits], taken_files)
            if hash(_fold(own.stem)) in hashes:  # another image already has that name
                taken_stems.add(_fold(own.stem))
        taken_files.add(_fold(own.original))
        taken_stems.add(_fold(own.stem))
        if own != plain[index]:
            changed[index] = own
    return changed


def _collides(names: Names, taken_files: set[str], taken_stems: set[str]) -> bool:
    return (
        _bytes(names.copy(1000)) > _MAX_BYTES
        or _bytes(names.original) > _MAX_BYTES
        or _fold(names.original) in taken_files
        or _fold(names.stem) in taken_stems
    )


def _renamed(plain: Names, digits: str, taken_files: set[str]) -> Names:
    """Return `plain` with another stem; the name of the original changes only if it must."""
    folder, slash, base = plain.stem.rpartition("/")
    short = _cut(base, _MAX_BYTES - _ROOM - len(plain.extension) - len(digits))
    stem = f"{folder}{slash}{short}-{digits}"
    original = plain.original
    if _fold(original) in taken_files or _bytes(original) > _MAX_BYTES:
        original = stem + _split(original)[1]
    return plain._replace(original=original, stem=stem)


def _suspects(names: Sequence[str]) -> tuple[npt.NDArray[np.int64], list[int]]:
    """Return a hash of the stem of each sample's names, and which may collide, in order.

    A sample is suspect if its name is very long, or if another stem is the same apart from case,
    Unicode form and ``__aug<k>``. Hashes, because a set of a million stems would be larger than
    everything else in the plan; where two are equal by chance, samples are only suspect.
    """
    long: list[int] = []

    def stem_hashes() -> Iterator[int]:
        for index, name in enumerate(names):
            if len(name) > _FEW and _bytes(name) > _MOST:
                long.append(index)
            yield hash(_copy_base(name))

    hashes = np.fromiter(stem_hashes(), np.int64, len(names))
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    alike = np.flatnonzero(np.isin(hashes, repeated)).tolist() if len(repeated) else []
    return hashes, sorted({*long, *alike})


def _copy_base(name: str) -> str:
    """Return the folded stem, without ``__aug<k>``: what a copy's name begins with."""
    stem = _fold(_split(name)[0])
    return re.sub(r"__aug\d+$", "", stem) if "__aug" in stem else stem


def _split(name: str) -> tuple[str, str]:
    """Return stem and extension, which is empty unless it is an image extension."""
    dot = name.rfind(".")
    extension = name[dot:]
    return (name[:dot], extension) if extension.lower() in EXTENSIONS else (name, "")


def _fold(name: str) -> str:
    """Return a name normalised for comparison without case and Unicode form."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _bytes(name: str) -> int:
    return len(name.rpartition("/")[2].encode("utf-8", "surrogateescape"))


def _cut(text: str, most_bytes: int) -> str:
    """Return the longest prefix of `text` that fits, whole characters only."""
    while len(text.encode("utf-8", "surrogateescape")) > most_bytes:
        text = text[:-1]
    return text


def safe_folder(class_name: str) -> str:
    """Return a class name as the name of a folder, the same one in every run.

    Slashes, control characters, leading dots, and dots and spaces at the end (which Windows drops)
    become ``_``. A name that an output has for something else gets a ``_`` at its end.

    >>> safe_folder("T-shirt/top"), safe_folder("etc."), safe_folder("manifest.csv")
    ('T-shirt_top', 'etc_', 'manifest.csv_')
    """
    safe = re.sub(r"[/\\\x00-\x1f\x7f]", "_", class_name)
    safe = re.sub(r"^\.+", lambda dots: "_" * len(dots[0]), safe) or "_"
    safe = _cut(safe, _MAX_BYTES)
    safe = re.sub(r"[. ]+$", lambda end: "_" * len(end[0]), safe)
    return f"{safe}_" if _fold(safe) in RESERVED else safe
