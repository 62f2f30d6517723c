"""Files that are not photos: each is refused by name, with a reason and a remedy."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from scarscope.errors import PhotoError
from scarscope.params import PhotoParams
from scarscope.photo import read_photo


def refused(source, match, **options):
    with pytest.raises(PhotoError, match=match) as caught:
        read_photo(source, **options)
    assert caught.value.stage == "read"
    assert caught.value.remedy.endswith(".")
    return str(caught.value)


def written(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_missing_file_and_folder(tmp_path):
    refused(tmp_path / "gone.jpg", r"gone\.jpg does not exist")
    assert "batch" in refused(tmp_path, "is a folder")
    refused("", "path is empty")


def test_impossible_path():
    refused("a\0b.jpg", "cannot be opened|does not exist")


def test_empty_file(tmp_path):
    assert "empty.jpg" in refused(written(tmp_path, "empty.jpg", b""), "0 bytes")


@pytest.mark.parametrize("name", ["notes.jpg", "notes.txt"])
def test_text_is_not_a_picture(tmp_path, name):
    assert name in refused(written(tmp_path, name, b"Dear colleague,"), "not a picture")


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".jpg"), ("JPEG", ".tif"), ("GIF", ".png")])
def test_mislabelled(tmp_path, picture, save, kind, suffix):
    message = refused(written(tmp_path, "x" + suffix, save(picture, kind)), "mislabelled")
    assert kind in message


@pytest.mark.parametrize("suffix", ["", ".bak", ".JPG", ".Jpeg"])
def test_other_names_are_read_by_content(tmp_path, picture, save, suffix):
    assert read_photo(written(tmp_path, "x" + suffix, save(picture, "JPEG"))).shape == (70, 90)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "JPEG2000", "AVIF"])
def test_other_picture_formats_are_named(picture, save, kind):
    refused(save(picture, kind), "which ScarScope does not read")


def test_heic_tells_how_to_convert():
    refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC file")
    assert "Most Compatible" in refused(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC file")


def test_raw_in_a_tiff_coat(tmp_path, picture, save):
    refused(written(tmp_path, "x.DNG", save(picture, "TIFF")), "camera raw file")


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_truncated(picture, save, kind, kept):
    noisy = picture ^ np.random.default_rng(1).integers(0, 16, picture.shape, dtype=np.uint8)
    data = save(noisy, kind)
    refused(data[: int(len(data) * kept)], "truncated|damaged")


def test_truncated_progressive_jpeg(picture, save):
    data = save(picture, "JPEG", progressive=True)
    refused(data[: len(data) * 2 // 3], "truncated")


def test_truncated_in_a_file_of_full_length(picture, save):
    noisy = picture ^ np.random.default_rng(1).integers(0, 16, picture.shape, dtype=np.uint8)
    data = save(noisy, "JPEG")
    refused(data[: len(data) // 2] + bytes(len(data) // 2), "truncated")


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("kept", [0.4, 0.6, 0.75])
def test_truncated_and_closed_with_an_end_marker(save, subsampling, kept):
    noise = np.random.default_rng(1).integers(60, 200, (128, 160, 3), dtype=np.uint8)
    data = save(noise, "JPEG", quality=80, subsampling=subsampling)
    refused(data[: int(kept * len(data))] + b"\xff\xd9", "break off")


def test_a_picture_on_grey_is_not_torn(save):
    rgb = np.full((128, 160, 3), 128, np.uint8)
    rgb[16:90, 40:120] = np.random.default_rng(1).integers(60, 200, (74, 80, 3), dtype=np.uint8)
    assert read_photo(save(rgb, "JPEG")).shape == (128, 160)
    assert read_photo(save(np.full((80, 80, 3), 128, np.uint8), "JPEG")).shape == (80, 80)


def test_truncated_16_bit_tiff_with_its_directory_in_front(picture):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture.astype(np.uint16) * 257, photometric="rgb")
    refused(buffer.getvalue()[:-500], "truncated")


def test_damaged_png(picture, save):
    data = bytearray(save(picture, "PNG"))
    data[len(data) // 2] ^= 0x40
    refused(bytes(data), "truncated or damaged")


def png_of_size(width, height):
    def chunk(kind, body):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_gigantic_is_refused_before_decoding(monkeypatch):
    decoded = []
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", decoded.append)
    message = refused(png_of_size(60_000, 60_000), "3600 megapixels")
    assert "max_megapixels" in message
    refused(png_of_size(12_000, 17_000), "204 megapixels.*limit of 200")
    assert not decoded


def test_the_limit_can_be_lowered_and_raised(picture, save):
    data = save(picture, "PNG")
    refused(data, "limit of 0.006", params=PhotoParams(max_megapixels=0.006))
    # Past the size limit (and Pillow's own of 179 megapixels) the missing pixels are found.
    refused(png_of_size(20_000, 15_000), "damaged", params=PhotoParams(max_megapixels=400))


def test_pillow_settings_are_left_alone(picture, save, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read_photo(save(picture, "PNG")).shape == (70, 90)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_tiny(picture, save):
    refused(save(picture[:63], "PNG"), "only 90 x 63 pixels")
    assert read_photo(save(picture[:64], "PNG")).shape == (64, 90)


def test_moving_pictures(picture, save):
    frames = [Image.fromarray(picture[::-1].copy())]
    options = {"save_all": True, "append_images": frames}
    refused(save(picture, "PNG", **options), "an animated PNG")
    refused(save(picture, "TIFF", **options), "a TIFF with 2 pages")
    refused(save(picture, "GIF", **options), "GIF file")


def test_a_tiff_without_some_of_its_strips(picture):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture.astype(np.uint16), photometric="rgb", rowsperstrip=10)
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        where = file.pages[0].tags[278].valueoffset  # rows per strip
    data[where : where + 4] = (5).to_bytes(4, "little")
    refused(bytes(data), "7 of 14 pieces")


def test_a_tiffs_preview_is_not_a_page(picture):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(picture, photometric="rgb")
        file.write(np.ascontiguousarray(picture[::2, ::2]), photometric="rgb", subfiletype=1)
    assert read_photo(buffer.getvalue()).shape == (70, 90)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_print_colours(picture, save, kind):
    assert "RGB" in refused(save(Image.fromarray(picture).convert("CMYK"), kind), "CMYK")


def test_lab_colours(picture, save):
    refused(save(Image.fromarray(picture).convert("LAB"), "TIFF"), "Lab")


def test_two_levels_and_floats(picture, save):
    refused(save(Image.fromarray(picture).convert("1"), "PNG"), "1 bits")
    refused(save(Image.fromarray(picture).convert("F"), "TIFF"), "floating-point values of 32")
    refused(save(Image.fromarray(picture).convert("1"), "TIFF"), "values of 1 bits")


def test_sixteen_bit_cmyk(picture):
    buffer = io.BytesIO()
    four = np.concatenate([picture, picture[..., :1]], axis=2).astype(np.uint16)
    tifffile.imwrite(buffer, four, photometric="separated")
    refused(buffer.getvalue(), "CMYK")


# Never anything but a photo or a PhotoError, whatever the bytes.

KINDS = st.sampled_from(["JPEG", "PNG", "TIFF", "MPO", "PNG16", "TIFF16", "ICC"])
fuzzed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def valid(picture, save, p3_icc):
    remarks = Image.Exif()
    remarks[0x0112] = 6
    fine = io.BytesIO()
    tifffile.imwrite(fine, picture.astype(np.uint16), photometric="rgb", compression="zlib")
    files = {
        "JPEG": save(picture, "JPEG", exif=remarks, quality=60),
        "MPO": save(picture, "JPEG", progressive=True),
        "PNG": save(picture, "PNG", exif=remarks),
        "TIFF": save(picture, "TIFF", exif=remarks),
        "PNG16": cv2.imencode(".png", picture.astype(np.uint16) * 200)[1].tobytes(),
        "TIFF16": fine.getvalue(),
        "ICC": save(picture, "JPEG", icc_profile=p3_icc, quality=60),
    }
    return files.__getitem__  # a function, since Hypothesis prints its arguments


@pytest.mark.parametrize("at", [100, 300, 380, 430])
def test_damaged_profile(picture, save, p3_icc, at):
    data = bytearray(p3_icc)
    data[at : at + 40] = b"\xf0" * 40
    read_or_refuse(save(picture, "PNG", icc_profile=bytes(data)))


def read_or_refuse(data):
    try:
        photo = read_photo(data)
    except PhotoError:
        return
    assert np.isfinite(photo.rgb).all()
    assert photo.rgb.min() >= 0
    assert photo.rgb.max() <= 1


@fuzzed
@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"II*\0", b"MM\0*",
                                                 b"\x89PNG\r\n\x1a\n"]))  # fmt: skip
def test_random_bytes(body, start):
    read_or_refuse(start + body)


@fuzzed
@given(KINDS, st.floats(0, 1))
def test_random_truncation(valid, kind, share):
    data = valid(kind)
    read_or_refuse(data[: int(share * len(data))])


@settings(fuzzed, max_examples=250)
@given(KINDS, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), min_size=1, max_size=6),
       st.booleans())  # fmt: skip
def test_random_bit_flips(valid, kind, flips, near_the_start):
    data = bytearray(valid(kind))
    size = min(len(data), 400) if near_the_start else len(data)
    for share, bit in flips:
        data[min(int(share * size), size - 1)] ^= 1 << bit
    read_or_refuse(bytes(data))


@settings(fuzzed, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=6))
def test_random_tags_in_a_tiff(valid, changes):
    # Pillow writes the directory right behind the header: every tag gets its turn.
    data = bytearray(valid("TIFF"))
    for at, value in changes:
        data[at] = value
    read_or_refuse(bytes(data))
