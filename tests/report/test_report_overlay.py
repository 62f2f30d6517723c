"""Overlays: what is drawn, where, and what is left alone."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from scarscope.errors import StoreError
from scarscope.flags import Flag
from scarscope.measures import score_scars
from scarscope.report import depth_picture, overlay, write_depth_picture, write_overlay
from scarscope.report.canvas import make_canvas
from scarscope.report.overlay import draw_scars
from scarscope.report.style import SCAR_STYLES
from scarscope.scars.model import TYPES

CONES = [(40, 40, 12, 0.2, "boxcar"), (110, 70, 6, 0.4, "icepick"), (60, 90, 20, 0.2, "rolling")]


@pytest.fixture
def scored(make_skin, make_scars):
    return score_scars(make_scars(make_skin(), CONES))


def test_every_type_has_its_own_look():
    assert set(SCAR_STYLES) == set(TYPES)
    looks = SCAR_STYLES.values()
    assert len({style.colour for style in looks}) == len({s.gap / s.dash for s in looks}) == 3


def test_pixels_change_only_near_scar_borders(scored):
    canvas = make_canvas(scored.skin, max_px=2400)
    before = canvas.rgb.copy()
    changed = (draw_scars(canvas, scored) != before).any(axis=2)
    scarred = scored.scars.labels > 0
    border = ndimage.distance_transform_edt(scarred) + ndimage.distance_transform_edt(~scarred)
    factor = canvas.size[0] / scored.skin.grid.shape[1]
    rows, columns = (np.minimum(axis / factor, 1e9).astype(int) for axis in np.nonzero(changed))
    assert len(rows) > 1000
    assert border[rows, columns].max() <= 2  # grid steps
    assert np.array_equal(canvas.rgb, before)


def test_outlines_carry_the_colour_of_their_type(scored):
    picture = draw_scars(make_canvas(scored.skin, max_px=2400), scored)
    for x, y, radius, _, kind in CONES:
        factor = picture.shape[1] / 160
        angle = np.linspace(0, 2 * np.pi, 4000)
        ring = [
            picture[
                ((y + 0.5 + r * np.sin(angle)) * factor).astype(int),
                ((x + 0.5 + r * np.cos(angle)) * factor).astype(int),
            ]
            for r in radius + np.linspace(-0.5, 1, 13)
        ]
        hits = (np.stack(ring) == SCAR_STYLES[kind].colour).all(axis=2).any(axis=0)
        assert hits.mean() > 0.25


def test_the_legend_is_below_the_picture(scored):
    picture = overlay(scored)
    assert picture.dtype == np.uint8
    assert picture.shape[1] == 640  # enlarged four times, as far as it goes
    assert picture.shape[0] > 480
    drawn = draw_scars(make_canvas(scored.skin, max_px=2400), scored)
    assert np.array_equal(picture[:480], drawn)


@pytest.mark.parametrize("max_px", [300, 640, 2400])
def test_size_is_bounded(make_skin, make_scars, max_px):
    skin = make_skin(shape=(100, 300), oversample=10)
    picture = overlay(score_scars(make_scars(skin, CONES[:1])), max_px=max_px)
    assert picture.shape[1] == max(max_px, 640)  # text needs 640 pixels


@pytest.mark.parametrize("mm_per_px", [0.1, None])
@pytest.mark.parametrize("draw", [overlay, depth_picture])
@pytest.mark.parametrize("shape", [(8, 8), (30, 400), (400, 30)])
def test_nothing_found_and_odd_shapes(make_skin, make_scars, mm_per_px, draw, shape):
    everything = ~Flag.NONE
    skin = make_skin(shape=shape, mm_per_px=mm_per_px, flags=everything)
    assert draw(score_scars(make_scars(skin))).ndim == 3


def test_outside_the_region_is_dimmed_and_inside_is_not(make_skin, make_scars):
    region = np.zeros((120, 160), bool)
    region[20:100, 20:140] = True
    score = score_scars(make_scars(make_skin(region=region)))
    canvas = make_canvas(score.skin, max_px=2400)
    ratio = draw_scars(canvas, score).mean(axis=2) / canvas.rgb.mean(axis=2)
    factor = canvas.size[0] / 160
    assert np.median(ratio[: int(15 * factor)]) == pytest.approx(0.62, abs=0.02)
    inner = ratio[int(25 * factor) : int(95 * factor), int(25 * factor) : int(135 * factor)]
    assert np.all(inner == 1)


def test_a_small_region_is_shown_alone(make_skin, make_scars):
    region = np.zeros((240, 320), bool)
    region[60:120, 200:260] = True
    cones = [(225.3, 90.7, 15, 0.3, "icepick")]
    score = score_scars(make_scars(make_skin(shape=(240, 320), region=region), cones))
    canvas = make_canvas(score.skin, max_px=2400)
    assert canvas.size == (4 * 76, 4 * 76)  # 60 and twice the margin, enlarged four times
    picture = draw_scars(canvas, score)
    rows, columns = np.nonzero((picture == SCAR_STYLES["icepick"].colour).all(axis=2))
    x, y, radius, *_ = cones[0]
    (middle,) = canvas.from_grid(np.array([[x, y]]))
    away = np.hypot(columns - middle[0], rows - middle[1])
    assert np.abs(away - 4 * radius).max() < 5
    inside = canvas.cover(score.scars.labels > 0) > 127
    assert np.hypot(*(np.argwhere(inside).mean(axis=0)[::-1] - middle)) < 1.5


def test_only_a_photo_with_a_scale_has_a_scale_bar(make_skin, make_scars, monkeypatch):
    drawn = []
    real = __import__("scarscope.report.strip", fromlist=["scale_bar"]).scale_bar
    monkeypatch.setattr(
        "scarscope.report.strip.scale_bar",
        lambda per_mm, **options: drawn.append(per_mm) or real(per_mm, **options),
    )
    overlay(score_scars(make_scars(make_skin(mm_per_px=None))))
    assert drawn == []
    overlay(score_scars(make_scars(make_skin())))
    assert drawn == [pytest.approx(4 / 0.1)]  # enlarged four times, 0.1 mm a pixel


@pytest.mark.parametrize("write", [write_overlay, write_depth_picture])
def test_files_are_whole_plain_jpegs(scored, tmp_path, write):
    path = tmp_path / "左颊 é.jpg"
    write(scored, path)
    write(scored, path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
        assert "exif" not in image.info


def test_a_failed_write_says_so_and_leaves_no_litter(scored, tmp_path):
    (tmp_path / "a.jpg").mkdir()  # a folder stands where the file shall go
    with pytest.raises(StoreError, match=r"a\.jpg"):
        write_overlay(scored, tmp_path / "a.jpg")
    assert [p.name for p in tmp_path.iterdir()] == ["a.jpg"]
