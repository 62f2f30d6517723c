"""Decoding: formats, depths, orientation, colour profiles."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from scarscope.errors import PhotoError
from scarscope.flags import Flag
from scarscope.photo import icc, read_photo
from scarscope.photo.colour import rgb_to_xyz_matrix, srgb_to_linear

# What a camera stores so that a reader that applies the orientation gets the upright picture.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[::-1],
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: a.transpose(1, 0, 2)[:, ::-1],
}


def exif(**tags):
    stored = Image.Exif()
    if "orientation" in tags:
        stored[0x0112] = tags["orientation"]
    if "space" in tags:
        stored.get_ifd(0x8769)[0xA001] = tags["space"]
    return stored


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_orientation_is_applied_once(picture, save, kind, orientation):
    stored = np.ascontiguousarray(STORED[orientation](picture))
    photo = read_photo(save(stored, kind, exif=exif(orientation=orientation)))
    # In JPEG, 4:4:4 at quality 97 leaves rounding around the blocks' edges.
    np.testing.assert_allclose(
        photo.rgb, srgb_to_linear(picture), atol=0.06 if kind == "JPEG" else 0
    )


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_16_bit_tiff(picture, orientation, planar, order):
    stored = np.ascontiguousarray(STORED[orientation](picture)).astype(np.uint16) * 257
    if planar == "separate":
        stored = np.ascontiguousarray(stored.transpose(2, 0, 1))
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, stored, photometric="rgb", planarconfig=planar, byteorder=order,
        extratags=[(274, "H", 1, orientation, True)],
    )  # fmt: skip
    np.testing.assert_array_equal(read_photo(buffer.getvalue()).rgb, srgb_to_linear(picture))


@pytest.mark.parametrize("value", [0, 9, 77])
def test_impossible_orientation_is_ignored(picture, save, value):
    photo = read_photo(save(picture, "PNG", exif=exif(orientation=value)))
    assert photo.shape == (70, 90)


def tiff_16(picture, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture, photometric="rgb", **options)
    return buffer.getvalue()


def test_16_bits_are_not_cut_to_8(picture):
    fine = picture.astype(np.uint16) * 257
    fine[30:40, 30:40] += np.arange(100, dtype=np.uint16).reshape(10, 10, 1)
    png = cv2.imencode(".png", fine[..., ::-1])[1].tobytes()
    lzw = cv2.imencode(".tif", fine[..., ::-1])[1].tobytes()
    for data in (tiff_16(fine), tiff_16(fine, compression="zlib"), png, lzw):
        photo = read_photo(data)
        np.testing.assert_allclose(photo.rgb, srgb_to_linear(fine), rtol=1e-6)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_is_read_and_flagged(picture, save, kind, bits):
    grey = picture[..., 1] if bits == 8 else picture[..., 1].astype(np.uint16) * 257
    photo = read_photo(save(grey, kind))
    assert Flag.GREYSCALE in photo.flags
    np.testing.assert_array_equal(photo.rgb, srgb_to_linear(picture[..., [1, 1, 1]]))


def test_grey_saved_as_colour_is_flagged_too(picture, save):
    assert Flag.GREYSCALE in read_photo(save(picture[..., [1, 1, 1]], "JPEG")).flags
    assert Flag.GREYSCALE not in read_photo(save(picture, "JPEG")).flags


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_alpha_becomes_opaque(picture, save, kind, bits):
    alpha = np.zeros((70, 90, 1), np.uint8)
    alpha[10:50, 20:80] = 255
    rgba = np.concatenate([picture, alpha], axis=2)
    if bits == 16:
        import cv2

        fine = rgba.astype(np.uint16)[..., [2, 1, 0, 3]] * 257
        data = cv2.imencode(".png", fine)[1].tobytes()
        if kind == "TIFF":
            data = tiff_16(rgba.astype(np.uint16) * 257, extrasamples=["unassalpha"])
    else:
        data = save(rgba, kind)
    photo = read_photo(data)
    np.testing.assert_array_equal(photo.opaque, alpha[..., 0] > 0)
    np.testing.assert_array_equal(photo.rgb, srgb_to_linear(picture))
    assert not photo.opaque.flags.writeable


def test_alpha_turns_with_the_picture(picture, save):
    alpha = np.zeros((70, 90, 1), np.uint8)
    alpha[10:50, 20:80] = 255
    rgba = np.ascontiguousarray(STORED[6](np.concatenate([picture, alpha], axis=2)))
    photo = read_photo(save(rgba, "PNG", exif=exif(orientation=6)))
    np.testing.assert_array_equal(photo.opaque, alpha[..., 0] > 0)


def test_grey_with_alpha(picture, save):
    image = Image.fromarray(picture).convert("LA")
    image.putalpha(Image.fromarray(np.tile(np.uint8([0, 255]), (70, 45))))
    photo = read_photo(save(image, "PNG"))
    assert Flag.GREYSCALE in photo.flags
    assert photo.opaque.mean() == 0.5


def test_palette_is_read_and_called_heavily_compressed(picture, save):
    photo = read_photo(save(Image.fromarray(picture).quantize(16), "PNG"))
    assert Flag.HEAVY_COMPRESSION in photo.flags
    np.testing.assert_allclose(photo.rgb, srgb_to_linear(picture), atol=0.02)


def test_extra_pictures_of_a_phone_jpeg_are_left_aside(picture, save):
    buffer = io.BytesIO()
    first, second = Image.fromarray(picture), Image.fromarray(picture[::-1].copy())
    first.save(buffer, "MPO", save_all=True, append_images=[second], quality=97)
    assert read_photo(buffer.getvalue()).rgb[5, 5, 2] == pytest.approx(
        srgb_to_linear(90 / 255), abs=0.03
    )


def test_display_p3_is_converted(save, p3_icc):
    # P3 (0.8, 0.5, 0.4) by the standard's own chromaticities, all inside sRGB.
    code = np.uint8([204, 128, 102])
    p3 = rgb_to_xyz_matrix([(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)])
    expected = np.linalg.inv(rgb_to_xyz_matrix()) @ p3 @ srgb_to_linear(code)
    photo = read_photo(save(np.tile(code, (70, 90, 1)), "PNG", icc_profile=p3_icc))
    assert Flag.UNKNOWN_PROFILE not in photo.flags
    np.testing.assert_allclose(photo.rgb[30, 30], expected, rtol=2e-3)
    assert photo.rgb[30, 30, 0] > srgb_to_linear(code)[0] * 1.05  # more than sRGB would give


def test_display_p3_of_16_bits_equals_8_bits(picture, save, p3_icc):
    eight = read_photo(save(picture, "PNG", icc_profile=p3_icc))
    data = tiff_16(picture.astype(np.uint16) * 257, iccprofile=p3_icc)
    np.testing.assert_allclose(read_photo(data).rgb, eight.rgb, atol=1e-6)


def test_wide_colours_are_clipped_and_white_stays_white(save, p3_icc):
    rgb = np.zeros((70, 90, 3), np.uint8)
    rgb[:, :30] = (255, 0, 0)
    rgb[:, 30:60] = 255
    photo = read_photo(save(rgb, "JPEG", icc_profile=p3_icc))
    np.testing.assert_allclose(photo.rgb[20, 10], [1, 0, 0], atol=0.01)
    np.testing.assert_allclose(photo.rgb[20, 45], 1, atol=1e-4)
    assert photo.rgb.min() >= 0
    assert photo.rgb.max() <= 1


def test_an_srgb_profile_changes_nothing(picture, save):
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = read_photo(save(picture, "PNG", icc_profile=data))
    np.testing.assert_array_equal(photo.rgb, srgb_to_linear(picture))
    assert Flag.UNKNOWN_PROFILE not in photo.flags


def test_our_conversion_agrees_with_littlecms(p3_icc):
    codes = np.random.default_rng(4).integers(60, 200, (8, 8, 3), dtype=np.uint8)
    theirs = ImageCms.profileToProfile(
        Image.fromarray(codes),
        ImageCms.ImageCmsProfile(io.BytesIO(p3_icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    profile = icc.read_profile(p3_icc)
    light = np.stack([profile.tables(8)[c][codes[..., c]] for c in range(3)], axis=-1)
    ours = np.clip(light @ profile.matrix.T, 0, 1)
    np.testing.assert_allclose(ours, srgb_to_linear(np.asarray(theirs)), atol=0.008)


@pytest.mark.parametrize(
    ("curve", "at_half"),
    [
        (b"curv\0\0\0\0" + struct.pack(">I", 0), 0.5),
        (b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0200), 0.25),
        (b"curv\0\0\0\0" + struct.pack(">I3H", 3, 0, 20000, 65535), 20000 / 65535),
        (b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", 2 << 16), 0.25),
        (b"para\0\0\0\0\0\1\0\0" + struct.pack(">3i", 1 << 16, 2 << 16, -1 << 16), 0.0),
        (b"para\0\0\0\0\0\2\0\0" + struct.pack(">4i", 1 << 16, 1 << 16, 0, 1 << 14), 0.75),
        (b"para\0\0\0\0\0\4\0\0" + struct.pack(">7i", 2 << 16, 1 << 16, 0, 1 << 15, 3 << 14,
                                               0, 1 << 13), 0.375),
    ],
)  # fmt: skip
def test_every_kind_of_curve(make_icc, curve, at_half):
    profile = icc.read_profile(make_icc([(0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971),
                                         (0.1431, 0.0606, 0.7139)], curve))  # fmt: skip
    middle = np.interp(0.5, np.linspace(0, 1, profile.curves.shape[1]), profile.curves[0])
    assert middle == pytest.approx(at_half, abs=1e-3)
    np.testing.assert_allclose(profile.matrix, np.eye(3), atol=2e-3)


def test_grey_profile_bends_the_curve(picture, save, make_icc):
    linear = make_icc([(0, 0, 0)] * 3, b"curv\0\0\0\0" + struct.pack(">I", 0), space=b"GRAY")
    photo = read_photo(save(picture[..., 1], "PNG", icc_profile=linear))
    np.testing.assert_allclose(photo.rgb[..., 0], picture[..., 1] / 255, atol=1e-4)


def test_a_file_without_a_profile_is_flagged_unless_it_says_srgb(picture, save):
    assert Flag.UNKNOWN_PROFILE in read_photo(save(picture, "JPEG")).flags
    stated = save(picture, "JPEG", exif=exif(space=1))
    assert Flag.UNKNOWN_PROFILE not in read_photo(stated).flags
    png = save(picture, "PNG")
    chunk = b"sRGB\0"
    chunk = struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert Flag.UNKNOWN_PROFILE in read_photo(png).flags
    assert Flag.UNKNOWN_PROFILE not in read_photo(png[:33] + chunk + png[33:]).flags


def test_adobe_rgb_stated_in_exif(picture, save):
    remarks = exif(space=0xFFFF)
    remarks.get_ifd(0x8769)[0xA005] = {1: "R03"}
    photo = read_photo(save(picture, "JPEG", exif=remarks))
    assert Flag.UNKNOWN_PROFILE not in photo.flags
    # (200, 120, 90) in Adobe RGB is redder than in sRGB.
    assert photo.rgb[5, 5, 0] > srgb_to_linear(np.uint8([200]))[0] * 1.1


def test_profile_of_tables_goes_through_littlecms(picture, save, p3_icc):
    # Without its matrix tags the profile is refused by both readers.
    broken = p3_icc.replace(b"rXYZ", b"xxxx")
    with pytest.raises(PhotoError, match="colour profile that cannot be used"):
        read_photo(save(picture, "PNG", icc_profile=broken))


@pytest.mark.parametrize("pointer", [8, 3, 0xFFFFFF])
def test_damaged_remarks_do_not_cost_the_orientation(picture, save, pointer):
    """The nested directory is nowhere, or in the middle of another; the orientation stands."""
    entries = struct.pack("<HHIHxxHHIII", 0x0112, 3, 1, 6, 0x8769, 4, 1, pointer, 0)
    damaged = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries
    upright = read_photo(save(picture, "JPEG"))
    turned = read_photo(save(picture, "JPEG", exif=damaged))
    assert turned.shape == upright.shape[::-1]
