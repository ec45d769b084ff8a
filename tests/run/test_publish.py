"""What a store holds at every moment of a run whose output goes there."""

from __future__ import annotations

from pathlib import Path

import pytest

from augtool import Options, OutputError, Report, expand
from augtool.config.load import load
from augtool.errors import OccupiedError
from augtool.output.verify import verify
from augtool.runtime import Limits
from augtool.storage.remote.url import RemoteUrl
from tests.memory_bucket import MemoryBucket
from tests.pictures import contents, make_tree

URL = "s3://photos/out"


@pytest.fixture(autouse=True)
def _bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("augtool.storage.remote.folder.Bucket", MemoryBucket)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    MemoryBucket.clear()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 2, "dog": 2})


def _expand(
    data: Path,
    out: str | Path,
    ratio: float = 1.5,
    to: str = "tree",
    form: str = "csv",
    **how: str,
) -> Report:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    config = load(None, {"ratio": ratio, "output.to": to, "output.manifest": form})
    options = Options(engine="serial", **how)  # type: ignore[arg-type]
    return expand(data, out, config=config, options=options)


def _there() -> dict[str, bytes]:
    return {url[len(URL) + 1 :]: data for url, data in MemoryBucket.objects.items()}


FORMS = [("csv", "manifest.csv"), ("parquet", "manifest.json")]


@pytest.mark.parametrize(("form", "table"), FORMS)
@pytest.mark.parametrize("to", ["tree", "webdataset"])
def test_a_store_gets_what_a_disk_gets_with_the_manifest_last(
    data: Path, tmp_path: Path, to: str, form: str, table: str
) -> None:
    _expand(data, tmp_path / "here", to=to, form=form)
    report = _expand(data, URL, to=to, form=form)
    assert (report.status, str(report.out), report.files) == ("done", URL, 10)
    assert _there() == contents(tmp_path / "here")
    assert MemoryBucket.changes[0] == f"put {URL}/.augtool/run.json"
    assert MemoryBucket.changes[-2:] == [
        f"put {URL}/{table}",
        f"delete {URL}/.augtool/run.json",
    ]
    before = len(MemoryBucket.changes)
    assert _expand(data, URL, to=to, form=form).status == "up to date"
    assert len(MemoryBucket.changes) == before
    assert not verify(URL, limits=Limits(1)).findings


@pytest.mark.parametrize(
    ("forms", "failing_after"),
    [
        *(("csv csv", after) for after in range(1, 16, 3)),
        *((forms, 12) for forms in ("csv parquet", "parquet csv")),
        *(("parquet parquet", after) for after in (5, 12, 14)),
    ],
)
def test_a_store_that_fails_never_has_a_manifest_of_what_is_not_there(
    data: Path, tmp_path: Path, forms: str, failing_after: int
) -> None:
    """Both for the first output there, and for one that replaces another."""
    for ratio, form in zip((2.0, 1.0), forms.split()):
        _expand(data, tmp_path / "here", ratio, form=form, existing="overwrite")
        MemoryBucket.left = failing_after
        try:
            _expand(data, URL, ratio, form=form, existing="update")
        except OutputError as error:
            assert str(error).startswith(f"{URL}/")  # noqa: PT017
            if {
                "manifest.csv",
                "manifest.json",
            } & _there().keys():  # the old one, before anything else was touched
                assert ratio == 1.0
                assert not verify(URL, limits=Limits(1)).findings
            MemoryBucket.left = None
            with pytest.raises(OccupiedError, match=f"{URL}: holds an unfinished run of other"):
                _expand(data, URL, 3.0, existing="update")
        MemoryBucket.left = None
        _expand(data, URL, ratio, form=form, existing="update")
        assert _there() == contents(tmp_path / "here")


def test_parts_that_a_stopped_run_left_go_and_those_of_others_are_named(
    data: Path, tmp_path: Path
) -> None:
    stray = f"{URL}/manifest/part-00007-0123456789abcdef.parquet"
    MemoryBucket(RemoteUrl.parse(URL)).put(stray[len("s3://photos/") :], b"old", "of ours")
    MemoryBucket.objects[f"{URL}/.augtool/previous.json"] = b""
    _expand(data, tmp_path / "here", form="parquet")
    _expand(data, URL, form="parquet")
    assert _there() == contents(tmp_path / "here")
    MemoryBucket.objects[f"{URL}/manifest.csv"] = b"mine"
    with pytest.raises(OccupiedError, match=r"holds manifest\.csv and manifest\.json"):
        _expand(data, URL, 1.0, form="parquet", existing="update")
    assert MemoryBucket.objects.pop(f"{URL}/manifest.csv") == b"mine"
    MemoryBucket.objects[stray], MemoryBucket.digests[stray] = b"mine", ""
    with pytest.raises(OccupiedError, match=r"part-00007-.*: is there already, and augtool did"):
        _expand(data, URL, 1.0, form="parquet", existing="update")
    assert MemoryBucket.objects[stray] == b"mine"
    assert "manifest.json" in _there()


def test_whoever_comes_second_with_something_else_gives_way(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one ends, and a third begins, while this one is at work."""
    put = MemoryBucket.put

    def late(self: MemoryBucket, key: str, content: bytes | Path, digest: str) -> None:
        put(self, key, content, digest)
        if key.endswith("dataset.json"):
            MemoryBucket.objects[f"{URL}/.augtool/run.json"] = b"of another"

    monkeypatch.setattr(MemoryBucket, "put", late)
    with pytest.raises(OccupiedError, match="another augtool works there"):
        _expand(data, URL)
    assert "manifest.csv" not in _there()


def test_objects_of_others_are_not_replaced_or_removed(data: Path) -> None:
    MemoryBucket.objects[f"{URL}/notes.txt"] = b"mine"
    with pytest.raises(OccupiedError, match=r"did not write, such as 'notes\.txt'"):
        _expand(data, URL)
    MemoryBucket.objects.clear()
    _expand(data, URL, 0.0)
    MemoryBucket.objects |= {f"{URL}/notes.txt": b"mine", f"{URL}/cat/00__aug0.png": b"mine"}
    with pytest.raises(OccupiedError, match=r"cat/00__aug0\.png: is there already"):
        _expand(data, URL, existing="overwrite")
    assert _there()["cat/00__aug0.png"] == _there()["notes.txt"] == b"mine"
