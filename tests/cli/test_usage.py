"""What the command line says where it ends early: one style, one JSON object with --json."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from augtool.cli.app import main
from tests.cli.conftest import Call


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("expand a b --rotation-range 30", "--set transforms.rotation_range=30"),
        ("expand a b --rotation-range=-30", "--set transforms.rotation_range=-30"),
        ("expand a b --png-encoder --json", "--set output.png_encoder=VALUE"),
        ("preview a --fill-mode wrap", "--set transforms.fill_mode=wrap"),
    ],
)
def test_a_flag_that_is_a_key_of_the_config_says_how_to_set_it(
    call: Call, arguments: str, said: str
) -> None:
    code, _, errors = call(*arguments.split())
    option = arguments.split()[-2 if "=" not in arguments else -1].partition("=")[0]
    assert (code, errors) == (2, f"error: {option}: no such option; pass {said}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("expand a b --ratoi 3", r"--ratoi: no such option; did you mean .*--ratio.*\?"),
        ("inspect --rotation-range 3", "--rotation-range: no such option; see: augtool inspect -h"),
        (
            "expand a b --balance 20",
            r"got unexpected extra argument(\(s\))? \(20\);"
            r" --balance takes no value; did you mean --balance-to\?",
        ),
        ("expand a b --ratio 150%", "--ratio: got '150%'; expected a number; write 1.5"),
        ("expand a b --total 1.5", "--total: got '1.5'; expected a whole number; see: .*"),
        ("expand a b --format gif", "--format: 'gif' is not one of 'keep', .*; see: .* expand -h"),
        ("expand a b --workers 0", "--workers: got '0'; .*1.*; see: augtool expand -h"),
        ("expand", "missing argument '(data|DATA)'; see: augtool expand -h"),
        ("verify a b", "got unexpected extra argument.*; see: augtool verify -h"),
        ("nope", "no such command 'nope'; see: augtool -h"),
    ],
)
def test_usage_errors_are_said_like_all_others(call: Call, arguments: str, said: str) -> None:
    code, output, errors = call(*arguments.split())
    assert (code, output) == (2, "")
    assert re.fullmatch(rf"error: {said}\n", errors)


def test_no_command_is_its_help(call: Call) -> None:
    code, output, errors = call()
    assert code in (0, 2)  # 0 with click before 8.2
    assert "expand " in output + errors
    assert "error: " not in output + errors


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("expand a b --json --nope", 2),
        ("expand a b --json", 2),
        ("expand a b --json --set ratio=x --set seed=-1", 2),
        ("expand data there --json", 4),
        ("config check none.yaml --json", 2),
        ("inspect none --json", 2),
        ("verify none --json", 2),
        ("report none --json", 2),
        ("preview none.png --json", 2),
    ],
)
def test_with_json_a_failure_is_one_object_and_the_exit_code_stays(
    call: Call, tiny_tree: Path, arguments: str, code: int
) -> None:
    (tiny_tree.parent / "there").mkdir()
    (tiny_tree.parent / "there" / "thesis.txt").write_text("mine")
    ended, output, errors = call(*arguments.split())
    said = [line.removeprefix("error: ") for line in errors.splitlines()]
    assert json.loads(output) == {"status": "failed", "exit_code": code, "errors": said}
    assert (ended, output.count("\n"), bool(said)) == (code, 1, True)
    assert call(*arguments.replace(" --json", "").split())[:2] == (code, "")


def _raise(error: BaseException) -> Callable[..., None]:
    def work(*_: object, **__: object) -> None:
        raise error

    return work


def test_with_json_an_interrupted_command_says_so(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augtool.run.expand.expand", _raise(KeyboardInterrupt()))
    code, output, _ = call("expand", "a", "b", "--json", "--quiet")
    said = ["interrupted; run the same command again to go on"]
    assert json.loads(output) == {"status": "failed", "exit_code": 130, "errors": said}
    assert code == 130


def test_with_json_a_bug_is_an_object_too_and_shows_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("augtool.run.expand.expand", _raise(ZeroDivisionError("of what")))
    monkeypatch.setattr(sys, "argv", ["augtool", "expand", "a", "b", "--json"])
    with pytest.raises(ZeroDivisionError):
        main()
    said = ["ZeroDivisionError: of what; this is a bug in augtool"]
    output = json.loads(capsys.readouterr().out)
    assert output == {"status": "failed", "exit_code": 1, "errors": said}


def test_version_has_a_short_flag(call: Call) -> None:
    assert call("-V") == call("--version")
