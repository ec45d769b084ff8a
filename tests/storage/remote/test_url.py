from __future__ import annotations

from pathlib import Path

import pytest

from augtool.errors import ConfigError
from augtool.storage.remote.url import RemoteUrl, is_remote


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("s3://photos", ("s3", "photos", "")),
        ("gs://photos/", ("gs", "photos", "")),
        ("az://photos/a b/ü#1", ("az", "photos", "a b/ü#1")),
        (str(Path("s3://photos/train/")), ("s3", "photos", "train")),  # one slash is lost
    ],
)
def test_a_url_has_a_bucket_and_a_key(text: str, parts: tuple[str, str, str]) -> None:
    assert is_remote(text)
    assert RemoteUrl.parse(text) == parts


@pytest.mark.parametrize("path", ["data", "/data/cat", "./s3", "C:/data", "a:b", "s3:", ""])
def test_paths_are_no_urls(path: str) -> None:
    assert not is_remote(path)


@pytest.mark.parametrize(
    "text",
    [
        *("s3://", "s3:///key", "s3://a//b", "s3://a/../b", "s3://a/./b", "ftp://a/b", "s3a://a/b"),
        *("s3://k:hush@a/b", "s3://a/b?hush", "gs://a?hush/b", "https://k:hush@a/b?hush#hush"),
    ],
)
def test_what_names_no_object_is_refused_and_no_secret_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        RemoteUrl.parse(text)
    assert "hush" not in str(refused.value)
