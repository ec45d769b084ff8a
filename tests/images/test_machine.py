"""Hashes of what a machine makes: those of ``portable: true`` are the same on every machine."""

from __future__ import annotations

from augtool.config.schema import Config
from augtool.images.machine import FORMATS, machine_hashes

#: Made with OpenCV 5.0.0; 4.13.0 makes the same, and so do both without AVX2, SSE4 and IPP.
EVERYWHERE = {
    "warp": "b44f73cf9640",
    "filter": "0429378d6162",
    "bmp": "70ca49fe35ac",
    "jpg": "5f3511a38426",
    "png": "e8e0b6a5002a",
    "tiff": "41a34f833c75",
    "webp": "5d0440e1c8ab",
}


def test_portable_hashes_are_those_of_every_machine() -> None:
    assert machine_hashes(Config(portable=True), FORMATS) == EVERYWHERE


def test_there_is_a_hash_for_each_format_that_is_written() -> None:
    found = machine_hashes(Config(), ["png", "gif", "no format"])
    assert found.keys() == {"warp", "filter", "png"}
    assert found["warp"] != EVERYWHERE["warp"]
    fast = Config.model_validate({"output": {"png_encoder": "fpng"}})
    assert machine_hashes(fast, ["png"])["png"] != found["png"]
