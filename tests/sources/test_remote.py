"""Data sets in an object store are read as those on disk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from augtool.sources import SOURCES
from tests.object_store import SECRETS, Store
from tests.pictures import make_tree
from tests.sources.test_contract import MAKERS

ROOT = Path(__file__).parents[2]
#: Opens each pair of a data set on disk and its URL, and says where they differ.
COMPARE = """
import json, pickle, sys
import numpy as np
from augtool.sources import open_source
found = {}
for name, (path, url) in json.load(sys.stdin).items():
    here, there = open_source(path), open_source(url)
    one, other = here.listing(), there.listing()
    equal = {each: getattr(one, each) == getattr(other, each) for each in (
        "samples", "classes", "has_splits", "failures", "ignored", "copies", "split_folders")}
    equal["kind"] = (here.name, here.describe()) == (there.name, there.describe())
    equal["places"] = all(here.place_of(each) == there.place_of(each) for each in one.samples)
    above = url.rpartition("/")[0]
    equal["urls"] = all(there.path_of(each).startswith(above) for each in one.samples)
    equal["versions"] = all(there.version_of(each) for each in one.samples)
    sent = pickle.loads(pickle.dumps(there))
    equal["pixels"] = all(np.array_equal(np.array(here.read(each)), np.array(sent.read(each)))
                          for each in one.samples)
    found[name] = [each for each, is_equal in equal.items() if not is_equal]
print(json.dumps(found))
"""


def run_python(store: Store, code: str, given: Any = None, **environment: str) -> str:
    """Run Python in a process of its own: obstore has threads, and engines would notice."""
    wanted = {**store.environment, **environment}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=100,
        env={"PYTHONPATH": str(ROOT), **{name: text for name, text in wanted.items() if text}},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_kind_reads_from_a_bucket_as_from_a_disk(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pairs = {}
    for number, (name, (_, make)) in enumerate(MAKERS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = make(folder)
        if name == "csv":
            store.put_all("every", folder / "pictures", f"{number}/")
        pairs[name] = str(path), store.put_all("every", path, f"{number}/")
    store.requests()
    found = json.loads(run_python(store, COMPARE, pairs))
    assert found == {name: [] for name in MAKERS}
    assert {name for name, _ in MAKERS.values()} == set(SOURCES)
    taken = Counter(path for method, path in store.requests() if method == "GET")
    packed = {path for path in taken if path.endswith((".tar", ".gz", ".npz", ".parquet", ".bin"))}
    assert {taken[path] for path in packed} == {1}


ODD = """
import json, sys
from augtool.errors import AugtoolError
from augtool.sources import open_source
for url in json.load(sys.stdin):
    try:
        source = open_source(url)
        listing = source.listing()
        [source.read(each) for each in listing.samples]
        print("fine")
    except AugtoolError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://nowhere/data", "s3://nowhere/data: there is no bucket 'nowhere'"),
        ("s3://odd/nothing", "s3://odd/nothing: there are no objects"),
        ("s3://denied/data", "s3://denied/data: access is denied (AccessDenied)"),
        ("s3://elsewhere/data", "s3://elsewhere/data: the bucket is in another region"),
        ("s3://odd/dots", "s3://odd/dots: holds an object whose name is no path"),
        ("s3://odd/videos", "s3://odd/videos: holds no images, and no packed data set"),
        ("s3://odd/broken.npz", "s3://odd/broken.npz: "),
        ("s3://busy/data", "fine"),
        ("s3://torn/data", "fine"),
    ],
)
def test_what_is_wrong_is_said_with_the_url(odd: dict[str, str], url: str, said: str) -> None:
    assert said in odd[url]
    assert "; " in odd[url] or odd[url] == "fine"


@pytest.fixture(scope="module")
def odd(store: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each URL."""
    folder = tmp_path_factory.mktemp("odd")
    for bucket in ("odd", "busy", "torn"):
        store.put(bucket)
    store.put("odd/dots/cat//1.jpg")
    store.put("odd/videos/1.mp4", b"x")
    store.put("odd/broken.npz", b"PK\3\4 nothing")
    store.put_all("busy", make_tree(folder / "data", {"cat": 1}))
    store.put_all("torn", folder / "data")
    names = ["nowhere/data", "odd/nothing", "denied/data", "elsewhere/data", "odd/dots"]
    names += ["odd/videos", "odd/broken.npz", "busy/data", "torn/data"]
    urls = [f"s3://{name}" for name in names]
    said = run_python(store, ODD, urls)
    assert not any(secret in said for secret in SECRETS)
    return dict(zip(urls, said.splitlines(), strict=True))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "no credentials; set AWS_ACCESS_KEY_ID",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the store can't be reached"),
    ],
)
def test_a_store_that_lets_nobody_in_is_named(
    store: Store, environment: dict[str, str], said: str
) -> None:
    answer = run_python(
        store, ODD, ["s3://odd/data"], AWS_METADATA_ENDPOINT=store.endpoint, **environment
    )
    assert answer.startswith(f"StoreError s3://odd/data: {said}")
