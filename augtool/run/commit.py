"""Puts a run that is made whole into its place, in steps that can be taken again.

Until ``commit.json`` is there, nothing in OUT has changed: the old state counts.  From then on the
new one does, and whoever comes next finishes the steps.  They only rename what was made, remove
what a believed manifest lists and the new one does not, and let the new manifest appear last.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable

from augtool.core.hashed_texts import HashedTexts
from augtool.errors import OccupiedError, OutputError
from augtool.output import manifest
from augtool.output.dataset import DATASET, FAILURES, DatasetInfo
from augtool.output.pending import COMMIT, PREVIOUS, CommitState, OutputView, digest_of
from augtool.run.places import Whole
from augtool.run.previous import Finished, listed_paths
from augtool.storage.confined import ConfinedFolder
from augtool.storage.descriptors import sync_all
from augtool.storage.files import clean_errors
from augtool.storage.which_manifest import MANIFESTS, PARTS, manifest_in

__all__ = ["commit", "finish_commit", "refuse_foreign"]

#: How long to wait for the clock, and how often.
_WAIT_S, _MOST_WAITS = 0.001, 20


def commit(folder: ConfinedFolder, whole: Whole, previous: Finished, new: DatasetInfo) -> None:
    """Make what was made whole the output's content.

    Parameters
    ----------
    folder
        The output.
    whole
        Where in it that lies.
    previous
        The finished run that is there, if it can be believed.
    new
        What is in dataset.json, which lies in its final form with the manifest.

    Raises
    ------
    OccupiedError
        When it would replace what augtool did not write; nothing has changed then.
    OutputError
        When another program removes what comes.
    """
    old = previous.dataset
    _refuse_collisions(folder, whole, previous)
    gone = manifest_in(folder.stat)
    removed = [path for path in (old.files if old else previous.parts) if path not in new.files]
    removed += [gone] if gone not in folder.names(whole.final) and folder.stat(gone) else []
    had_failures = bool(previous.damage) or (old is not None and old.failures > 0)
    removed += [FAILURES] if had_failures and not new.failures else []
    with clean_errors(folder.path_of(COMMIT)):
        decided = CommitState(
            whole.staged,
            whole.final,
            {
                name: digest_of(folder, f"{whole.final}/{name}")
                for name in folder.names(whole.final)
            },
            folder.names(whole.staged),
            old.digest if old else "",
            bool(old and old.record_bytes),
            removed,
        )
        for kept in PREVIOUS.values():  # of an earlier commit, whose folder was not cleared whole
            if folder.stat(kept) is not None:
                folder.unlink(kept)
        sync_all()
        folder.replace(COMMIT, decided.encode(), sync=True)
    finish_commit(folder)
    for path in (*decided.tops, *decided.final):
        if folder.stat(path) is None:
            raise OutputError(
                f"{folder.path_of(path)}: was removed while it was put there;"
                " run the same command again"
            )


def finish_commit(folder: ConfinedFolder) -> bool:
    """Take the steps that are left of a commit; tell whether there was one.

    Where commit.json is torn, or what comes was changed meanwhile, there was none: the old state
    counts again, and what comes is made again from the chunk results.
    """
    decided = CommitState.read(folder)
    if decided is None or not decided.is_intact(folder):
        if folder.stat(COMMIT) is not None:
            _take_back(folder)
        return False
    with clean_errors(folder.root):
        _stash_manifest(folder, decided)
        for top in decided.tops:
            if folder.stat(f"{decided.staged_in}/{top}") is not None:
                _install(folder, f"{decided.staged_in}/{top}", top)
        if decided.lists_files:
            _remove_unlisted(folder, decided)
        for path in decided.removed:
            _remove(folder, path)
        for name in (FAILURES, DATASET):
            if folder.stat(f"{decided.final_in}/{name}") is not None:
                folder.rename(f"{decided.final_in}/{name}", name)
        if decided.has_manifest_pending(folder):
            sync_all()
            _await_tick(folder, decided)
            folder.rename(f"{decided.final_in}/{decided.manifest}", decided.manifest)
    return True


def _await_tick(folder: ConfinedFolder, decided: CommitState) -> None:
    """Wait until the manifest can't get the time at which a folder was put into its place.

    By that, augtool/run/up_to_date.py tells that nothing was put there since. Times of files are
    those of the last tick of a clock, a hundredth of a second at most on most systems.
    """
    there = [folder.stat(top) for top in decided.tops]
    latest_ns = max((status.st_ctime_ns for status in there if status), default=0)
    path = folder.path_of(f"{decided.final_in}/{decided.manifest}")
    with contextlib.suppress(OSError):  # another user's, who began it
        for _ in range(_MOST_WAITS):
            status = path.stat()
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            if path.stat().st_ctime_ns > latest_ns:
                return
            time.sleep(_WAIT_S)


def _take_back(folder: ConfinedFolder) -> None:
    """Let the old state count again, as far as it is there."""
    with clean_errors(folder.root):
        for name, kept in PREVIOUS.items():
            if folder.stat(kept) is not None and folder.stat(manifest_in(folder.stat)) is None:
                folder.rename(kept, name)
        folder.unlink(COMMIT)


def _stash_manifest(folder: ConfinedFolder, decided: CommitState) -> None:
    """Take away the old manifest: what is half in its place must not look whole."""
    for name in MANIFESTS if decided.has_manifest_pending(folder) else ():
        if decided.believes(folder, name):
            folder.rename(name, PREVIOUS[name])


def _install(folder: ConfinedFolder, staged: str, path: str) -> None:
    """Move a staged file or folder to its place, a folder at once where there is none yet."""
    if folder.is_folder(staged) and folder.is_folder(path):
        for name in folder.names(staged):
            _install(folder, f"{staged}/{name}", f"{path}/{name}")
    else:
        folder.rename(staged, path)


def _remove_unlisted(folder: ConfinedFolder, decided: CommitState) -> None:
    """Remove the records of the old manifest that the new one does not list.

    Raises
    ------
    OccupiedError
        When the old manifest is not what it was: nothing that it lists can be believed.
    """
    previous = next((each for each in PREVIOUS.values() if folder.stat(each) is not None), None)
    if previous is None:
        return
    table, damaged = folder.path_of(previous), decided.damage(folder, previous)
    if damaged is not None and folder.stat(damaged) is None:
        return  # a part: they go when all that they list has gone
    if damaged is not None:
        raise OccupiedError(
            f"{folder.path_of(damaged)}: was changed after the run, so nobody knows which files"
            " the earlier run left; remove it to keep them all, then run the same command again"
        )
    view = OutputView(folder)
    comes = manifest.read_sources(folder.path_of(view.manifest), view.placed.open)
    kept = HashedTexts(path for path, _, _ in comes)
    for path, _, _ in manifest.read_sources(table, folder.open):
        if path not in kept:
            _remove(folder, path)


def _remove(folder: ConfinedFolder, path: str) -> None:
    """Remove a file, and the folders above it that are empty then.

    What someone has put in its place or that of a folder on the way, a folder or a link, stays.
    """
    try:
        if folder.is_folder(path):
            return
        folder.unlink(path)
    except OccupiedError:
        return
    parent = path.rpartition("/")[0]
    while parent and folder.remove_folder(parent):
        parent = parent.rpartition("/")[0]


def refuse_foreign(folder: ConfinedFolder, tops: Iterable[str], previous: Finished) -> None:
    """Refuse, before the work, to write where something else lies.

    Parameters
    ----------
    folder
        The output.
    tops
        The folders that will be made in it.
    previous
        The finished run that is there.

    Raises
    ------
    OccupiedError
        When one of them is there and not augtool's, or is a link or file; or what is there has two
        manifests.
    """
    for name in filter(folder.is_folder, MANIFESTS):
        raise _foreign(folder, name)
    if all(folder.stat(name) is not None for name in MANIFESTS):
        raise OccupiedError(
            f"{folder.root}: holds {' and '.join(MANIFESTS)}, and an output has one of them; move"
            " away the one that augtool did not write"
        )
    for top in tops:
        if folder.stat(top) is None:
            continue
        is_empty = not folder.names(top)  # raises where it is a link or a file
        if previous.dataset is None and not previous.damage and not is_empty:
            raise _foreign(folder, top)


def _refuse_collisions(folder: ConfinedFolder, whole: Whole, previous: Finished) -> None:
    """Refuse to replace a file that no believed manifest lists, unless its bytes are the same."""
    known: HashedTexts | None = None
    for top in folder.names(whole.staged):
        if folder.stat(top) is None:
            continue
        if known is None and previous.dataset is not None:
            known = HashedTexts(listed_paths(folder, previous.dataset))
        staged = f"{whole.staged}/{top}"
        paths = folder.walk(staged) if folder.is_folder(staged) else iter([staged])
        for path in paths:
            place = path.removeprefix(f"{whole.staged}/")
            there = folder.stat(place)
            if there is None:
                continue
            is_known = place in previous.parts or (known is not None and place in known)
            if is_known and not stat.S_ISDIR(there.st_mode):
                continue
            if not _is_same(folder, path, place):
                raise _foreign(folder, place)
    _refuse_strays(folder, whole, known, previous)
    is_ours = previous.dataset is not None or bool(previous.damage)
    for name in folder.names(whole.final):
        if folder.stat(name) is None or (is_ours and not folder.is_folder(name)):
            continue
        if not _is_same(folder, f"{whole.final}/{name}", name):
            raise _foreign(folder, name)


def _refuse_strays(
    folder: ConfinedFolder, whole: Whole, known: HashedTexts | None, previous: Finished
) -> None:
    """Refuse to put parts of a manifest beside what others would read as one table with them."""
    comes = folder.names(f"{whole.staged}/{PARTS}")
    for name in folder.names(PARTS) if comes else ():
        path = f"{PARTS}/{name}"
        is_known = path in previous.parts or (known is not None and path in known)
        if not is_known and name not in comes:
            raise _foreign(folder, path)


def _foreign(folder: ConfinedFolder, path: str) -> OccupiedError:
    return OccupiedError(
        f"{folder.path_of(path)}: is there already, and no manifest that can be trusted lists it as"
        " a file of augtool's; move it away, or choose another output folder"
    )


def _is_same(folder: ConfinedFolder, staged: str, place: str) -> bool:
    """Tell whether what is there has the staged file's bytes, or leads where its link leads."""
    ends = [folder.link_end(path, place) for path in (staged, place)]
    if any(ends):
        return ends[0] == ends[1]
    if folder.is_folder(place):
        return False
    digests = []
    for path in (staged, place):
        with folder.open(path) as file:
            digests.append(manifest.digest_of(file))
    return digests[0] == digests[1]
