"""Puts an output that was made on disk into an object store, object by object, the manifest last.

There is no rename in a store, but each object appears whole. So the old manifest goes first, and
the new one comes when all that it lists is there; whoever finds one can rely on it. Meanwhile notes
say which run this is, and what the old manifest listed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from augtool.errors import InputError, OccupiedError
from augtool.output import manifest
from augtool.output.dataset import DATASET, FAILURES, DatasetInfo
from augtool.output.manifest_index import read_index
from augtool.output.pending import PREVIOUS, STATE
from augtool.run.previous import Finished, find_finished, listed_paths
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors, sha256_of
from augtool.storage.remote.folder import RemoteFolder
from augtool.storage.remote.url import RemoteUrl
from augtool.storage.which_manifest import MANIFESTS, is_index, lies_among_parts, manifest_in

__all__ = ["NOTES", "Publisher", "listed_there"]

_RUN = f"{STATE}/run.json"
#: What keeps dataset.json of the old manifest, which is kept under its own name.
_KEPT_DATASET = f"{STATE}/previous.json"
#: What an unfinished run leaves beside objects.
NOTES = (_RUN, *PREVIOUS.values(), _KEPT_DATASET)
_AT_ONCE = 16
_BATCH = 1024


class Publisher:
    """One run's objects at a URL.

    Parameters
    ----------
    url
        Where they go.
    identity
        What tells this run from others.
    """

    def __init__(self, url: RemoteUrl, identity: str) -> None:
        self._url = url
        self._there = RemoteFolder(url)
        self._bucket = self._there.bucket
        self._state = json.dumps({"identity": identity}).encode()

    def begin(self) -> None:
        """Note which run this is.

        Raises
        ------
        OccupiedError
            When another one is noted.
        """
        if not self._bucket.create(self._key(_RUN), self._state, "") and not self._is_noted():
            raise OccupiedError(
                f"{self._url}: holds an unfinished run of other inputs or another config; run its"
                f" command to complete it, or remove {_RUN} and the objects beside it"
            )

    def publish(self, made: ConfinedFolder, dataset: DatasetInfo) -> int:
        """Put what is in a folder; return how many records' objects were not there yet.

        Raises
        ------
        OccupiedError
            When foreign objects are in the way, or another run has begun meanwhile.
        """
        table = manifest_in(made.stat)
        digests = {path: facts.sha256 for path, facts in dataset.files.items()}
        if dataset.record_bytes:
            digests |= _digests(made.path_of(table))
        old = self._old(made.root.with_name(f"{made.root.name}-old"))
        left = self._left(digests, old)
        strays = self._strays(digests, old) if is_index(table) else []
        if left or strays or not self._are_same(made, (table, DATASET)):
            self._retract()
        self._each(lambda path: self._put(made, path, digests[path]), left)
        gone = sorted({*old, *strays} - digests.keys())
        # Parts go last: they say which others are to go.
        self._each(self._delete, [path for path in gone if not lies_among_parts(path)])
        self._each(self._delete, [path for path in gone if lies_among_parts(path)])
        if made.stat(FAILURES) is not None:
            self._put(made, FAILURES)
        else:
            self._delete(FAILURES)
        self._put(made, DATASET)
        self._finish(made)
        return len(left)

    def _is_noted(self) -> bool:
        """Tell whether this run, and no other, is noted as unfinished."""
        try:
            return self._bucket.read(self._key(_RUN))[0] == self._state
        except InputError:  # nothing is
            return False

    def _old(self, copy: Path) -> frozenset[str]:
        """Return the paths that the output lists that is there, or was before this run began."""
        states = [(name, name, DATASET) for name in MANIFESTS]
        states += [(name, kept, _KEPT_DATASET) for name, kept in PREVIOUS.items()]
        whole = (each for each in states if all(map(self._there.exists, each[1:])))
        name, table, dataset = next(whole, ("", "", ""))
        if not name:
            return frozenset()
        shutil.rmtree(copy, ignore_errors=True)  # of a stopped run, whose old state was another
        self._bucket.save(self._key(table), copy / name)
        self._bucket.save(self._key(dataset), copy / DATASET)
        with contextlib.suppress(InputError):  # of a damaged index, nothing is believed
            for part in read_index(copy / name).parts if is_index(name) else ():
                if self._there.exists(part.path):
                    self._bucket.save(self._key(part.path), copy / part.path)
        return listed_there(self._url, find_finished(ConfinedFolder(copy)), ConfinedFolder(copy))

    def _left(self, digests: Mapping[str, str], old: frozenset[str]) -> list[str]:
        """Return the paths of what is still to be put."""
        paths = [path for path in digests if self._there.exists(path)]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            noted = dict(zip(paths, threads.map(self._digest_of, paths)))
        for path, digest in noted.items():
            if not digest and path not in old:
                raise self._foreign(path)
        return [path for path, digest in digests.items() if noted.get(path) != digest]

    def _strays(self, digests: Mapping[str, str], old: frozenset[str]) -> list[str]:
        """Return the parts of a manifest that a stopped run left: what reads parts reads all.

        Raises
        ------
        OccupiedError
            When something of others' lies among them.
        """
        strays = []
        for path in filter(lies_among_parts, self._there.paths()):
            if path not in digests and path not in old:
                if not self._digest_of(path):
                    raise self._foreign(path)
                strays.append(path)
        return strays

    def _foreign(self, path: str) -> OccupiedError:
        return OccupiedError(
            f"{self._url}/{path}: is there already, and augtool did not write it; move it,"
            " or choose another URL"
        )

    def _retract(self) -> None:
        """Take the old manifest away; what it listed stays known until the new one is there."""
        name = manifest_in(self._there.exists)
        if self._there.exists(name):
            for own, kept in ((name, PREVIOUS[name]), (DATASET, _KEPT_DATASET)):
                if self._there.exists(own):
                    data, _ = self._bucket.read(self._key(own))
                    self._bucket.put(self._key(kept), data, "")
            self._delete(name)

    def _finish(self, made: ConfinedFolder) -> None:
        """Put the manifest, unless another run has begun or ended meanwhile."""
        name = manifest_in(made.stat)
        table = made.path_of(name)
        digest = sha256_of(table)
        is_mine = self._is_noted() and self._bucket.create(self._key(name), table, digest)
        if not is_mine and self._digest_of(name) != digest:
            raise OccupiedError(
                f"{self._url}: another augtool works there with other inputs or another config;"
                " wait for it, or choose another URL"
            )
        for note in reversed(NOTES):
            self._delete(note)

    def _are_same(self, made: ConfinedFolder, names: Iterable[str]) -> bool:
        """Tell whether objects are what was made."""
        return all(self._digest_of(name) == sha256_of(made.path_of(name)) for name in names)

    def _each(self, do: Callable[[str], None], paths: Sequence[str]) -> None:
        """Do something for each path, several at once; the first error ends it."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for start in range(0, len(paths), _BATCH):
                for _ in threads.map(do, paths[start : start + _BATCH]):
                    pass

    def _put(self, made: ConfinedFolder, path: str, digest: str | None = None) -> None:
        file = made.path_of(path)
        with clean_errors(file):
            self._bucket.put(self._key(path), file, digest or sha256_of(file))

    def _digest_of(self, path: str) -> str:
        return self._bucket.digest_of(self._key(path))

    def _delete(self, path: str) -> None:
        self._bucket.delete(self._key(path))

    def _key(self, path: str) -> str:
        return f"{self._url.key}/{path}" if self._url.key else path


def listed_there(url: RemoteUrl, finished: Finished, folder: ConfinedFolder) -> frozenset[str]:
    """Return the paths of the records and shared files of an output that can be believed."""
    if finished.dataset is None:
        return frozenset(finished.parts)
    try:
        return frozenset(listed_paths(folder, finished.dataset))
    except InputError as error:
        raise OccupiedError(f"{url}: {error}; choose another URL") from error


def _digests(table: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a manifest lists."""
    columns = manifest.read_columns(table, ("path", "sha256", "source"))
    return {path: digest for path, digest, _ in columns}
