"""The import law: imports only go down the house, and heavy ones wait."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "augtool"

#: From the ground up: a module may import those of its own line, and of the lines before.
FLOORS = [
    ["errors", "runtime"],
    ["core"],
    ["strict_yaml", "config_errors", "array_settings", "config_fields", "config_split"],
    ["config"],
    ["codec", "files"],
    ["sources"],
    ["sinks"],
    ["names", "amounts", "splits"],
    ["plan"],
    ["picture", "stats"],
    ["manifest"],
    ["parts", "previous", "metadata"],
    ["worker"],
    ["engines"],
    ["report", "hints", "freshness", "twins", "versions", "workspace"],
    ["assembly", "job"],
    ["completion"],
    ["run"],
    ["expand", "arrays", "replay", "verify"],
    ["captions", "display", "svg"],
    ["duplicates", "sheet", "terminal_image"],
    ["examine", "gallery", "report_histograms"],
    ["inspection", "preview", "report_figures"],
    ["contact", "inspection_table", "report_charts", "report_samples"],
    ["report_page"],
    ["console"],
    ["cli", "__main__", "__init__"],
]
FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names}
PURE = {"__future__", "collections", "dataclasses", "typing", "typing_extensions", "math"}
PURE |= {"functools", "struct", "hashlib", "numpy", "cv2", "augtool"}


def imports(path: Path) -> list[str]:
    """Return the modules that a file imports when it is imported, dotted."""
    found = []
    tree = ast.parse(path.read_text())
    waiting = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.If))
        and (isinstance(node, ast.FunctionDef) or "TYPE_CHECKING" in ast.dump(node.test))
    ]
    later = {id(inner) for node in waiting for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in later:
            continue
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


def floor(module: str) -> int:
    return FLOOR[module.split(".")[1]]


def test_every_module_stands_on_a_floor() -> None:
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules - {"__pycache__", "py", "starter"} == set(FLOOR)


def test_imports_only_go_down() -> None:
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for module in imports(path):
            if module.startswith("augtool."):
                top = module.split(".")[1]
                assert top not in FLOOR or FLOOR[top] <= FLOOR[own], f"{path} imports {module}"


def test_the_core_is_pure() -> None:
    for path in (PACKAGE / "core").rglob("*.py"):
        foreign = {module.split(".")[0] for module in imports(path)} - PURE
        assert not foreign, f"{path} imports {foreign}"


def test_files_stay_short() -> None:
    """A file that passes 250 lines wants splitting; 300 is the wall, but for the flags."""
    lengths = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {
        str(path): lines for path, lines in lengths.items() if lines > 320 and path.name != "cli.py"
    }


@pytest.mark.parametrize(
    ("arguments", "own"),
    [(["--help"], set()), (["--version"], set()), (["expand", "--help"], {"pydantic"})],
)
def test_help_imports_nothing_heavy(arguments: list[str], own: set[str]) -> None:
    """`own` is what typer itself imports there, by its version."""
    code = (
        f"import sys; sys.argv = ['augtool', *{arguments}]\n"
        "from augtool.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'cv2', 'numpy', 'pydantic', 'rich', 'tqdm', 'yaml'} & set(sys.modules)\n"
        f"heavy -= {own or set()}\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
