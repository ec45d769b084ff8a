"""An output in an object store: recognised there, or made on disk and put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from augtool.core.counted import counted
from augtool.errors import OccupiedError, OutputError, StoreError
from augtool.output.dataset import DATASET, OWN_FILES, DatasetInfo
from augtool.run.finish import report_of
from augtool.run.job import Job
from augtool.run.previous import Finished, find_finished
from augtool.run.publish import NOTES, Publisher, listed_there
from augtool.run.report import Report
from augtool.run.scratch import claim, scratch_of
from augtool.run.up_to_date import changes_since
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors
from augtool.storage.remote.folder import RemoteFolder
from augtool.storage.remote.url import RemoteUrl
from augtool.storage.which_manifest import MANIFESTS, manifest_in

__all__ = ["StoreOutput"]


class StoreOutput:
    """An output at a URL.

    Parameters
    ----------
    url
        Where it goes.
    """

    def __init__(self, url: RemoteUrl) -> None:
        self.url = url
        self.scratch = scratch_of(url)
        self._there = RemoteFolder(url)

    def run(self, job: Job, make: Callable[[Job], Report]) -> Report:
        """Have the output made on disk, and put it to the store; return the report of it.

        Raises
        ------
        OccupiedError
            When the URL holds something else.
        OutputError
            When it can't be put there; the same command goes on.
        """
        report = self._if_up_to_date(job)
        if report is None:
            try:
                report = self._make(job, make)
            except StoreError as error:
                raise OutputError(str(error)) from error
        return replace(report, out=self.url)

    def _make(self, job: Job, make: Callable[[Job], Report]) -> Report:
        claim(self.scratch)
        self._require_ours()
        publisher = Publisher(self.url, job.identity)
        publisher.begin()
        if job.sink.one_file_per_record:
            files = counted(job.plan.total_records, "file")
            job.progress.warning(
                f"{self.url}: takes a request for each of {files}; --to webdataset, tfrecord or"
                " parquet need one for many"
            )
        # In the scratch, what an earlier command made is taken where it is right.
        own = job._replace(options=replace(job.options, existing="update"))
        report = replace(make(own), status="done")
        folder = ConfinedFolder(self.scratch)
        dataset = find_finished(folder).dataset
        if dataset is None:
            raise OccupiedError(f"{self.scratch}: was changed meanwhile; run the command again")
        put = publisher.publish(folder, dataset)
        job.progress.message(f"{self.url}: {counted(put, 'object')} put, beside those it had")
        folder.close()
        with clean_errors(self.scratch):
            for each in (self.scratch, self.scratch.with_name(f"{self.scratch.name}-old")):
                shutil.rmtree(each, ignore_errors=True)
        return report

    @cached_property
    def _copy(self) -> ConfinedFolder:
        """What describes the finished output there, on disk."""
        return ConfinedFolder(self._there.on_disk)

    @cached_property
    def _previous(self) -> Finished:
        has_both = all(
            self._there.exists(name) for name in (manifest_in(self._there.exists), DATASET)
        )
        return find_finished(self._copy) if has_both else Finished(None)

    def _require_ours(self) -> None:
        """Refuse what augtool has no part in."""
        if all(map(self._there.exists, MANIFESTS)):
            raise OccupiedError(
                f"{self.url}: holds {' and '.join(MANIFESTS)}, and an output has one of them; move"
                " away the one that augtool did not write"
            )
        notes = [name for name in (*NOTES, *MANIFESTS, DATASET) if self._there.exists(name)]
        own = {*OWN_FILES, *NOTES}
        foreign = next((path for path in self._there.paths() if path not in own), None)
        if foreign is not None and not notes:
            raise OccupiedError(
                f"{self.url}: holds objects that augtool did not write, such as {foreign!r};"
                " choose another URL"
            )

    def _if_up_to_date(self, job: Job) -> Report | None:
        """Return the report of what is there if it is what this run would make."""
        dataset, mode = self._previous.dataset, job.options.existing
        if mode == "overwrite" or not (dataset or self._previous.damage):
            return None
        change = self._previous.damage or None
        if dataset is not None:
            change = self._change(job, dataset)
            if change is None:  # what failed is tried again, always
                return None if dataset.failures else report_of(job, "up to date", dataset)
        if mode == "refuse":
            raise OccupiedError(
                f"{self.url}: holds a finished run that differs ({change}); pass --update or"
                " --overwrite to replace what is not right, or choose another URL"
            )
        return None

    def _change(self, job: Job, dataset: DatasetInfo) -> str | None:
        """Return in words what is not as this run would leave it, None for nothing."""
        if dataset.identity != job.identity:
            elsewhere = job.elsewhere(dataset)
            return f"made elsewhere: {elsewhere}" if elsewhere else "inputs or config differ"
        for path in sorted(listed_there(self.url, self._previous, self._copy)):
            size = self._there.size(path)
            if size is None:
                return f"{path} is missing from the output"
            if path in dataset.files and size != dataset.files[path].bytes:
                return f"{path} has {size:,} bytes instead of {dataset.files[path].bytes:,}"
        # Without stamps, the clocks of a disk and a store would have to agree.
        checksum = job.options.checksum or not dataset.stamps
        return changes_since(job, self._copy, dataset, set(), checksum=checksum)
