"""The plan: the copies of each sample and their names. Pure: samples and config in, tasks out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from augtool.config.schema import Config
from augtool.core.counted import counted
from augtool.core.printable import printable
from augtool.core.records import TRAIN, ClassCounts, Listing, Sample, Samples, SplitCounts
from augtool.core.samples import Group
from augtool.core.texts import numbers
from augtool.errors import ConfigError, InputError
from augtool.images.codec import format_of_name
from augtool.plan.balance import class_sizes, undersample
from augtool.plan.collisions import renamed_samples
from augtool.plan.folders import class_folders, order_of_loaders
from augtool.plan.naming import Names, plain_names, written_format
from augtool.plan.quotas import Copies, share_copies
from augtool.plan.task import Task, TaskRef, TaskRefs

__all__ = ["MANY_COPIES", "Plan", "make_plan"]

#: More copies of one image than this are worth a warning.
MANY_COPIES = 20
#: The most records in one chunk.
_LARGEST_CHUNK = 512
#: How many rows to hash at once.
_ROWS = 2**11
#: How many chunks to cut a small plan into, so that all workers get some.
_FEWEST_CHUNKS = 48


@dataclass(slots=True)
class Plan:
    """How many copies each sample gets, and their names.

    Parameters
    ----------
    listing
        The samples, in the order of work.
    copies
        Copies of each sample.
    folders
        Folder name of each class, by label.
    format, is_rewritten
        As for :func:`augtool.plan.naming.plain_names`.
    omits_originals
        Whether only copies and held-out samples are written.
    extension
        Extension of record names if ids have none (packed formats).
    left_out
        How many training originals of a class are in neither, for balance.
    """

    listing: Listing
    copies: Copies
    folders: tuple[str, ...]
    format: str
    is_rewritten: bool
    omits_originals: bool
    extension: str = ""
    left_out: dict[str, int] = field(default_factory=dict)
    _renamed: dict[int, Names] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def samples(self) -> Samples:
        """The samples, in the order of work."""
        return self.listing.samples

    @property
    def total_copies(self) -> int:
        """Number of copies."""
        return int(self.copies.sum())

    @property
    def held_out(self) -> int:
        """Number of samples that are carried over unchanged."""
        return sum(size for group, size in self.samples.used_groups() if group.split != TRAIN)

    @property
    def total_records(self) -> int:
        """Number of files: the copies, and the originals unless they are omitted."""
        return self.total_copies + (self.held_out if self.omits_originals else len(self.samples))

    @property
    def most_copies(self) -> int:
        """The most copies that any sample gets."""
        return int(self.copies.max(initial=0))

    def folder_of(self, sample: Sample | Group) -> str:
        """Return the folder of the records of a sample, or of a group, below the output."""
        folder = self.folders[sample.label]
        if not self.listing.has_splits:
            return folder
        split = self.listing.folder_of_split(sample.split)
        return f"{split}/{folder}" if folder else split

    def file_formats(self) -> list[str]:
        """Return the formats that records have, or sources."""
        names = [self.extension] if self.extension else self.samples.names
        endings = {name.rpartition(".")[2] for name in names}
        own = {format_of_name(f".{ending}") for ending in endings}
        written = {written_format(each, self.format) for each in own}
        return sorted(own - {""} | written)

    def tops(self) -> list[str]:
        """Return the folders that a tree has at its top."""
        folders = {self.folder_of(group) for group, _ in self.samples.used_groups()}
        return sorted({folder.partition("/")[0] for folder in folders} - {""})

    @property
    def has_classes_at_top(self) -> bool:
        """Whether loaders take every folder at the top of a tree for a class."""
        return not self.listing.has_splits and bool(self.tops())

    def loader_order(self) -> list[str]:
        """Return the classes as loaders number them, which sort the folders of a tree."""
        used = {group.label for group, _ in self.samples.used_groups()}
        return order_of_loaders(self.listing.classes, self.folders, used)

    @property
    def renamed(self) -> dict[int, Names]:
        """Names of the samples that can't have plain names, by index; computed on demand."""
        if self._renamed is None:
            self._renamed = renamed_samples(
                self.samples, self.extension, self.format, is_rewritten=self.is_rewritten
            )
        return self._renamed

    def records_of(self, chunk: TaskRefs) -> int:
        """Return how many files the records of a chunk are."""
        own = slice(chunk.sample_indices.start, chunk.sample_indices.stop)
        is_kept = self.samples[own.start].split != TRAIN or not self.omits_originals
        return int(self.copies[own].sum()) + len(chunk) * is_kept

    def counts(self) -> SplitCounts:
        """Return the number of originals and copies by split and class."""
        originals, copies = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
        sums = self.samples.sums(self.copies)
        for (split, label, _), size, made in zip(
            self.samples.groups, self.samples.group_sizes, sums
        ):
            originals[split, label] += size
            copies[split, label] += made
        counts: SplitCounts = {}
        for (split, label), number in sorted(originals.items()):
            if number:
                of_class = ClassCounts(number, copies[split, label])
                counts.setdefault(split, {})[self.listing.classes[label]] = of_class
        return counts

    def arithmetic(self) -> str:
        """Return the arithmetic as text: ``5,000 originals + 7,500 copies = 12,500 files``."""
        held_out = self.held_out
        originals = len(self.samples) - held_out
        parts = [
            counted(originals, "original") + (" (omitted)" if self.omits_originals else ""),
            counted(self.total_copies, "copy", "copies"),
        ]
        if held_out:
            parts.append(f"{held_out:,} held out")
        left_out = sum(self.left_out.values())
        aside = f" ({counted(left_out, 'original')} left out)" if left_out else ""
        return f"{' + '.join(parts)} = {counted(self.total_records, 'file')}{aside}"

    def digest(self) -> str:
        """Return the SHA-256 of the samples and copies in the plan, in hexadecimal.

        Names and chunks follow from that and the config.
        """
        listing = self.listing
        shape: tuple[object, ...] = (listing.classes, listing.has_splits, self.folders)
        if listing.split_folders:
            shape += (sorted(listing.split_folders.items()),)
        state = hashlib.sha256(repr(shape).encode())
        ends = [f"\0{group.split}\0{group.label}\0".encode() for group in self.samples.groups]
        group_of, copies = numbers(self.samples.group_of), numbers(self.copies)
        rows = zip(self.samples.ids(), map(ends.__getitem__, group_of), copies)
        while block := [b"%s%s%d\n" % row for row in islice(rows, _ROWS)]:
            state.update(b"".join(block))
        return state.hexdigest()

    def chunks(self) -> Iterator[TaskRefs]:
        """Yield the tasks in chunks, each within one split.

        Chunks depend only on the plan, so they are the same for any number of workers and after an
        interruption.
        """
        weight = len(self.samples) + self.total_copies
        size = min(_LARGEST_CHUNK, max(1, weight // _FEWEST_CHUNKS))
        number, first, records, split = 0, 0, 0, ""
        splits = [group.split for group in self.samples.groups]
        split_of = map(splits.__getitem__, numbers(self.samples.group_of))
        for index, (own_split, copies) in enumerate(zip(split_of, numbers(self.copies))):
            records += 1 + copies
            if index > first and (records > size or own_split != split):
                yield TaskRefs(number, range(first, index))
                number, first, records = number + 1, index, 1 + copies
            split = own_split
        if len(self.samples):
            yield TaskRefs(number, range(first, len(self.samples)))

    def refs_of(self, sample_ids: Container[str]) -> list[TaskRef]:
        """Return the tasks of the samples that have these ids."""
        refs = zip(chain.from_iterable(self.chunks()), self.samples)
        return [ref for ref, sample in refs if sample.id in sample_ids]

    def tasks(self, refs: Iterable[TaskRef]) -> list[Task]:
        """Return all that is to be made of some samples."""
        refs = list(refs)
        places = np.array([ref.sample_index for ref in refs], np.intp)
        samples, copies = self.samples.take(places), self.copies[places].tolist()
        groups = samples.group_of.tolist()
        shared: dict[int, tuple[str, str]] = {}
        for number in set(groups):
            own = self.samples.groups[number]
            shared[number] = self.listing.classes[own.label], self.folder_of(own)
        renamed, tasks = self.renamed, []
        for ref, sample, group, count in zip(refs, samples, groups, copies):
            chunk, position, index, previous = ref
            class_name, folder = shared[group]
            names = renamed.get(index) or plain_names(
                sample.name + self.extension, self.format, is_rewritten=self.is_rewritten
            )
            tasks.append(Task(chunk, position, sample, class_name, folder, names, count, previous))
        return tasks

    def describe(self) -> str:
        """Return the plan as a table of classes, with printable names, for ``--dry-run``."""
        lines = [self.arithmetic(), ""]
        for split, classes in sorted(self.counts().items()):
            shown = {name: printable(name) or "(no classes)" for name in classes}
            width = max(map(len, shown.values()))
            for name, counts in sorted(classes.items()):
                lines.append(
                    f"{split}  {shown[name]:{width}}  {counts.originals:>9,} originals"
                    f"  {counts.copies:>9,} copies"
                )
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """Return the plan in numbers, for ``--dry-run --json``."""
        return {
            "arithmetic": self.arithmetic(),
            "files": self.total_records,
            "copies": self.total_copies,
            "classes": list(self.listing.classes),
            "counts": {
                split: {name: counts.to_json() for name, counts in classes.items()}
                for split, classes in self.counts().items()
            },
            "most_copies": self.most_copies,
            **({"left_out": self.left_out} if self.left_out else {}),
        }


def make_plan(listing: Listing, config: Config, *, extension: str = "") -> Plan:
    """Return the plan for a listing.

    Parameters
    ----------
    listing
        The listing of a source.
    config
        Amounts, sampling, seed and output names.
    extension
        Extension of record names if ids have none (packed formats).

    Raises
    ------
    ConfigError
        When the config names classes that don't exist.
    InputError
        When there is nothing to expand.
    """
    unknown = [name for name in config.per_class if name not in listing.classes]
    if unknown:
        known = ", ".join(listing.classes[:20])
        raise ConfigError(f"per_class.{unknown[0]}: no such class; found: {known}")
    listing, left_out = undersample(listing, config)
    if not any(class_sizes(listing).values()):
        raise InputError("there are no images to train on, so there is nothing to expand")
    output = config.output
    return Plan(
        listing,
        share_copies(listing, config),
        class_folders(listing.classes, is_numbered=bool(output.number_classes)),
        output.format,
        bool(output.rewriting),
        output.originals == "omit",
        extension,
        left_out,
    )
