"""Small pictures and files that the tests of the photo room share."""

import io
import struct

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture():
    """An upright picture, 70 high and 90 wide, whose corners differ: no turn maps it on itself."""
    rgb = np.full((70, 90, 3), 128, np.uint8)
    rgb[:20, :30] = (200, 120, 90)
    rgb[40:, 60:] = (50, 140, 200)
    rgb[:20, 70:] = 250
    rgb[60:, :10] = (240, 10, 20)
    return rgb


@pytest.fixture
def save():
    """Encode an array as a file's bytes: ``save(array, "PNG", **pillow_options)``."""

    def encode(array, kind, **options):
        buffer = io.BytesIO()
        if kind == "JPEG":
            options = {"quality": 97, "subsampling": 0} | options
        image = array if isinstance(array, Image.Image) else Image.fromarray(array)
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture
def make_icc():
    """A matrix/TRC display profile built by hand from D50 colorants and curve tags."""

    def build(colorants, curve, space=b"RGB "):
        xyz = [b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in c))
               for c in colorants]  # fmt: skip
        tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz, strict=True))
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
        if space == b"GRAY":
            tags = {b"kTRC": curve}
        head, body = struct.pack(">I", len(tags)), b""
        start = 128 + 4 + 12 * len(tags)
        for name, tag in tags.items():
            tag += b"\0" * (-len(tag) % 4)
            head += struct.pack(">4sII", name, start + len(body), len(tag))
            body += tag
        data = head + body
        header = struct.pack(
            ">I4sI4s4s4s12x4s", 128 + len(data), b"none", 0x04200000, b"mntr", space, b"XYZ ",
            b"acsp",
        )  # fmt: skip
        header += struct.pack(">28x3i", 63190, 65536, 54061)  # D50 in s15Fixed16
        return header.ljust(128, b"\0") + data

    return build


# Colorants as Apple's Display P3 profile prints them (Bradford-adapted to D50).
P3_COLORANTS = (
    (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407),
)  # fmt: skip


@pytest.fixture
def p3_icc(make_icc):
    """Display P3 with the sRGB curve as a parametric tag of kind 3."""
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    curve = b"para\0\0\0\0\0\3\0\0" + struct.pack(">5i", *(round(n * 65536) for n in numbers))
    return make_icc(P3_COLORANTS, curve)
