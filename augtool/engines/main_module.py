"""Keeps workers from running the user's script again.

A spawned process imports the script that started it, so a script without an
``if __name__ == "__main__"`` guard would start the same run over in every worker, and one that came
from standard input can't be found at all.  Workers need nothing of it: their function is a
module's.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

__all__ = ["without_main"]

#: `multiprocessing.spawn` imports the main module by the name in its spec, but for this one, which
#: it takes for a program that must not run twice.
_PROGRAM = ModuleSpec("__main__", None)
_guard = threading.Lock()


@contextlib.contextmanager
def without_main(function: Any) -> Iterator[None]:
    """Start processes in this context that don't import the main module.

    Parameters
    ----------
    function
        What they will run. If the main module itself defines it, the processes must import that
        after all, and nothing is changed; such a script needs the guard.
    """
    module = sys.modules.get("__main__")
    if module is None or function.__module__ == "__main__":
        yield
        return
    with _guard:
        spec = module.__spec__
        module.__spec__ = _PROGRAM
        try:
            yield
        finally:
            module.__spec__ = spec
