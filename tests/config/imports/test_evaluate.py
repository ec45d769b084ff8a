"""Values are found in code without running it."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from augtool.config.imports.evaluate import Evaluator
from augtool.config.imports.scopes import build_scopes
from augtool.config.imports.values import Call, Instance, Reference, Unresolved, is_known


def value(code: str) -> Any:
    """Return the value of the last line of a text, an expression."""
    tree = ast.parse(code)
    scopes = build_scopes(tree)
    last = tree.body[-1]
    while isinstance(last, (ast.FunctionDef, ast.ClassDef)):
        last = last.body[-1]
    assert isinstance(last, (ast.Expr, ast.Return))
    assert last.value is not None
    return Evaluator(scopes, scopes[tree]).value(last.value, scopes[last])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("(1, -2.5, [True, None], {'a': 'b'})", (1, -2.5, [True, None], {"a": "b"})),
        ("SIZE = 224\nint(SIZE * 1.14)", 255),
        ("S = 2 ** 5 + 7 // 2 - 1 % 3\nS / 2", 17),
        ("h, w = 32, 64\n(w, h)", (64, 32)),
        ("a = 1\na = 2\na", 2),
        ("class CFG:\n    size = 224\n(CFG.size, CFG().size)", (224, 224)),
        ("class C:\n    def __init__(self):\n        self.size = 8\nC().size", 8),
        ("class C:\n    size: int = 4\nC(size=6).size", 6),
        ("cfg = {'size': 32, 'aug': {'p': 0.1}}\ncfg['aug']['p'] + cfg['size']", 32.1),
        ("cfg = dict(size=32)\ncfg.size", 32),
        ("from types import SimpleNamespace\ncfg = SimpleNamespace(p=0.3)\ncfg.p", 0.3),
        ("base = {'p': 1}\n{**base, 'q': 2}", {"p": 1, "q": 2}),
        ("def f(size=32):\n    return size", 32),
        ("def f(size):\n    return size\nf(7)\nx = f(size=7)\ndef g():\n    return f(7)", 7),
        ("def f(size=(8, 8)):\n    return size[0]", 8),
        ("def half(x, by=2):\n    return x / by\nhalf(9, by=3)", 3),
        ("sizes = [1]\nsizes.append(2)\nsizes.extend([3])\nsizes += [4]\nsizes", [1, 2, 3, 4]),
        ("sizes = [1, 3]\nsizes.insert(1, 2)\nlen(sizes)", 3),
        ("on = False\nsizes = [1]\nif on:\n    sizes.append(2)\nsizes", [1]),
        ("1 if 2 > 1 and not 0 else 5", 1),
        ("[1, *[2, 3]] + [4]", [1, 2, 3, 4]),
        ("a = 1\ndef f():\n    a = 2\n    return a", 2),
        ("a = 1\ndef f():\n    return a\n", 1),
        ("min(3, 2) + abs(-4) + round(1.4)", 7),
    ],
)
def test_what_stands_in_the_text_is_found(code: str, expected: object) -> None:
    assert value(code) == pytest.approx(expected) if isinstance(expected, float) else True
    assert value(code) == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_an_option_of_argparse_is_its_default() -> None:
    code = (
        "import argparse\np = argparse.ArgumentParser()\n"
        "p.add_argument('--image-size', type=int, default=96)\n"
        "p.add_argument('-p', dest='chance', default=0.25)\n"
        "args = p.parse_args()\n(args.image_size, args.chance)"
    )
    assert value(code) == (96, 0.25)


@pytest.mark.parametrize(
    "code",
    [
        "unbound",
        "SIZE = input()\nSIZE",
        "import os\nos.environ['SIZE']",
        "a = [x for x in range(3)]\na",
        "for a in (1, 2):\n    pass\na",
        "def f(size):\n    return size",
        "def f(size):\n    return size\nf(1)\nf(2)\ndef g(s):\n    return s",
        "def f(x):\n    if x:\n        return 1\n    return 2\nf(1)",
        "def f():\n    return f()\nf()",
        "a = a + 1\na",
        "10 ** 400",
        "'x' * 10 ** 9",
        "1 / 0",
        "(1).size",
        "{}['a']",
        "[1][5]",
        "lambda x: x",
    ],
)
def test_what_does_not_is_named_and_nothing_is_run(code: str) -> None:
    found = value(code)
    assert isinstance(found, Unresolved), found
    assert found.text
    assert not is_known(found)


def test_only_the_unknown_part_of_a_list_is_unknown() -> None:
    assert value("[1, size, *more] + rest") == [
        1,
        *(Unresolved(text) for text in ("size", "*more", "rest")),
    ]


def test_calls_of_imported_things_keep_their_full_names_and_their_lines() -> None:
    code = "import albumentations as A\nfrom cv2 import BORDER_WRAP as wrap\nA.Rotate(5, m=wrap)"
    assert value(code) == Call(
        "albumentations.Rotate",
        (5,),
        {"m": Reference("cv2.BORDER_WRAP")},
        3,
        "A.Rotate(5, m=wrap)",
    )


def test_a_call_in_a_branch_that_can_t_be_decided_carries_its_test() -> None:
    code = (
        "import albumentations as A\ndef f(cfg):\n    if cfg.train:\n        ops = [A.Flip()]\n"
        "        if cfg.rotate:\n            ops.append(A.Rotate())\n        else:\n"
        "            ops.append(A.Blur())\n        return 0\n    return ops"
    )
    found = value(code)
    assert [(each.last, each.condition) for each in found] == [
        ("Flip", ""),
        ("Rotate", "cfg.rotate"),
        ("Blur", "not (cfg.rotate)"),
    ]


def test_a_class_of_the_text_is_not_a_value() -> None:
    found = value("class Cutout:\n    pass\nCutout(8)")
    assert isinstance(found, Instance)
    assert not is_known([found])


def test_deep_nesting_ends() -> None:
    code = "a = " + "-" * 300 + "1\na"
    assert isinstance(value(code), Unresolved)
