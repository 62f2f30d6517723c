"""The automatic region: skin of every tone, and nothing that is not skin."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from scarscope.errors import RegionError
from scarscope.flags import Flag
from scarscope.phantom import (
    LIGHT_NAMES,
    Material,
    Recipe,
    Skin,
    Tone,
    make_light,
    random_face,
    random_patch,
    render,
)
from scarscope.photo import read_photo
from scarscope.skin import find_skin
from scarscope.skin.region import is_close_up

TONES = (55.0, 20.0, -20.0, -45.0)


def plain_rgb(*, ita_deg=30.0, size_mm=(15.0, 12.0), mm_per_px=0.1):
    """A photo of bare skin without marks, hairs or make-up between two lamps."""
    skin = Skin(seed=3, size_mm=size_mm, tone=Tone(ita_deg=ita_deg))
    return render(Recipe(skin=skin, light=make_light("twin"), mm_per_px=mm_per_px)).rgb.copy()


@functools.cache
def astronaut():
    """A colour portrait in the public domain; grid and photo have the same pixels."""
    return find_skin(read_photo(skimage.data.astronaut()))


def test_the_region_of_a_portrait_is_inside_the_face_and_neck():
    rows, cols = np.nonzero(astronaut().region)
    assert cols.min() >= 165
    assert cols.max() <= 285
    assert rows.min() >= 65
    assert rows.max() <= 205  # the neck ends in the suit's collar there
    assert len(rows) > 2500


def around(x, y, half):
    return astronaut().region[y - half : y + half + 1, x - half : x + half + 1]


@pytest.mark.parametrize("place", [(204, 101), (248, 103), (224, 146)], ids=["eye", "eye", "mouth"])
def test_eyes_and_mouth_of_a_portrait_are_left_out(place):
    assert not around(*place, 3).any()


@pytest.mark.parametrize(
    "place", [(195, 125), (255, 121), (226, 90), (222, 164)], ids=["cheek", "cheek", "brow", "chin"]
)
def test_cheeks_forehead_and_chin_of_a_portrait_are_kept(place):
    assert around(*place, 2).mean() > 0.9


def test_a_portrait_says_that_its_region_was_found_and_has_no_scale():
    skin = astronaut()
    assert Flag.AUTO_REGION in skin.flags
    assert Flag.NO_SCALE in skin.flags
    assert skin.region_source == "auto"
    assert skin.grid.unit == "px"
    # A head is some 0.2 m high, and this one spans 130 pixels.
    assert 0.8 < skin.grid.filter_mm < 2.5
    assert 30 < skin.ita_deg < 75  # light skin in strong light


@pytest.mark.parametrize("ita_deg", TONES)
@pytest.mark.parametrize("light", LIGHT_NAMES)
def test_a_close_up_is_all_skin_whatever_the_tone_and_light(ita_deg, light):
    for seed in (1, 2):
        patch = random_patch(seed, size_mm=(15, 12), ita_deg=ita_deg, light=light)
        skin = find_skin(read_photo(patch.rgb, mm_per_px=0.1))
        # Where a raking lamp's light dies away on a curved cheek, nothing can be measured.
        assert skin.region.mean() > (0.6 if light == "raking" else 0.9), seed


@pytest.mark.parametrize("seed", [19, 27])
@pytest.mark.parametrize("mm_per_px", [0.1, None])
def test_pores_are_no_face(seed, mm_per_px):
    # The face detector sees a face of three millimetres in these close-ups.
    patch = random_patch(seed, size_mm=(15, 12))
    skin = find_skin(read_photo(patch.rgb, mm_per_px=mm_per_px))
    assert skin.region.mean() > 0.9


def test_a_close_up_is_told_from_a_portrait():
    # Only where there may be a face is one looked for.
    for ita_deg in TONES:
        assert is_close_up(read_photo(plain_rgb(ita_deg=ita_deg)).rgb)
    assert not is_close_up(read_photo(skimage.data.astronaut()).rgb)


@pytest.mark.parametrize("ita_deg", TONES)
def test_tone_is_read_back_from_a_close_up(ita_deg):
    found = [
        find_skin(read_photo(patch.rgb, mm_per_px=0.1)).ita_deg
        for patch in (random_patch(s, size_mm=(10, 10), ita_deg=ita_deg) for s in (1, 2, 3))
    ]
    # Shine, exposure and white balance are drawn too: a photo's tone is good to a class or so.
    assert np.median(found) == pytest.approx(ita_deg, abs=22)


def test_tones_keep_their_order():
    found = [find_skin(read_photo(plain_rgb(ita_deg=ita))).ita_deg for ita in TONES]
    assert found == sorted(found, reverse=True)


rng = np.random.default_rng(1)
NOT_SKIN = {
    "grey": np.full((150, 150, 3), 128, np.uint8),
    "white": np.full((150, 150, 3), 255, np.uint8),
    "black": np.zeros((150, 150, 3), np.uint8),
    "blue": np.full((150, 150, 3), (40, 60, 200), np.uint8),
    "green": np.full((150, 150, 3), (40, 160, 60), np.uint8),
    "pure red": np.full((150, 150, 3), (220, 30, 30), np.uint8),
    "grey noise": np.repeat(rng.integers(0, 256, (150, 150, 1), dtype=np.uint8), 3, axis=2),
    "grey ramp": np.repeat(np.tile(np.arange(150, dtype=np.uint8), (150, 1))[..., None], 3, axis=2),
}


@pytest.mark.parametrize("mm_per_px", [0.1, None])
@pytest.mark.parametrize("name", NOT_SKIN)
def test_what_is_not_skin_is_refused_with_a_remedy(name, mm_per_px):
    with pytest.raises(RegionError, match="No measurable skin") as caught:
        find_skin(read_photo(NOT_SKIN[name], mm_per_px=mm_per_px))
    assert "region" in caught.value.remedy
    assert caught.value.stage == "skin"
    assert ("no colour" in caught.value.message) == (name in ("white", "black") or "grey" in name)


@pytest.mark.parametrize("mm_per_px", [0.1, None])
def test_colour_noise_is_not_skin(mm_per_px):
    noise = np.random.default_rng(1).integers(0, 256, (150, 150, 3), dtype=np.uint8)
    with pytest.raises(RegionError):
        find_skin(read_photo(noise, mm_per_px=mm_per_px))


@functools.cache
def patch_rgb():
    return plain_rgb()


def test_skin_beside_blue_cloth_ends_where_the_cloth_begins():
    rgb = patch_rgb().copy()
    rgb[:, 90:] = (40, 60, 160)
    skin = find_skin(read_photo(rgb, mm_per_px=0.1))
    assert not skin.region[:, 90:].any()
    # The margin is kept clear on the skin's side, and nowhere else.
    assert skin.region[:, :65].mean() > 0.95
    assert not skin.region[:, 80:].any()


def test_what_the_alpha_channel_hides_is_no_skin(tmp_path):
    alpha = np.full(patch_rgb().shape[:2], 255, np.uint8)
    alpha[:, :40] = 0
    path = tmp_path / "cut out.png"
    with path.open("wb") as file:
        Image.fromarray(np.dstack([patch_rgb(), alpha])).save(file, "png")
    photo = read_photo(path, mm_per_px=0.1)
    found = find_skin(photo)
    assert not found.region[:, :40].any()
    assert found.region[:, 60:].mean() > 0.9
    drawn = find_skin(photo, roi=np.ones(photo.shape, bool))
    assert np.array_equal(drawn.region, alpha > 0)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_close_up_has_the_turned_region(turns):
    upright = find_skin(read_photo(patch_rgb(), mm_per_px=0.1))
    turned = find_skin(read_photo(np.rot90(patch_rgb(), turns).copy(), mm_per_px=0.1))
    assert (np.rot90(upright.region, turns) == turned.region).mean() > 0.98
    assert turned.ita_deg == pytest.approx(upright.ita_deg, abs=0.5)


def test_the_same_photo_at_half_the_size_shows_the_same_region():
    fine = plain_rgb(mm_per_px=0.05)
    fine[:, 180:] = (40, 60, 160)
    half = cv2.resize(fine, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    areas = [
        find_skin(read_photo(rgb, mm_per_px=mm)).area for rgb, mm in ((fine, 0.05), (half, 0.1))
    ]
    assert areas[0] == pytest.approx(areas[1], rel=0.02)


@functools.cache
def face(ita_deg):
    """Materials of a simulated head and the region that was found on it, in the photo's pixels."""
    head = random_face(2, mm_per_px=0.6, ita_deg=ita_deg, light="twin", n_scars=4)
    skin = find_skin(read_photo(head.rgb, mm_per_px=head.mm_per_px))
    assert skin.grid.shape == head.region.shape
    return head.materials, skin.region


@pytest.mark.parametrize("ita_deg", [55.0, -20.0])
def test_of_a_simulated_head_only_skin_is_taken(ita_deg):
    materials, region = face(ita_deg)
    counts = np.bincount(materials[region], minlength=len(Material)) / region.sum()
    assert counts[Material.SKIN] + counts[Material.NECK] > 0.95
    assert counts[Material.BACKGROUND] + counts[Material.CLOTHES] < 0.01
    assert counts[Material.EYE] + counts[Material.BROW] + counts[Material.HAIR] < 0.02


@pytest.mark.parametrize("ita_deg", [55.0, -20.0])
def test_of_a_simulated_head_half_of_the_skin_is_found(ita_deg):
    materials, region = face(ita_deg)
    assert region[materials == Material.SKIN].mean() > 0.45
