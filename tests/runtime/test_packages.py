"""What the code knows of packages is what pyproject.toml tells installers."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from augtool.runtime.packages import CORE, EXTRAS, fix_import, pip_command, version_tuple

PYPROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text()


def test_requirements_are_those_of_pyproject() -> None:
    core = re.search(r"^dependencies = \[(.*?)^\]", PYPROJECT, re.MULTILINE | re.DOTALL)
    assert core is not None
    assert re.findall(r'"(.+?)"', core[1]) == [each.spec for each in CORE.values()]
    for each in EXTRAS.values():
        assert re.search(rf'^\w+ = \["{re.escape(each.spec)}"\]$', PYPROJECT, re.MULTILINE)


def test_versions_are_compared_as_numbers() -> None:
    assert version_tuple("5.0.0.93") >= version_tuple("5.0")
    assert version_tuple("4.13.0") < version_tuple("5.0")
    assert version_tuple("0.29.2") >= version_tuple("0.9rc1")


def test_only_a_package_that_augtool_uses_has_a_fix() -> None:
    fix = fix_import(ModuleNotFoundError("no", name="yaml.loader"))
    assert fix == f'{pip_command("install")} "{CORE["yaml"].spec}"'
    assert fix_import(ImportError("no", name="augtool.nothing")) is None


@pytest.mark.parametrize(
    ("has_pip", "what", "command"),
    [
        (True, "install", "/env/bin/python -m pip install"),
        (True, "uninstall", "/env/bin/python -m pip uninstall -y"),
        (True, "reinstall", "/env/bin/python -m pip install --force-reinstall --no-deps"),
        (False, "install", "uv pip install --python /env/bin/python"),
        (False, "reinstall", "uv pip install --reinstall --no-deps --python /env/bin/python"),
    ],
)
def test_the_installer_is_that_of_this_environment(
    monkeypatch: pytest.MonkeyPatch, has_pip: bool, what: str, command: str
) -> None:
    spec = ModuleSpec("pip", None) if has_pip else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    monkeypatch.setattr(sys, "executable", "/env/bin/python")
    assert pip_command(what) == command
