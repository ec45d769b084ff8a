"""Each name that is registered leads to the class that goes by it, and to no other before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from augtool.engines import ENGINES
from augtool.sinks import SINKS
from augtool.sources import SOURCES


@pytest.mark.parametrize("registry", [SOURCES, SINKS, ENGINES])
def test_names_lead_to_the_classes_that_go_by_them(registry: Mapping[str, Any]) -> None:
    assert [kind.name for kind in registry.values()] == list(registry)


def test_a_run_imports_only_its_own_source_sink_and_engine(tiny_tree: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from augtool.cli.app import main\n"
        f"sys.argv = ['augtool', 'expand', {str(tiny_tree)!r}, {str(tmp_path / 'out')!r}, '-q']\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code\n"
        "sys.stdout.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    imported = set(done.stdout.split())
    assert imported >= {"augtool.sources.tree", "augtool.sinks.tree", "augtool.engines.processes"}
    others = {"sources.packed", "sources.sharded", "sources.csv_table", "sinks.arrays"}
    others |= {"sinks.shards", "engines.ray"}
    others |= {"core.policies.operations", "core.guarded"}
    assert not {f"augtool.{name}" for name in others} & imported
    assert not {"logging", "tarfile", "tqdm", "yaml"} & imported
