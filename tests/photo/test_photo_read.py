"""From a source to a Photo: paths, arrays, scale, sidecar, flags of the file."""

import hashlib
import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from scarscope.errors import PhotoError, ScaleError
from scarscope.flags import Flag
from scarscope.params import PhotoParams
from scarscope.photo import Scale, read_photo, read_sidecar, sidecar_path
from scarscope.photo.colour import srgb_to_linear
from scarscope.photo.compression import blockiness, jpeg_quality
from scarscope.photo.files import _prefixed


@pytest.fixture
def file(tmp_path, picture, save):
    path = tmp_path / "left.jpg"
    path.write_bytes(save(picture, "JPEG"))
    return path


def beside(path, **stated):
    sidecar_path(path).write_text(json.dumps(stated), encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["面部 左.jpg", "Zürich – naïve.jpg", "with  spaces.jpg", "emoji 😀.jpg", "a" * 200 + ".jpg"],
)
def test_names_do_not_matter(tmp_path, picture, save, name):
    path = tmp_path / name
    data = save(picture, "JPEG")
    path.write_bytes(data)
    photo = read_photo(path)
    assert photo.name == name
    assert photo.path == path
    assert photo.sha256 == hashlib.sha256(data).hexdigest()


def test_very_long_paths(tmp_path, picture, save):
    folder = tmp_path.joinpath(*["f" * 60] * 6)
    folder.mkdir(parents=True)
    path = folder / "x.png"
    path.write_bytes(save(picture, "PNG"))
    assert read_photo(str(path)).shape == (70, 90)


def test_windows_prefix_for_long_paths():
    long = "C:\\" + "x" * 300
    assert _prefixed(long) == "\\\\?\\" + long
    share = "\\\\server\\share\\" + "x" * 300
    assert _prefixed(share) == "\\\\?\\UNC\\" + share[2:]
    assert _prefixed("\\\\?\\" + long) == "\\\\?\\" + long
    assert _prefixed("C:\\short") == "C:\\short"


def test_a_path_and_its_bytes_give_the_same(file):
    from_path, from_bytes = read_photo(file), read_photo(file.read_bytes(), name="x")
    np.testing.assert_array_equal(from_path.rgb, from_bytes.rgb)
    assert from_path.sha256 == from_bytes.sha256
    assert (from_bytes.name, from_bytes.path) == ("x", None)


def test_pixels_are_float32_and_read_only(file):
    rgb = read_photo(file).rgb
    assert rgb.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        rgb[0, 0, 0] = 1


# Arrays


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64, np.float16])
def test_arrays(picture, kind):
    given = picture.astype(kind) * {np.uint8: 1, np.uint16: 257}.get(kind, kind(1 / 255))
    photo = read_photo(given, name="probe")
    expected = srgb_to_linear(picture) if np.dtype(kind).kind == "u" else picture / 255
    np.testing.assert_allclose(photo.rgb, expected, atol=2e-3 if kind == np.float16 else 1e-6)
    assert photo.rgb.dtype == np.float32
    assert photo.name == "probe"
    assert photo.flags == Flag.NO_SCALE


def test_the_callers_array_stays_writable_and_apart(picture):
    given = (picture / 255).astype(np.float32)
    photo = read_photo(given)
    given[:] = 0
    assert photo.rgb.max() > 0.9


def test_grey_array(picture):
    photo = read_photo(picture[..., 0])
    assert photo.rgb.shape == (70, 90, 3)
    assert Flag.GREYSCALE in photo.flags


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.zeros((70, 90, 4), np.uint8), r"shape \(70, 90, 4\)"),
        (np.zeros((3, 70, 90), np.uint8), "shape"),
        (np.zeros((70, 63, 3), np.uint8), "shape"),
        (np.zeros((0, 0, 3), np.uint8), "shape"),
        (np.zeros(100, np.uint8), "shape"),
        (np.zeros((70, 90, 3), np.int64), "type int64"),
        (np.zeros((70, 90, 3), bool), "type bool"),
        (np.full((70, 90, 3), np.nan, np.float32), "from nan to nan"),
        (np.full((70, 90, 3), 255.0), "from 255 to 255"),
        (np.full((70, 90, 3), -0.1), "from -0.1"),
    ],
)
def test_arrays_that_are_refused(array, match):
    with pytest.raises(PhotoError, match=match):
        read_photo(array)


@pytest.mark.parametrize("source", [None, 3, ["a.jpg"], object()])
def test_sources_that_are_refused(source):
    with pytest.raises(PhotoError, match=type(source).__name__):
        read_photo(source)


# Scale


def test_no_scale(file):
    photo = read_photo(file)
    assert photo.scale is None
    assert Flag.NO_SCALE in photo.flags


def test_the_argument_goes_before_the_sidecar(file):
    beside(file, mm_per_px=0.07, mm_per_px_rel_sd=0.02)
    assert read_photo(file).scale == Scale(0.07, "sidecar", 0.02)
    assert read_photo(file, mm_per_px=0.05).scale.source == "argument"
    assert read_photo(file, mm_per_px=Scale(0.05, "manifest")).scale.source == "manifest"
    assert Flag.NO_SCALE not in read_photo(file).flags


@pytest.mark.parametrize("value", [0, -1, 60, math.nan, math.inf, True, "six", [0.06]])
def test_impossible_scales(file, value):
    with pytest.raises(ScaleError, match="mm_per_px"):
        read_photo(file, mm_per_px=value)


@pytest.mark.parametrize(
    ("mm_per_px", "flags"),
    [
        (0.005, Flag.OUTSIDE_SCALE_RANGE),
        (0.02, Flag.NONE),
        (0.06, Flag.NONE),
        (0.15, Flag.NONE),
        (0.16, Flag.OUTSIDE_SCALE_RANGE),
        (0.20, Flag.OUTSIDE_SCALE_RANGE),
        (0.21, Flag.OUTSIDE_SCALE_RANGE | Flag.COARSE_RESOLUTION),
    ],
)
def test_flags_of_the_scale(picture, mm_per_px, flags):
    assert read_photo(picture, mm_per_px=mm_per_px).flags == flags


def test_no_sidecar(file):
    sidecar = read_sidecar(file)
    assert (sidecar.scale, sidecar.roi) == (None, None)


def test_sidecar_names_a_region_beside_it(file):
    beside(file, roi="left.geojson")
    assert read_sidecar(str(file)).roi == file.parent / "left.geojson"
    assert read_sidecar(file).scale is None


def test_sidecar_with_a_byte_order_mark(file):
    sidecar_path(file).write_text('\ufeff{"mm_per_px": 0.06}', encoding="utf-8")
    assert read_sidecar(file).scale.mm_per_px == 0.06


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "cannot be read"),
        ("[0.06]", "object"),
        ('{"mm_per_pixel": 0.06, "x": 1}', "'mm_per_pixel', 'x'"),
        ('{"roi": 3}', "roi = 3"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_bad_sidecars(file, text, match):
    sidecar_path(file).write_text(text, encoding="utf-8")
    with pytest.raises(PhotoError, match=match) as caught:
        read_photo(file)
    assert "left.jpg.json" in str(caught.value)


@pytest.mark.parametrize(
    "stated",
    [
        {"mm_per_px": "0.06"},
        {"mm_per_px": True},
        {"mm_per_px": 9},
        {"mm_per_px_rel_sd": 0.1},
        {"mm_per_px": 0.06, "mm_per_px_rel_sd": -1},
    ],
)
def test_bad_scales_in_a_sidecar(file, stated):
    beside(file, **stated)
    with pytest.raises(ScaleError, match=r"left\.jpg\.json"):
        read_sidecar(file)


# Compression


@pytest.fixture
def textured():
    """Skin-like: contrast at every size, 256 pixels a side."""
    rng = np.random.default_rng(7)
    f = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256))
    f[0, 0] = 1
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((256, 256))) / f).real
    grey = 0.08 * noise / noise.std()
    return np.clip(np.array([200, 150, 125]) * np.exp(grey)[..., None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [20, 30, 50, 70, 90, 95])
def test_quality_is_read_from_the_tables(textured, save, quality):
    image = Image.open(io.BytesIO(save(textured, "JPEG", quality=quality)))
    assert jpeg_quality(image.quantization) == pytest.approx(quality, abs=1.5)


def test_no_tables_no_quality():
    assert math.isnan(jpeg_quality(None))


@pytest.mark.parametrize(("quality", "heavy"), [(30, True), (60, True), (75, False), (92, False)])
def test_heavy_compression(textured, save, quality, heavy):
    flags = read_photo(save(textured, "JPEG", quality=quality)).flags
    assert (Flag.HEAVY_COMPRESSION in flags) == heavy
    raised = PhotoParams(min_jpeg_quality=100.0)
    data = save(textured, "JPEG", quality=quality)
    assert Flag.HEAVY_COMPRESSION in read_photo(data, params=raised).flags


@pytest.mark.parametrize("crop", [0, 3])
def test_heavy_compression_shows_after_saving_again(textured, save, crop):
    def saved_again(quality, kind):
        crushed = np.asarray(Image.open(io.BytesIO(save(textured, "JPEG", quality=quality))))
        return read_photo(save(crushed[crop:, crop:].copy(), kind)).flags

    assert Flag.HEAVY_COMPRESSION in saved_again(15, "PNG")
    assert Flag.HEAVY_COMPRESSION in saved_again(15, "JPEG")
    assert Flag.HEAVY_COMPRESSION not in saved_again(92, "PNG")
    assert Flag.HEAVY_COMPRESSION not in read_photo(save(textured, "PNG")).flags


def test_blockiness_of_what_has_no_blocks(textured):
    assert abs(blockiness(textured[..., 1])) < 0.1
    assert blockiness(np.full((70, 90), 9, np.uint8)) == 0
