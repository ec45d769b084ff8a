"""What image libraries print while they decode, and which of it says nothing about the pixels.

Anything that is not on the list below makes a picture unusable: libraries return pixels from
damaged data, and a line on standard error is often the only trace.
"""

from __future__ import annotations

import re

from augtool.images.codec import jpeg

__all__ = ["damage_in"]

#: ``[ WARN:0@0.221] global grfmt_tiff.cpp:123``: a reason must not contain a clock.
_LOG_PREFIX = re.compile(r"^\[ ?\w+:\d+@[\d.]+\] \S+ \S+ ")

#: Below warnings, OpenCV only tells what it does.
_NOT_A_WARNING = re.compile(r"\[ ?(INFO|DEBUG|VERB\w*):\d+@[\d.]+\] ")

#: PNG chunks that don't reach the pixels. tRNS, PLTE and eXIf do, so they are not here.
_PNG_CHUNKS = "iCCP|sRGB|gAMA|cHRM|cICP|tEXt|zTXt|iTXt|tIME|pHYs|sBIT|hIST|sPLT|oFFs|pCAL|sCAL"

_HARMLESS = tuple(
    re.compile(text)
    for text in (
        # OpenCV, once in a process, when it first uses Intel's library
        r"IPPInitSingleton (WARNING|ERROR): (IPP was disabled by OPENCV_IPP environment variable"
        r"|IPP cannot detect CPU features, IPP was disabled|Improper value of OPENCV_IPP: .*)",
        rf"libpng warning: ({_PNG_CHUNKS}): .*",
        r"TIFF_Warning TIFFReadDirectory: Unknown field with tag \d+ \(0x[0-9a-f]+\) encountered",
        r"TIFF_Warning TIFFReadDirectoryCheckOrder: Invalid TIFF directory; tags are not sorted in"
        r" ascending order",
        r"TIFF_Warning TIFFFetchNormalTag: ASCII value for tag .* null byte.*",
    )
)

_STRAYS_AT_THE_END = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")


def damage_in(line: str, data: bytes) -> str | None:
    """Return what a line reports about a picture's data, None if it is known to be harmless.

    Parameters
    ----------
    line
        As printed by a library.
    data
        What it was decoding.
    """
    if _NOT_A_WARNING.match(line):
        return None
    text = _LOG_PREFIX.sub("", line)
    if any(pattern.fullmatch(text) for pattern in _HARMLESS):
        return None
    strays = _STRAYS_AT_THE_END.fullmatch(text)
    if strays and jpeg.ends_in_padding(data, int(strays[1])):
        return None
    return text
