"""What shards of image files hold: what was found in, ids and a listing out.

An id never contains its shard, so that the same images in other shards get the same draws.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from augtool.core.printable import printable
from augtool.core.records import Failure, Listing, Sample, Samples
from augtool.core.texts import is_storable
from augtool.errors import InputError
from augtool.images.codec import EXTENSIONS
from augtool.sources.classes import choose_classes
from augtool.sources.file_index import FileIndex, Place
from augtool.sources.walk import SPLITS

__all__ = ["Catalogue", "Found", "Label"]

#: Minimum digits of a number in an id.
_DIGITS = 5
#: Longer ids could not be written as paths.
_LONGEST_ID = 1024
_LONGEST_NAME = 255


class Label(NamedTuple):
    """What a record says of its class: a number, a name, or both."""

    number: int | None = None
    name: str | None = None


class Found(NamedTuple):
    """An image before it has an id: its name (None if it has none), split, label and place."""

    name: str | None
    split: str
    label: Label
    place: Place


class Catalogue:
    """Collects what shards hold, in their order.

    Parameters
    ----------
    root
        The data set's name in errors.
    has_splits
        Whether the data came in splits: then an id begins with that of its image.
    names
        Class names by number, where the data set has them beside the images.
    """

    def __init__(
        self, root: str, *, has_splits: bool, names: Mapping[int, str] | None = None
    ) -> None:
        self._root = root
        self._has_splits = has_splits
        self.names = names
        self.failures: list[Failure] = []
        self.ignored: dict[str, int] = {}
        #: Of the images that are known to be copies, the id of their source.
        self.copies: dict[str, str] = {}
        self._ids: list[str] = []
        self._known: set[str] = set()
        self._starts = array("L")
        self._splits: list[str] = []
        self._labels: dict[Label, int] = {}
        self._label_of = array("L")
        self._places = array("q")

    def add(
        self, name: str, split: str, label: Label, place: Place, *, is_id: bool = False
    ) -> str | None:
        """Add an image, and return its id; None if it can't be used, which is recorded.

        Parameters
        ----------
        name
            Its path in the data set, with ``/``.
        split, label, place
            What is known of it.
        is_id
            Whether the name is an id already.
        """
        if reason := _reason_against(name, label.name):
            self.fail(name if is_storable(name) else printable(name), reason)
            return None
        own = name.split("/")
        prefix = f"{split}/" if self._has_splits and not is_id else ""
        if prefix and SPLITS.get(own[0]) == split and len(own) > 1:
            prefix = ""
        sample_id = prefix + name
        if sample_id in self._known:
            self.fail(sample_id, "is in the data set twice; rename one, or remove it")
            return None
        self._known.add(sample_id)
        self._ids.append(sample_id)
        self._starts.append(len(prefix) + _name_start(name, self._class_name(label)))
        self._splits.append(split)
        self._label_of.append(self._labels.setdefault(label, len(self._labels)))
        self._places.extend(place)
        return sample_id

    def add_all(self, found: Sequence[Found], format_of: Callable[[Found], str]) -> None:
        """Add images whose names may be missing, or only unique within their class.

        Ids are the names, else ``class/name`` as in a class tree, else numbers within a split:
        the first of them that tells all images apart. Numbers need the format of each image.
        """
        for name_of in (self._name, self._name_in_class):
            names = [name_of(each) for each in found]
            if None not in names and len(set(zip(names, (e.split for e in found)))) == len(found):
                for name, each in zip(names, found):
                    self.add(str(name), each.split, each.label, each.place)
                return
        sizes = Counter(each.split for each in found)
        numbers = Counter[str]()
        for each in found:
            digits = max(_DIGITS, len(str(sizes[each.split] - 1)))
            name = f"{each.split}/{numbers[each.split]:0{digits}}{_ending(format_of(each))}"
            self.add(name, each.split, each.label, each.place, is_id=True)
            numbers[each.split] += 1

    def _class_name(self, label: Label) -> str | None:
        return label.name or (self.names or {}).get(-1 if label.number is None else label.number)

    def _name(self, found: Found) -> str | None:
        return found.name

    def _name_in_class(self, found: Found) -> str | None:
        class_name = self._class_name(found.label)
        return None if not found.name or not class_name else f"{class_name}/{found.name}"

    def fail(self, name: str, reason: str) -> None:
        """Record what can't be used."""
        self.failures.append(Failure(name, "list", reason))

    def listing(self, classes: Sequence[str] | None) -> Listing:
        """Return the samples, sorted by split and id.

        Raises
        ------
        InputError
            When there are none, or a label has no class.
        """
        by_label = self._class_names(classes)
        self._require_some(by_label)
        chosen = choose_classes(list(dict.fromkeys(by_label.values())), classes, self._root)
        position = {name: label for label, name in enumerate(chosen)}
        labels = [position.get(by_label.get(each, "")) for each in self._labels]
        samples = Samples.of(self._samples(labels))
        self.failures.sort()
        return Listing(
            samples, chosen, self._has_splits, self.failures, dict(self.ignored), copies=self.copies
        )

    def _samples(self, labels: Sequence[int | None]) -> Iterator[Sample]:
        """Yield the samples whose labels have a place among the chosen classes, in order."""
        for at in sorted(range(len(self._ids)), key=lambda at: (self._splits[at], self._ids[at])):
            label = labels[self._label_of[at]]
            if label is not None:
                yield Sample(self._ids[at], self._splits[at], label, self._starts[at])

    def index(self) -> FileIndex:
        """Return what finds the images again."""
        return FileIndex(
            self._ids, np.frombuffer(self._places, np.int64).reshape(-1, len(Place._fields))
        )

    def _require_some(self, by_label: Mapping[Label, str]) -> None:
        if not by_label:
            first = min(self.failures, default=None)
            why = f" ({first.source}: {first.reason})" if first else ""
            raise InputError(f"{self._root!r} has no usable image{why}; check the data set")

    def _class_names(self, classes: Sequence[str] | None) -> dict[Label, str]:
        """Return the class of every label that occurs; in the order of labels."""
        if self.names is not None and all(each.number is not None for each in self._labels):
            return self._numbered(self.names, "there are names for")
        named = [each for each in self._labels if each.name is not None]
        if named and len(named) < len(self._labels):
            bare = next(each.number for each in self._labels if each.name is None)
            raise InputError(
                f"{self._root!r} has classes with names, such as {named[0].name!r}, and others"
                f" that are only numbers, such as {bare}; use one or the other"
            )
        if named:
            return {each: str(each.name) for each in self._in_order(named)}
        numbers = sorted({each.number for each in self._labels if each.number is not None})
        own = {number: str(number) for number in numbers}
        if classes is None or set(classes) <= set(own.values()):
            return self._numbered(own, "there are names for")
        return self._numbered(dict(enumerate(classes)), "classes names")

    def _numbered(self, names: Mapping[int, str], what: str) -> dict[Label, str]:
        for label in self._labels:
            if label.number not in names:
                raise InputError(
                    f"{self._root!r} has label {label.number}, but {what} {len(names)}"
                    f" ({min(names, default=0)} to {max(names, default=0)}); list a name for every"
                    " label in classes"
                )
        by_label = {Label(number): name for number, name in names.items()}
        by_label |= {each: names[int(each.number or 0)] for each in self._labels}
        return by_label

    def _in_order(self, named: Sequence[Label]) -> list[Label]:
        """Return labels by number where each number has one name, and the reverse; else by name."""
        pairs = {(each.number, each.name) for each in named}
        numbers = {number for number, _ in pairs}
        is_sound = None not in numbers and len({name for _, name in pairs}) == len(numbers)

        def order(label: Label) -> tuple[Any, ...]:
            return (label.number if is_sound and len(pairs) == len(numbers) else 0, label.name)

        return sorted(named, key=order)


def _name_start(name: str, class_name: str | None) -> int:
    """Return where the part of a name begins that comes below the class folder.

    >>> _name_start("train/cat/a/1.jpg", "cat"), _name_start("pets/1.jpg", "cat")
    (10, 5)
    """
    parts = name.split("/")
    if len(parts) > 2 and parts[0] in SPLITS and parts[1] == class_name:
        return len(parts[0]) + len(parts[1]) + 2
    if len(parts) > 1 and parts[0] == class_name:
        return len(parts[0]) + 1
    return name.rfind("/") + 1


def _ending(format: str) -> str:
    return next((ending for ending, name in EXTENSIONS.items() if name == format), "")


def _reason_against(name: str, class_name: str | None) -> str | None:
    """Return why the names that a shard gives an image can't be used; None if they can."""
    if not is_storable(name):
        return "has a name that is not valid Unicode; rename it"
    if class_name is not None and not is_storable(class_name):
        return f"has the class {class_name!r:.80}, which is not valid Unicode; rename the class"
    parts = name.split("/")
    if "\0" in name or "" in parts or "." in parts or ".." in parts:
        return "has a name that is not a path within the data set; rename it"
    if len(name) > _LONGEST_ID or any(
        len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME for part in parts[:-1]
    ):
        return "has a name that is too long for a path; rename it"
    return None
