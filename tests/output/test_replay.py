"""Copies are made again from their rows, whatever holds them."""

from __future__ import annotations

import csv
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from augtool import Config, InputError, Options, expand
from augtool.output.replay import replay
from augtool.output.verify import verify
from augtool.runtime import Limits
from augtool.sinks import SINKS
from tests.conftest import Run
from tests.pictures import contents
from tests.shard_data import framed


def first_copy(tree: Path, out: Path, sink: str) -> str:
    """Expand a tree, and return the path of the first copy."""
    config = Config.model_validate({"ratio": 0.5, "output": {"to": sink}})
    expand(tree, out, config=config, options=Options(engine="serial"))
    with (out / "manifest.csv").open() as rows:
        return next(row["path"] for row in csv.DictReader(rows) if row["kind"] == "augmented")


ENCODED = [name for name, kind in SINKS.items() if not kind.stores_pixels]
SHARDS = [name for name in ENCODED if not SINKS[name].one_file_per_record]


@pytest.mark.parametrize("sink", ENCODED)
def test_a_copy_is_made_again_from_the_original_beside_it(
    tiny_tree: Path, tmp_path: Path, sink: str
) -> None:
    path = first_copy(tiny_tree, tmp_path / "out", sink)
    assert replay(tmp_path / "out", path)[1]
    assert replay(tmp_path / "out", path, data=tiny_tree)[1]


def test_pixels_of_an_array_are_no_file(tiny_tree: Path, tmp_path: Path) -> None:
    path = first_copy(tiny_tree, tmp_path / "out", "npy")
    with pytest.raises(InputError, match=r"x_train\.npy\[\d+\]: is no image file"):
        replay(tmp_path / "out", path, data=tiny_tree)


@pytest.mark.parametrize("sink", ENCODED)
@pytest.mark.parametrize("with_data", [False, True], ids=["originals", "data"])
def test_verify_makes_copies_again_whatever_holds_them(
    tiny_tree: Path, tmp_path: Path, sink: str, with_data: bool
) -> None:
    first_copy(tiny_tree, tmp_path / "out", sink)
    data = tiny_tree if with_data else None
    some = verify(tmp_path / "out", replay=2, data=data, limits=Limits(1))
    assert (some.files, some.findings, some.replayed) == (18, [], {"exact": 2})
    every = verify(tmp_path / "out", replay="all", data=data, limits=Limits(1))
    assert (every.files, every.findings, every.replayed) == (18, [], {"exact": 6})


@pytest.mark.parametrize("sink", ["tree", "webdataset"])
def test_verify_finds_what_has_not_come_to_its_place(
    tiny_tree: Path, tmp_path: Path, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed when all is made is whole in its workspace."""

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("augtool.run.commit.finish_commit", killed)
    with pytest.raises(KeyboardInterrupt):
        first_copy(tiny_tree, tmp_path / "out", sink)
    assert not (tmp_path / "out/manifest.csv").exists()
    verdict = verify(tmp_path / "out", replay="all", limits=Limits(1))
    assert (verdict.findings, verdict.replayed) == ([], {"exact": 6})


def test_verify_does_not_follow_a_link_in_place_of_a_shard(tiny_tree: Path, tmp_path: Path) -> None:
    first_copy(tiny_tree, tmp_path / "out", "webdataset")
    shard = tmp_path / "out/shard-000000.tar"
    shard.rename(tmp_path / "elsewhere.tar")
    shard.symlink_to(tmp_path / "elsewhere.tar")
    (finding,) = verify(tmp_path / "out").findings
    assert (finding.path, finding.kind) == ("shard-000000.tar", "changed")
    assert finding.detail.startswith("is not a regular file; run ")
    shard.unlink()
    assert [each.kind for each in verify(tmp_path / "out").findings] == ["missing"]


@pytest.mark.parametrize("sink", SHARDS)
def test_verify_names_the_copy_in_a_shard_that_differs(
    tiny_tree: Path, tmp_path: Path, sink: str
) -> None:
    path = first_copy(tiny_tree, out := tmp_path / "out", sink)
    shard = next(each for each in contents(out) if path.startswith(each))
    held = (out / shard).read_bytes()
    at = held.index(b"IDAT", held.index(replay(out, path)[0]))
    (out / shard).write_bytes(held[:at] + b"XXXX" + held[at + 4 :])
    verdict = verify(out, replay="all", limits=Limits(1))
    assert [str(each) for each in verdict.findings] == [f"{shard}: changed", f"{path}: changed"]
    assert verdict.replayed == {"exact": 5}


@pytest.mark.parametrize("sink", ["npz", "npy"])
def test_verify_says_why_pixels_are_not_made_again(
    tiny_tree: Path, tmp_path: Path, run_cli: Run, sink: str
) -> None:
    first_copy(tiny_tree, tmp_path / "out", sink)
    done = run_cli("verify", "out", "--replay", 1)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: out: --replay remakes image files, and --to {sink} stores pixels; leave it out to"
        " check the arrays as a whole, or expand again elsewhere and compare the manifests\n",
    )


def _huge_message(shard: bytes) -> bytes:
    return struct.pack("<Q", 2**63) + shard[8:]


def _empty_feature(_: bytes) -> bytes:
    image = b"\n\x0eimage/encoded\x12\x02\n\x00"
    return framed(b"\n" + bytes([len(image) + 2]) + b"\n" + bytes([len(image)]) + image)


def _huge_member(shard: bytes) -> bytes:
    """Return a tar whose first member claims to be sparse, and 8 GB."""
    head = bytearray(shard[:512])
    head[156:157], head[483:495] = b"S", b"77777777777\0"
    head[148:156] = b"%06o\0 " % (sum(head) - sum(head[148:156]) + 8 * 0x20)
    return bytes(head) + shard[512:]


@pytest.mark.parametrize(
    ("sink", "forge"),
    [
        *((sink, lambda shard: shard[:100]) for sink in SHARDS),
        *((sink, lambda _: b"") for sink in SHARDS),
        ("tfrecord", _huge_message),
        ("tfrecord", _empty_feature),
        ("webdataset", _huge_member),
    ],
)
def test_shards_that_somebody_forged_are_findings(
    tiny_tree: Path, tmp_path: Path, sink: str, forge: Callable[[bytes], bytes]
) -> None:
    path = first_copy(tiny_tree, out := tmp_path / "out", sink)
    shard = next(each for each in contents(out) if path.startswith(each))
    (out / shard).write_bytes(forge((out / shard).read_bytes()))
    verdict = verify(out, replay="all", limits=Limits(1))
    assert {each.path: each.kind for each in verdict.findings}[path] == "changed"
    with pytest.raises(InputError, match="can't be read"):
        replay(out, path)
