"""System calls on a name in an open folder, and the same by path where a system has no such calls.

By descriptor, what a folder is can't change between the look and the step.  By path, as on Windows,
every folder on the way is looked at first; swapping it for a link in between is not noticed.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TypeAlias

from augtool.storage.descriptors import CLOSED_IN_CHILDREN, NO_FOLLOW

__all__ = [
    "OpenFolder",
    "close",
    "create_at",
    "link_at",
    "link_within",
    "list_at",
    "make_folder_at",
    "open_at",
    "open_folder_at",
    "open_root",
    "read_link_at",
    "remove_folder_at",
    "rename_at",
    "stat_at",
    "symlink_at",
    "sync_at",
    "unlink_at",
]

#: A descriptor, or a path where the system can't open folders.
OpenFolder: TypeAlias = "int | str"

_NEW = os.O_CREAT | os.O_EXCL | NO_FOLLOW | CLOSED_IN_CHILDREN


def _by_descriptor() -> bool:
    has_flags = all(hasattr(os, name) for name in ("O_DIRECTORY", "O_NOFOLLOW"))
    return has_flags and os.stat in os.supports_dir_fd


def open_root(path: str | os.PathLike[str]) -> OpenFolder:
    """Open a folder, through links on the way to it."""
    if _by_descriptor():
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | CLOSED_IN_CHILDREN)
    path = os.fspath(path)
    if not stat.S_ISDIR(os.stat(path).st_mode):  # noqa: PTH116
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return path


def open_folder_at(parent: OpenFolder, name: str) -> OpenFolder:
    """Open a folder in a folder; ELOOP or ENOTDIR where it is a link or something else."""
    if isinstance(parent, int):
        flags = os.O_RDONLY | os.O_DIRECTORY | NO_FOLLOW | CLOSED_IN_CHILDREN
        return os.open(name, flags, dir_fd=parent)
    path = _join(parent, name)
    mode = _refuse_link(path).st_mode
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return path


def close(folder: OpenFolder) -> None:
    """Close a folder."""
    if isinstance(folder, int):
        os.close(folder)


def stat_at(parent: OpenFolder, name: str) -> os.stat_result:
    """Return the status of what is there, a link's own."""
    if isinstance(parent, int):
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    return os.lstat(_join(parent, name))


def open_at(parent: OpenFolder, name: str, flags: int) -> int:
    """Open a file that is no link, with the flags of `os.open`."""
    flags |= NO_FOLLOW | CLOSED_IN_CHILDREN
    if isinstance(parent, int):
        return os.open(name, flags, 0o666, dir_fd=parent)
    path = _join(parent, name)
    if not flags & os.O_EXCL:
        try:
            _refuse_link(path)
        except FileNotFoundError:
            if not flags & os.O_CREAT:
                raise
    return os.open(path, flags, 0o666)


def create_at(parent: OpenFolder, name: str, access: int = os.O_WRONLY) -> int:
    """Return the descriptor of a new, empty file, in place of a file or link that is there."""
    place, dir_fd = (name, parent) if isinstance(parent, int) else (_join(parent, name), None)
    try:
        return os.open(place, _NEW | access, 0o666, dir_fd=dir_fd)
    except FileExistsError:
        unlink_at(parent, name)
        return os.open(place, _NEW | access, 0o666, dir_fd=dir_fd)


def sync_at(parent: OpenFolder, name: str) -> None:
    """Wait until a file's bytes are on the disk."""
    # Windows syncs only what is open for writing.
    fd = open_at(parent, name, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def unlink_at(parent: OpenFolder, name: str) -> None:
    """Remove a file or link."""
    if isinstance(parent, int):
        os.unlink(name, dir_fd=parent)
    else:
        os.unlink(_join(parent, name))  # noqa: PTH108


def rename_at(old: OpenFolder, old_name: str, new: OpenFolder, new_name: str) -> None:
    """Give what is there another place, over a file."""
    if isinstance(old, int) and isinstance(new, int):
        os.replace(old_name, new_name, src_dir_fd=old, dst_dir_fd=new)
    else:
        os.replace(_join(old, old_name), _join(new, new_name))  # noqa: PTH105


def make_folder_at(parent: OpenFolder, name: str) -> None:
    """Make a folder."""
    if isinstance(parent, int):
        os.mkdir(name, dir_fd=parent)
    else:
        os.mkdir(_join(parent, name))  # noqa: PTH102


def remove_folder_at(parent: OpenFolder, name: str) -> None:
    """Remove an empty folder."""
    if isinstance(parent, int):
        os.rmdir(name, dir_fd=parent)
    else:
        os.rmdir(_join(parent, name))  # noqa: PTH106


def list_at(folder: OpenFolder) -> list[str]:
    """Return the names in a folder."""
    return os.listdir(folder)  # noqa: PTH208


def symlink_at(target: str, parent: OpenFolder, name: str) -> None:
    """Make a symbolic link that says `target`."""
    if isinstance(parent, int):
        os.symlink(target, name, dir_fd=parent)
    else:
        os.symlink(target, _join(parent, name))  # noqa: PTH211


def link_at(target: str, parent: OpenFolder, name: str) -> None:
    """Make a hard link to a file."""
    if isinstance(parent, int):
        os.link(target, name, dst_dir_fd=parent)
    else:
        os.link(target, _join(parent, name))


def link_within(parent: OpenFolder, name: str, new_name: str) -> None:
    """Give a file of a folder a second name there; an error where that is taken."""
    if isinstance(parent, int):
        os.link(name, new_name, src_dir_fd=parent, dst_dir_fd=parent)
    else:
        os.link(_join(parent, name), _join(parent, new_name))


def read_link_at(parent: OpenFolder, name: str) -> str:
    """Return what a symbolic link says."""
    if isinstance(parent, int):
        return os.readlink(name, dir_fd=parent)
    return os.readlink(_join(parent, name))  # noqa: PTH115


def _join(parent: OpenFolder, name: str) -> str:
    return os.path.join(str(parent), name)  # noqa: PTH118


def _refuse_link(path: str) -> os.stat_result:
    """Return the status of what is there, unless it is a link."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return status
