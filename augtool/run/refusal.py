"""Sees to it that a run that was refused, and made nothing, leaves nothing behind.

Its output folder could else only be used by the same command, which would be refused again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from augtool.errors import ConfigError, InputError, StoppedError
from augtool.run.places import WorkPlaces
from augtool.run.result_files import add_up, find_chunk_results
from augtool.run.workspace import RunState, Workspace

__all__ = ["leave_nothing_if_refused"]


@contextlib.contextmanager
def leave_nothing_if_refused(workspace: Workspace, state: RunState) -> Iterator[None]:
    """Hold the workspace; where a config or an input ends the run, remove what the run began.

    What the same command could go on with stays: a run that stopped at its first failure keeps
    what it made before, and a shard what others made. So do the state of another run, and whatever
    lies in the output.
    """
    missing = [path for path in (workspace.out, *workspace.out.parents) if not path.exists()]
    try:
        with workspace:
            try:
                yield
            except (ConfigError, InputError) as error:
                if _is_of_no_use(workspace, state, error):
                    workspace.finish()
                raise
    except (ConfigError, InputError):
        _remove_empty(missing)
        raise


def _is_of_no_use(workspace: Workspace, state: RunState, error: Exception) -> bool:
    if workspace.is_committing or workspace.unfinished() != state:
        return False
    results = WorkPlaces(state.identity).results
    spans = find_chunk_results(workspace.folder, results)
    may_go_on = isinstance(error, StoppedError) or workspace.shard is not None
    if may_go_on and add_up(workspace.folder, results, spans).records:
        return False
    return workspace.is_alone()


def _remove_empty(folders: list[Path]) -> None:
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()
