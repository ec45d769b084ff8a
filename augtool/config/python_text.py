"""Recognises Python arguments where YAML is expected, and says them in YAML.

ImageDataGenerator's arguments are what people paste.  The text is parsed, never run; a value that
is not a literal is left out and named.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping

__all__ = ["in_yaml", "read_arguments"]


def read_arguments(text: str) -> list[ast.keyword] | None:
    """Return the keyword arguments of a pasted call, or of its inside; None for anything else.

    The call may be assigned, and stand among other lines.

    >>> [each.arg for each in read_arguments("rotation_range=20, zoom_range=0.2,")]
    ['rotation_range', 'zoom_range']
    """
    for source in (text, f"_({text}\n)"):
        try:
            tree = ast.parse(source.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.keywords]
        named = [call for call in calls if _name(call) == "ImageDataGenerator"]
        if calls:
            return (named or calls)[0].keywords
    return None


def _name(call: ast.Call) -> str:
    """Return the name of what is called, without its module."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def in_yaml(arguments: list[ast.keyword]) -> str:
    """Return arguments as one line of YAML, with what could not be said in it after that.

    >>> in_yaml(read_arguments("rescale=1./255, horizontal_flip=True, f=g") or [])
    '{rescale: 1/255, horizontal_flip: true} (without f: its value is not a literal)'
    """
    said, unsaid = [], []
    for argument in arguments:
        try:
            said.append(f"{argument.arg}: {_value(argument)}")
        except (ValueError, TypeError, RecursionError):
            unsaid.append(argument.arg or ast.unparse(argument.value))
    block = "{" + ", ".join(said) + "}"
    if not unsaid:
        return block
    is_one = len(unsaid) == 1
    reason = "its value is not a literal" if is_one else "their values are not literals"
    return f"{block} (without {', '.join(unsaid)}: {reason})"


def _value(argument: ast.keyword) -> str:
    """Return a literal in YAML's flow style; ValueError or TypeError for anything else."""
    node = argument.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        above, below = (ast.literal_eval(each) for each in (node.left, node.right))
        if argument.arg == "rescale":
            return "/".join(str(each).removesuffix(".0") for each in (above, below))
        value = above / below if below else ast.literal_eval(node)
    else:
        value = ast.literal_eval(node)
    if isinstance(value, Mapping):
        value = {str(key): each for key, each in value.items()}
    is_plain = isinstance(value, str) and value.isidentifier()
    if is_plain and value.lower() not in ("true", "false", "null"):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
