"""Plain colour JPEGs, straight into the four channels that the warp takes.

The same library as behind OpenCV, and so the same pixels, in 60 % of the time; but whatever it
complains of ends the decoding.  What is refused here is not lost yet: OpenCV decodes it while its
complaints are captured, and they are judged one by one.
"""

from __future__ import annotations

from simplejpeg import decode_jpeg

from augtool.core.geometry import Image
from augtool.images.codec.exif import upright
from augtool.images.codec.header import Header

__all__ = ["decode_strictly"]


def decode_strictly(data: bytes, header: Header, reduce: int = 1) -> Image | None:
    """Return the upright pixels of a colour JPEG, in the order B, G, R and one that is unused.

    Parameters
    ----------
    data, header, reduce
        As for :func:`augtool.images.codec.decode`.

    Returns
    -------
    ndarray of shape (H, W, 4), uint8, or None
        None for any other image, and where the decoder says anything at all.
    """
    if header.format != "jpg" or header.pixel_bytes != 3:
        return None
    stored = header.stored
    height, width = -(-stored.height // reduce), -(-stored.width // reduce)
    try:
        image = decode_jpeg(
            header.for_decoder(data), "BGRA", False, False, height, width, float(reduce)
        )
    except ValueError:
        return None
    if image.shape != (height, width, 4):
        return None
    return upright(image, header.orientation)
