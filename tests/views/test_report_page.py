from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from augtool.config.load import load
from augtool.config.schema import Config
from augtool.engines.progress import NullProgress
from augtool.errors import EngineError, InputError
from augtool.output import manifest
from augtool.run.expand import expand
from augtool.run.options import Options
from augtool.sinks import SINKS
from augtool.sources import open_source
from augtool.views.report import template
from augtool.views.report.findings import ReportOptions
from augtool.views.report.page import write_report
from tests.conftest import Run
from tests.pictures import make_tree, picture, write

pytest.importorskip("jinja2")


def made(data: Path, **values: Any) -> Path:
    """Expand a data set beside itself."""
    out = data.parent / "out"
    expand(data, out, config=Config.model_validate({"per_image": 2, **values}))
    return out


def page_of(out: Path, **options: Any) -> str:
    return write_report(out, **options).path.read_text("utf-8")


def test_the_page_holds_its_parts(tiny_tree: Path) -> None:
    page = page_of(made(tiny_tree))
    parts = ["counts", "sizes", "drawn", "strength", "alike", "twins", "samples", "failures"]
    parts += ["config", "again"]
    assert re.findall(r'<section id="(\w+)"', page) == parts
    for told in ("36 files from 12 images", "12 originals + 24 copies", "24 draws, range"):
        assert told in page


def test_the_page_needs_nothing_but_itself(tiny_tree: Path) -> None:
    page = page_of(made(tiny_tree))
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "http:" not in page
    assert "https:" not in page
    assert "default-src 'none'" in page


def test_the_page_is_the_same_every_time_and_names_no_folder(tiny_tree: Path) -> None:
    out = made(tiny_tree)
    page = page_of(out)
    assert page_of(out) == page
    assert str(tiny_tree.parent) not in page


def test_every_picture_and_chart_is_told_in_words(tiny_tree: Path) -> None:
    page = page_of(made(tiny_tree))
    images = re.findall(r"<figure [^>]*><button type=\"button\">(<img [^>]*>)</button>", page)
    assert len(images) == 3 * 2 * 3  # classes, families of each, original and two copies
    assert all(re.search(r'alt="\w+, (original|copy \d) of ', image) for image in images)
    assert page.count("<svg ") == page.count("</title>") - 1 == 6


def test_names_are_escaped(tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"<b>&": 2})
    page = page_of(made(tmp_path / "data"))
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;" in page


def test_names_that_are_not_unicode_do_not_stop_the_page(tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 2})
    (tmp_path / "data/cat/00.png").rename(tmp_path / "data/cat/b\udcff.png")
    assert "b\\udcff.png" in page_of(made(tmp_path / "data"))


def test_failures_are_shown_with_their_reasons(tiny_tree: Path) -> None:
    (tiny_tree / "cat/00.png").write_bytes(b"")
    page = page_of(made(tiny_tree))
    assert '<th scope="row">cat/00.png</th>' in page
    assert "1 inputs could not be used, so 3 planned files are missing" in page


def test_a_shear_of_a_fifth_of_a_degree_shows_itself(tiny_tree: Path) -> None:
    written = write_report(made(tiny_tree, transforms={"shear_range": 0.2}))
    assert (written.likeness.compared, written.likeness.share) == (24, 1.0)
    page = written.path.read_text("utf-8")
    assert "Hardly visible:" in page
    assert "shear_range 0.2 is 0.2 degrees" in page


def test_real_changes_do_not_hardly_differ(tiny_tree: Path) -> None:
    written = write_report(made(tiny_tree, transforms={"rotation_range": [40, 60]}))
    assert written.likeness.share == 0.0
    assert "Hardly visible:" not in written.path.read_text("utf-8")


def test_omitted_originals_are_read_from_the_data(tiny_tree: Path) -> None:
    out = made(tiny_tree, output={"originals": "omit"})
    assert write_report(out).likeness.share is None
    assert "run <code>augtool report OUT --data DATA</code>" in page_of(out)
    options = ReportOptions(source=open_source(tiny_tree))
    assert write_report(out, options=options).likeness.compared == 24


def test_the_config_on_the_page_makes_the_same_files(tiny_tree: Path) -> None:
    out = made(tiny_tree, output={"resize": "20x30"}, transforms={"zoom_range": [0.8, 1.2]})
    text = re.search(r"<code>(seed.*?)</code>", page_of(out), re.DOTALL)
    assert text is not None
    recipe = write_text(tiny_tree.parent / "recipe.yaml", text[1].replace("&#39;", "'"))
    report = expand(tiny_tree, out, config=load(recipe))
    assert report.status == "up to date"


def write_text(path: Path, text: str) -> Path:
    yaml.safe_load(text)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("sink", sorted(SINKS))
def test_pictures_of_every_sink_are_shown(tiny_tree: Path, sink: str) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    page = page_of(made(tiny_tree, output={"to": sink}))
    assert page.count("<figure ") == 3 * 2 * 3


def test_standardised_numbers_are_not_shown_as_pictures(tiny_tree: Path) -> None:
    settings = {"transforms": {"samplewise_center": True}, "output": {"to": "npz"}}
    page = page_of(made(tiny_tree, **settings))
    assert "<figure " not in page
    assert "None: no image could be read as levels." in page


def test_the_title_is_the_outputs_name_or_what_was_asked_for(tiny_tree: Path) -> None:
    out = made(tiny_tree)
    assert "<h1>out</h1>" in page_of(out)
    page = page_of(out, options=ReportOptions(title="Cats & deer"))
    assert "<title>Cats &amp; deer: augtool report</title>" in page
    assert "<h1>Cats &amp; deer</h1>" in page


def test_sizes_before_and_after(tiny_tree: Path) -> None:
    write(tiny_tree / "cat" / "wide.png", picture(1, 20, 90))
    resized = made(tiny_tree, output={"resize": "20x30"})
    assert cells(page_of(resized), "After") == ["39", "30", "20"]
    assert "sizes of the sources are not in the output, because it was resized" in page_of(resized)
    page = page_of(resized, options=ReportOptions(source=open_source(tiny_tree)))
    before = ["13", "31 to 90 (median 31)", "20 to 24 (median 24)"]
    assert cells(page, "Before, a sample of the sources") == before
    shutil.rmtree(resized)
    assert cells(page_of(made(tiny_tree)), "Before") == before


def cells(page: str, row: str) -> list[str]:
    """Return the cells of a table's row."""
    page = page.replace("<wbr>", "")
    found = re.search(rf'<th scope="row">{re.escape(row)}(?:<span.*?)?</th>(.*?)</tr>', page)
    assert found is not None
    return re.findall("<td>(.*?)</td>", found[1])


def test_every_class_is_in_the_table(tmp_path: Path) -> None:
    make_tree(
        tmp_path / "data", {f"class {number:03}": 1 for number in range(230)}, height=4, width=4
    )
    page = page_of(made(tmp_path / "data"))
    assert cells(page, "class 229") == ["1", "3"]
    assert "more classes" not in page


def test_strength_is_measured_for_each_transform_alone(tiny_tree: Path) -> None:
    settings = {"rotation_range": [60, 80], "shear_range": 0.01, "horizontal_flip": 1.0}
    page = page_of(made(tiny_tree, transforms={**settings, "brightness_range": [1, 1.001]}))
    strengths = {name: cells(page, name) for name in (*settings, "brightness_range")}
    assert strengths["shear_range"][0] == "0.000"
    assert float(strengths["rotation_range"][0]) > 0.3


def test_copies_that_hardly_differ_are_named_by_transform(tiny_tree: Path) -> None:
    settings = {"rotation_range": [60, 80], "shear_range": 0.01, "horizontal_flip": 1.0}
    page = page_of(made(tiny_tree, transforms=settings))
    page = page[page.index('id="alike"') : page.index('id="twins"')].replace("<wbr>", "")
    row = re.search(r'<th scope="row">(\w+)</th><td>100 %</td><td[^>]*>(.*?)</td>', page)
    assert row is not None
    assert row[1] == "shear_range"
    assert re.match(r"\w+/\d\d__aug\d\.png \(shear\xa0-?0(\.0\d*)?\), ", row[2])
    assert "rotation_range" not in page
    assert "horizontal_flip" not in page


def test_look_alikes_are_shown_the_worst_first(tiny_tree: Path) -> None:
    data = tiny_tree.parent / "split"
    data.mkdir()
    tiny_tree.rename(data / "train")
    same = (data / "train/cat/00.png").read_bytes()
    (data / "train/cat/again.png").write_bytes(same)
    other = (data / "train/dog/01.png").read_bytes()
    (data / "test/deer").mkdir(parents=True)
    (data / "test/deer/leak.png").write_bytes(other)
    page = page_of(made(data))
    twins = page[page.index('<section id="twins">') : page.index('<section id="samples">')]
    assert "2 groups of originals that look the same, among 14 that were compared." in twins
    alts = re.findall(r'alt="([^"]*)"', twins)
    assert [alt.rpartition(": ")[2] for alt in alts] == [
        *("test/deer/leak.png", "train/dog/01.png", "train/cat/00.png", "train/cat/again.png")
    ]
    assert "in different splits, in different classes" in twins
    page = page_of(data.parent / "out", options=ReportOptions(look_alikes=0))
    assert "or <code>--look-alikes 0</code> was passed" in page


@pytest.mark.slow
def test_a_hundred_thousand_files_stay_below_five_megabytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"class {number:04}" for number in range(14)]
    for name in names:  # noise is the worst that a picture's code can meet
        write(tmp_path / "data" / name / "a.png", rng.integers(0, 256, (400, 400, 3), np.uint8))
    out = made(tmp_path / "data", per_image=4)
    table = out / "manifest.csv"
    (row,) = [line for line in table.read_text().splitlines() if "a__aug0" in line][:1]
    with table.open("a", encoding="utf-8") as file:
        for number in range(100_000):
            file.write(row.replace("/a.png", f"/{number}.png") + "\n")
    dataset = json.loads((out / "dataset.json").read_text())
    dataset["classes"] += [f"more {number}" for number in range(5000)]
    (out / "dataset.json").write_text(json.dumps(dataset))
    written = write_report(out)
    assert written.path.read_text("utf-8").count("<img ") >= 12 * 4
    assert written.size < 5_000_000


def test_an_unfinished_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no manifest\.csv, so it is not a finished output"):
        write_report(tmp_path)


@pytest.mark.parametrize("number", ["inf", "nan", "1e300"])
def test_a_row_that_augtool_did_not_write_is_refused(tiny_tree: Path, number: str) -> None:
    out = made(tiny_tree)
    rows = [row.split(",") for row in (out / "manifest.csv").read_text().splitlines()]
    rows[2][rows[0].index("rotation")] = number
    (out / "manifest.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=r"'cat/00__aug0\.png': row is not one that augtool"):
        write_report(out)
    assert not (out / "report.html").exists()


def test_a_config_that_somebody_has_emptied_is_that_of_the_defaults(tiny_tree: Path) -> None:
    out = made(tiny_tree)
    dataset = json.loads((out / "dataset.json").read_text())
    (out / "dataset.json").write_text(json.dumps({**dataset, "config": {}}))
    assert "3 classes; seed 0" in page_of(out)


def test_a_template_is_compiled_once() -> None:
    assert template.load_template("report.html.jinja") is template.load_template(
        "report.html.jinja"
    )


def test_without_jinja_the_error_says_what_to_install(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = made(tiny_tree)
    template._environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(EngineError, match="pip install jinja2"):
        write_report(out)


def test_the_command_writes_into_the_output_which_stays_up_to_date(
    run_cli: Run, tiny_tree: Path
) -> None:
    out = made(tiny_tree)
    done = run_cli("report", out, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["bytes"] == (out / "report.html").stat().st_size
    again = run_cli("expand", tiny_tree, out, "--per-image", 2)
    assert (again.returncode, "up to date" in again.stderr) == (0, True)


class Told(NullProgress):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)


def test_a_run_warns_of_a_page_that_shows_an_earlier_state(tiny_tree: Path) -> None:
    out, told = made(tiny_tree), Told()
    page = write_report(out).path.read_bytes()

    def update(ratio: float) -> list[str]:
        told.warnings.clear()
        config, options = Config(ratio=ratio), Options(engine="serial", existing="update")
        expand(tiny_tree, out, config=config, options=options, progress=told)
        return told.warnings

    said = [f"{out}/report.html: shows an earlier state; to make it again: augtool report {out}"]
    assert update(1) == said
    assert (out / "report.html").read_bytes() == page
    write_report(out)
    assert update(1) == []
    (out / "report.html").write_text("somebody's own")
    assert update(2) == []
    (out / "report.html").unlink()
    assert update(3) == []


def test_the_page_can_lie_elsewhere(run_cli: Run, tiny_tree: Path, tmp_path: Path) -> None:
    out = made(tiny_tree)
    assert run_cli("report", out, "-o", "page.html").returncode == 0
    assert (tmp_path / "page.html").exists()
    assert not (out / "report.html").exists()


def test_all_rows_of_the_manifest_are_drawn_from_the_training_split(tmp_path: Path) -> None:
    make_tree(tmp_path / "data/train", {"cat": 3})
    make_tree(tmp_path / "data/val", {"cat": 2})
    out = made(tmp_path / "data")
    assert sum(record.copy is not None for record in manifest.read(out / "manifest.csv")) == 6
    page = page_of(out)
    assert "3 originals + 6 copies + 2 held out" in page
    assert "6 draws, yes in" in page


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


@pytest.mark.optional
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_real_browser_opens_the_page_without_an_error(tiny_tree: Path, tmp_path: Path) -> None:
    (tiny_tree / "cat/00.png").write_bytes(b"")
    page = write_report(made(tiny_tree)).path
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--user-data-dir={tmp_path}/profile", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run(
        [str(CHROMIUM), *flags, page.as_uri()], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0
    # What a page logs, and what its policy blocks, is on lines of this kind.
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert done.stdout.count("<section ") == 10
    assert done.stdout.count('<th scope="col"><button type="button">') == 3  # the script ran
