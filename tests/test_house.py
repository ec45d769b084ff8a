"""The import law of the house: a room imports only from rooms to its left, and heavy ones wait."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "augtool"

#: The rooms from left to right; those in one set never know each other.
ROOMS: list[set[str]] = [
    {"errors"},
    {"runtime"},
    {"core", "storage"},
    {"config"},
    {"images"},
    {"engines", "sources"},
    {"sinks"},
    {"plan", "output"},
    {"run", "views"},
    {"cli"},
    {"__init__", "__main__"},
]
PLACE = {room: place for place, rooms in enumerate(ROOMS) for room in rooms}
#: What the pure core may import: numbers, arrays and itself.
PURE = {"__future__", "collections", "dataclasses", "fractions", "typing", "typing_extensions"}
PURE |= {
    "array",
    "math",
    "re",
    "functools",
    "itertools",
    "statistics",
    "struct",
    "hashlib",
    "numpy",
    "cv2",
    "augtool",
}


def imports(path: Path) -> Iterator[str]:
    """Yield every module that a file imports anywhere, functions and TYPE_CHECKING included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_entry_is_a_room_and_there_are_few() -> None:
    entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__", "py.typed"}
    assert {name.removesuffix(".py") for name in entries} == set(PLACE)
    assert len(entries) <= 16


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_a_room_imports_only_from_rooms_to_its_left(path: Path) -> None:
    own = room_of(path)
    for module in imports(path):
        if module.startswith("augtool.") and module != "augtool.__version__":
            other = module.split(".")[1]
            if other in PLACE:  # else a name of the package itself
                assert other == own or PLACE[other] < PLACE[own], f"{path} imports {module}"
            else:
                assert own == "__main__", f"{path} imports {module}"


def test_the_core_is_pure() -> None:
    for path in (PACKAGE / "core").rglob("*.py"):
        foreign = {module.split(".")[0] for module in imports(path)} - PURE
        assert not foreign, f"{path} imports {foreign}"


def test_each_folder_says_what_it_is_for() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no docstring"


def test_files_stay_short() -> None:
    """A file that passes 250 lines wants splitting; 300 is the wall."""
    lengths = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {str(path): lines for path, lines in lengths.items() if lines > 300}


@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["expand", "--help"], {"pydantic"}),
        (["config", "init"], {"pydantic"}),
        (["config", "init", "--recipe", "chollet"], {"pydantic"}),
    ],
)
def test_help_and_starters_import_nothing_heavy(arguments: list[str], own: set[str]) -> None:
    """`own` is what typer itself imports there, by its version."""
    code = (
        f"import sys; sys.argv = ['augtool', *{arguments}]\n"
        "from augtool.cli.app import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'cv2', 'numpy', 'pydantic', 'rich', 'tqdm', 'yaml'} & set(sys.modules)\n"
        f"heavy -= {own or set()}\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
