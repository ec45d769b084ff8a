"""Runs whose manifest is in Parquet: chosen by size, and known by every command."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, ConfigError, Options, Report, expand
from augtool.engines.progress import NullProgress
from augtool.errors import InputError, OccupiedError
from augtool.output import manifest
from augtool.output.dataset import read_dataset
from augtool.output.verify import verify
from augtool.run import manifest_form
from augtool.run.options import Shard
from augtool.runtime import Limits
from tests.conftest import Run
from tests.pictures import contents, make_tree, picture, write

PARQUET = "--set output.manifest=parquet".split()  # noqa: SIM905


class Told(NullProgress):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)


def run(data: Path, out: Path, form: str = "parquet", told: Any = None, **how: Any) -> Report:
    values = {key: how.pop(key) for key in ("ratio", "split") if key in how}
    output = {"manifest": form, "to": how.pop("to", "tree")}
    config = Config.model_validate({**values, "output": output})
    options = Options(**{"engine": "serial", **how})
    return expand(data, out, config=config, options=options, progress=told)


def names_in(out: Path) -> set[str]:
    return {path.name for path in out.iterdir()}


def findings(out: Path, **how: Any) -> list[str]:
    return [str(each) for each in verify(out, limits=Limits(1), **how).findings]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 3, "dog": 2}, height=6, width=5)


class WithPyarrow:
    """Tests that write such manifests."""

    @pytest.fixture(autouse=True)
    def _needs_it(self) -> None:
        pytest.importorskip("pyarrow")


class TestChoice(WithPyarrow):
    def test_auto_goes_by_the_size_of_the_plan(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manifest_form, "MOST_CSV_ROWS", 12)
        run(data, tmp_path / "small", "auto", to="webdataset")
        run(data, tmp_path / "large", "auto", to="webdataset", ratio=1.8)
        assert "manifest.csv" in names_in(tmp_path / "small")
        assert {"manifest.json", "manifest"} <= names_in(tmp_path / "large")
        assert "manifest.csv" not in names_in(tmp_path / "large")
        for name, form in (("small", "csv"), ("large", "parquet")):
            dataset = read_dataset(tmp_path / name)
            assert dataset.settings["output"]["manifest"] == form  # type: ignore[index]
            assert ("pyarrow" in dataset.made_with.versions) == (form == "parquet")
        # It is the form that counts, not who chose it.
        assert run(data, tmp_path / "small", "csv", to="webdataset").status == "up to date"

    def test_a_tree_of_classes_keeps_csv_unless_told_because_loaders_see_folders(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manifest_form, "MOST_CSV_ROWS", 1)
        told = Told()
        run(data, tmp_path / "plain", "auto", told)
        assert names_in(tmp_path / "plain") == {"cat", "dog", "dataset.json", "manifest.csv"}
        run(data, tmp_path / "split", "auto", told, split={"val": 0.4})
        assert "manifest.json" in names_in(tmp_path / "split")
        run(data / "cat", tmp_path / "flat", "auto", told, kind="flat")
        assert "manifest.json" in names_in(tmp_path / "flat")
        assert not told.warnings
        run(data, tmp_path / "asked", "parquet", told)
        assert [each for each in told.warnings if "makes a folder 'manifest' beside" in each]

    @pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
    @pytest.mark.parametrize("place", ["cat/caf\udce9.png", "caf\udce9/00.png", "\udce9/00.png"])
    def test_names_that_are_not_utf8_are_refused_before_the_work(
        self, data: Path, tmp_path: Path, place: str
    ) -> None:
        write(data / place, picture(1))
        with pytest.raises(ConfigError, match=r"UTF-8, and '.*' is not; rename it, or pass --set"):
            run(data, tmp_path / "out")
        assert not (tmp_path / "out").exists()
        run(data, tmp_path / "out", "csv")

    def test_a_folder_of_images_among_the_parts_is_refused(
        self, data: Path, tmp_path: Path
    ) -> None:
        (data / "cat" / "manifest").mkdir()
        (data / "cat" / "00.png").rename(data / "cat" / "manifest" / "00.png")
        with pytest.raises(ConfigError, match=r"'manifest/00\.png' would lie among the parts"):
            run(data / "cat", tmp_path / "out", kind="flat")
        run(data / "cat", tmp_path / "out", "csv", kind="flat")

    def test_a_class_called_manifest_gets_another_folder(self, tmp_path: Path) -> None:
        data = make_tree(tmp_path / "data", {"manifest": 1, "manifest.json": 1})
        run(data, tmp_path / "out")
        assert {"manifest_", "manifest.json_"} <= names_in(tmp_path / "out")
        assert findings(tmp_path / "out") == []


def test_without_pyarrow_the_run_is_refused_before_the_work_with_both_ways_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyarrow", "pyarrow.csv", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    for form, limit, why in (
        ("parquet", 10, "output.manifest: a manifest in Parquet needs"),
        ("auto", 1, "output.manifest: of more than 1 files it is in Parquet: a manifest in"),
    ):
        monkeypatch.setattr(manifest_form, "MOST_CSV_ROWS", limit)
        with pytest.raises(ConfigError) as raised:
            run(data, tmp_path / "out", form, to="webdataset")
        said = str(raised.value)
        assert said.startswith(why)
        assert said.endswith("pip install pyarrow, or pass --set output.manifest=csv")
        assert "\n" not in said
    assert not (tmp_path / "out").exists()


class TestBytes(WithPyarrow):
    @pytest.mark.parametrize("to", ["tree", "webdataset", "npz"])
    def test_they_don_t_depend_on_how_it_was_run(self, data: Path, tmp_path: Path, to: str) -> None:
        run(data, tmp_path / "one", to=to)
        for index in (1, 0):
            run(data, tmp_path / "shards", to=to, shard=Shard(index, 2))
        assert contents(tmp_path / "one") == contents(tmp_path / "shards")

    def test_tables_of_metadata_are_made_of_it_too(self, data: Path, tmp_path: Path) -> None:
        for form in ("csv", "parquet"):
            output = {"manifest": form, "metadata": "hf"}
            config = Config.model_validate({"output": output, "split": {"val": 0.4}})
            expand(data, tmp_path / form, config=config, options=Options(engine="serial"))
        one, other = contents(tmp_path / "csv"), contents(tmp_path / "parquet")
        assert one["train/metadata.csv"] == other["train/metadata.csv"]
        assert findings(tmp_path / "parquet") == []

    @pytest.mark.slow
    @pytest.mark.processes
    def test_nor_on_the_number_of_workers(self, data: Path, tmp_path: Path) -> None:
        run(data, tmp_path / "one")
        run(data, tmp_path / "two", engine="processes", workers=2)
        assert contents(tmp_path / "one") == contents(tmp_path / "two")

    def test_a_folder_left_by_a_try_with_other_failures_is_cleared(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (data / "cat" / "02.png").write_bytes(b"broken")
        with monkeypatch.context() as patch:
            patch.setattr("augtool.run.finish.commit", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run(data, tmp_path / "out")
        write(data / "cat" / "02.png", picture(9))
        run(data, tmp_path / "out", existing="overwrite")
        run(data, tmp_path / "fresh")
        assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


class TestUpdates(WithPyarrow):
    @pytest.mark.parametrize(
        ("to", "forms"),
        [
            *(("tree", forms) for forms in ("csv parquet", "parquet csv", "parquet parquet")),
            *(("webdataset", forms) for forms in ("csv parquet", "parquet csv")),
        ],
    )
    def test_an_update_leaves_one_manifest_and_keeps_what_is_right(
        self, data: Path, tmp_path: Path, to: str, forms: str
    ) -> None:
        before, after = forms.split()
        run(data, tmp_path / "out", before, to=to, ratio=2.0)
        kept = tmp_path / "out" / "cat" / "00__aug0.png"
        inode = kept.stat().st_ino if to == "tree" else 0
        with pytest.raises(OccupiedError, match="holds a finished run that differs"):
            run(data, tmp_path / "out", after, to=to, ratio=1.0)
        run(data, tmp_path / "out", after, to=to, ratio=1.0, existing="update")
        run(data, tmp_path / "fresh", after, to=to, ratio=1.0)
        assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
        assert names_in(tmp_path / "out") == names_in(tmp_path / "fresh")
        assert run(data, tmp_path / "out", after, to=to, ratio=1.0).status == "up to date"
        assert not inode or kept.stat().st_ino == inode

    def test_a_source_that_changed_is_found_by_the_rows(self, data: Path, tmp_path: Path) -> None:
        run(data, tmp_path / "out")
        write(data / "cat" / "01.png", picture(77))
        with pytest.raises(OccupiedError, match=r"cat/01\.png has changed"):
            run(data, tmp_path / "out")

    def test_a_damaged_part_is_made_again(self, data: Path, tmp_path: Path) -> None:
        run(data, tmp_path / "out")
        fresh = contents(tmp_path / "out")
        (part,) = (tmp_path / "out" / "manifest").iterdir()
        for damage in (part.unlink, lambda: part.write_bytes(part.read_bytes()[:-9])):
            damage()
            with pytest.raises(OccupiedError, match=rf"differs \(manifest/{part.name} (is|was) "):
                run(data, tmp_path / "out")
            run(data, tmp_path / "out", existing="update")
            assert contents(tmp_path / "out") == fresh
        part.write_bytes(b"")
        run(data, tmp_path / "out", ratio=1.0, existing="overwrite")
        assert names_in(tmp_path / "out" / "manifest").isdisjoint({part.name})
        assert not [each for each in findings(tmp_path / "out") if "manifest" in each]

    @pytest.mark.parametrize("name", ["notes.txt", "part-00001-0123456789abcdef.parquet"])
    def test_what_someone_put_among_the_parts_is_named_and_stays(
        self, data: Path, tmp_path: Path, name: str
    ) -> None:
        run(data, tmp_path / "out")
        stray = tmp_path / "out" / "manifest" / name
        stray.write_bytes(b"mine")
        assert findings(tmp_path / "out") == [f"manifest/{name}: extra"]
        before = contents(tmp_path / "out")
        with pytest.raises(OccupiedError, match=rf"manifest/{name}: is there already"):
            run(data, tmp_path / "out", ratio=1.0, existing="update")
        after = contents(tmp_path / "out")
        assert before.items() <= after.items()
        run(data, tmp_path / "out", "csv", ratio=1.0, existing="update")
        assert stray.read_bytes() == b"mine"

    def test_two_manifests_are_one_too_many(self, data: Path, tmp_path: Path) -> None:
        run(data, tmp_path / "out")
        (tmp_path / "out" / "manifest.csv").write_bytes(b"mine")
        with pytest.raises(InputError, match=r"manifest\.csv: is no augtool manifest"):
            verify(tmp_path / "out")
        for existing in ("update", "overwrite"):
            with pytest.raises(OccupiedError, match=r"holds manifest\.csv and manifest\.json"):
                run(data, tmp_path / "out", existing=existing)
        assert (tmp_path / "out" / "manifest.csv").read_bytes() == b"mine"

    def test_a_folder_in_the_place_of_the_other_manifest_is_named(
        self, data: Path, tmp_path: Path
    ) -> None:
        run(data, tmp_path / "out", "csv")
        (tmp_path / "out" / "manifest.csv").unlink()
        (tmp_path / "out" / "manifest.csv").mkdir()
        with pytest.raises(OccupiedError, match=r"manifest\.csv: is there already"):
            run(data, tmp_path / "out", existing="update")
        assert (tmp_path / "out" / "manifest.csv").is_dir()

    def test_a_folder_of_someone_s_is_not_used(self, data: Path, tmp_path: Path) -> None:
        run(data, tmp_path / "out", "csv", to="webdataset")
        (tmp_path / "out" / "manifest").mkdir()
        (tmp_path / "out" / "manifest" / "mine").write_bytes(b"mine")
        with pytest.raises(OccupiedError, match="manifest/mine: is there already"):
            run(data, tmp_path / "out", to="webdataset", existing="update")
        assert findings(tmp_path / "out") == ["manifest/mine: extra"]


class TestCommands(WithPyarrow):
    def test_each_command_reads_it(self, data: Path, run_cli: Run, tmp_path: Path) -> None:
        run_cli("expand", data, "csv", check=True)
        run_cli("expand", data, "out", *PARQUET, check=True)
        assert "12 files checked" in run_cli("verify", "out", "--replay", "all", check=True).stderr
        assert run_cli("verify", "out", "--replay", "2", check=True).returncode == 0
        run_cli("replay", "out", "cat/00__aug0.png", "-o", "again.png", check=True)
        assert (tmp_path / "again.png").read_bytes() == (
            tmp_path / "out" / "cat" / "00__aug0.png"
        ).read_bytes()
        said = run_cli("replay", "out", "cat/none.png", "-o", "again.png").stderr
        assert "'cat/none.png' is not in out/manifest.json" in said
        pages = []
        pytest.importorskip("jinja2")
        for out in ("csv", "out"):
            run_cli("report", out, "--title", "pets", "-o", f"{out}.html", check=True)
            digest = read_dataset(tmp_path / out).digest
            pages.append((tmp_path / f"{out}.html").read_text().count(digest[:8]))
        assert pages[0] == pages[1] > 0
        assert "cat" in run_cli("inspect", "out", check=True).stdout
        shutil.rmtree(tmp_path / "out" / "manifest")
        lost = run_cli("verify", "out")
        assert lost.returncode == 6
        assert lost.stdout.count("missing") == 1
        assert "extra" not in lost.stdout
        for command in (["report", "out"], ["replay", "out", "cat/00.png", "-o", "x.png"]):
            said = run_cli(*command).stderr
            assert "manifest.json: manifest/part-" in said
            assert "is missing; run augtool expand again with --overwrite" in said

    @pytest.mark.parametrize("to", ["tree", "webdataset", "npz"])
    def test_such_an_output_is_data(self, data: Path, tmp_path: Path, to: str) -> None:
        run(data, tmp_path / "out", to=to)
        with pytest.raises(Exception, match=r"is an output of augtool: 7 of its 12 images"):
            run(tmp_path / "out", tmp_path / "again")
        run(tmp_path / "out", tmp_path / "again", "csv", lineage="originals")
        rows = list(manifest.read(tmp_path / "again" / "manifest.csv"))
        assert sum(row.copy is None for row in rows) == 5
        assert {row.class_name for row in rows} == {"cat", "dog"}

    def test_a_link_in_the_place_of_a_part_is_not_followed(
        self, data: Path, tmp_path: Path
    ) -> None:
        run(data, tmp_path / "out")
        (part,) = (tmp_path / "out" / "manifest").iterdir()
        shutil.move(part, tmp_path / "outside.parquet")
        part.symlink_to(tmp_path / "outside.parquet")
        found = findings(tmp_path / "out")
        assert found == [
            f"manifest/{part.name}: changed (is not a regular file; run augtool expand again with"
            " --overwrite)"
        ]
        run(data, tmp_path / "out", existing="update")
        assert not part.is_symlink()
        assert findings(tmp_path / "out") == []
        assert (tmp_path / "outside.parquet").is_file()
