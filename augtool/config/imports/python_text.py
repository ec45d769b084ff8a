"""Reads Python out of files, notebooks and pasted text, and gives it as a syntax tree."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from dataclasses import dataclass

from augtool.errors import ConfigError

__all__ = ["Code", "read_code"]

_MOST_BROKEN, _LONG = 50, 1_000_000
#: More code than anybody wrote: it would take minutes to read.
_MOST_CHARACTERS = 2_000_000
_NOT_CODE = re.compile(r"#.*|'[^'\n]*'|\"[^\"\n]*\"")


@dataclass(frozen=True, slots=True)
class Code:
    """A syntax tree, and where its lines come from.

    Attributes
    ----------
    cells
        For a notebook: the first line of each cell in the tree, and the cell's number.
    skipped
        What could not be read, as sentences.
    """

    tree: ast.Module
    cells: tuple[tuple[int, int], ...] = ()
    skipped: tuple[str, ...] = ()

    def place(self, line: int) -> str:
        """Return where a line of the tree stands, for people."""
        for first, cell in reversed(self.cells):
            if line >= first:
                return f"cell {cell}, line {line - first + 1}"
        return f"line {line}"


def read_code(text: str, origin: str) -> Code:
    """Return the code in a text.

    Parameters
    ----------
    text
        Python, a notebook in JSON, or arguments of ImageDataGenerator as pasted.
    origin
        What to call it in errors.

    Raises
    ------
    ConfigError
        When it is no Python.
    """
    cells = _cells(text) if text.lstrip().startswith("{") else None
    size = len(text) if cells is None else sum(len(source) for _, source in cells)
    if size > _MOST_CHARACTERS:
        raise ConfigError(
            f"{origin}: {size:,} characters of code; pass only the lines of the pipeline"
        )
    if cells is not None:
        return _read_cells(cells)
    dedented = textwrap.dedent(text.expandtabs())
    try:
        return Code(_parse(dedented))
    except SyntaxError as error:
        plain = _without_magics(dedented)
        for other in (plain, _pasted(dedented), _outdented(plain)):
            try:
                return Code(_parse(other))
            except SyntaxError:
                continue
        if code := _without_broken(plain):
            return code
        where = f", line {error.lineno}" if error.lineno else ""
        raise ConfigError(
            f"{origin}{where}: not Python that can be read ({error.msg});"
            " fix that line, or pass only the lines of the pipeline"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{origin}: can't be read as Python: {error}") from error


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as '\d' in somebody's code
        return ast.parse(text)


def _pasted(text: str) -> str:
    """Return arguments such as ``rotation_range=20, zoom_range=0.2`` as a call."""
    return f"ImageDataGenerator({text.strip().rstrip(',')}\n)"


def _without_magics(text: str) -> str:
    """Blank the lines that only IPython understands: ``%matplotlib inline``, ``!pip install``."""
    return re.sub(r"^(\s*)[%!?].*$", r"\1pass", text, flags=re.MULTILINE)


def _outdented(text: str) -> str:
    """Pull lines to the left that are further right than their block, as in pasted parts."""
    lines = text.splitlines()
    for _ in range(50):
        try:
            _parse("\n".join(lines))
        except IndentationError as error:
            if error.lineno is None or not error.msg.startswith(("unexpected indent", "unindent")):
                break
            lines[error.lineno - 1] = lines[error.lineno - 1].lstrip()
        except SyntaxError:
            break
        else:
            break
    return "\n".join(lines)


def _without_broken(text: str) -> Code | None:
    """Leave out whole statements that are not Python 3: ``print "done"``; None if in vain."""
    lines = text.splitlines()
    skipped: list[str] = []
    for _ in range(_MOST_BROKEN if len(text) < _LONG else 0):
        try:
            return Code(_parse("\n".join(lines)), (), tuple(skipped))
        except SyntaxError as error:
            place = (error.lineno or 0) - 1
            if not 0 <= place < len(lines) or not _is_statement(lines, place):
                return None
            reason = f"line {place + 1} is not Python and was left out ({error.msg})"
            lines[place] = re.sub(r"\S.*", "pass", lines[place])
            skipped.append(reason)
    return None


def _is_statement(lines: list[str], place: int) -> bool:
    """Return whether a line is a statement by itself: outside of all brackets, and no block."""
    bare = [_NOT_CODE.sub("", line) for line in lines[: place + 1]]
    depths = [sum(map(line.count, "([{")) - sum(map(line.count, ")]}")) for line in bare]
    is_whole = not bare[-1].rstrip().endswith((":", "\\", "pass"))
    return is_whole and bool(bare[-1].strip()) and sum(depths) == 0 == depths[-1]


def _cells(text: str) -> list[tuple[int, str]] | None:
    """Return the code of a notebook's cells, with their numbers; None of any other text."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return None
    sources = [
        (number, cell.get("source", ""))
        for number, cell in enumerate(cells, 1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    return [
        (number, "".join(map(str, source)) if isinstance(source, list) else str(source))
        for number, source in sources
    ]


def _read_cells(cells: list[tuple[int, str]]) -> Code:
    """Return the code cells as one tree; a cell that is no Python is left out."""
    body: list[ast.stmt] = []
    starts: list[tuple[int, int]] = []
    skipped: list[str] = []
    line = 1
    for number, source in cells:
        text = _without_magics(source.expandtabs())
        try:
            tree = _parse(text)
        except (SyntaxError, ValueError, RecursionError) as error:
            rest = _without_broken(text) if isinstance(error, SyntaxError) else None
            if rest is None or 2 * len(rest.skipped) > len(text.split("\n")):
                skipped.append(f"cell {number} is not Python and was left out ({error})")
                continue
            tree = rest.tree
            skipped += [f"cell {number}, {each}" for each in rest.skipped]
        starts.append((line, number))
        body += [ast.increment_lineno(node, line - 1) for node in tree.body]
        line += text.count("\n") + 1
    return Code(ast.Module(body, []), tuple(starts), tuple(skipped))
