"""Pictures of a change: what is drawn, where, in which colour, and what is said below."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope import report
from scarscope.change import COLUMNS, STATUSES, Alignment, Change, Comparability, scar_columns
from scarscope.change.amount import Amount
from scarscope.change.common import Pair
from scarscope.change.harmonise import Harmony
from scarscope.change.reading import Reading
from scarscope.change.reasons import Reason
from scarscope.errors import ParamsError
from scarscope.photo.colour import linear_to_srgb
from scarscope.report.change_blink import BLINK_MS, blink_suffix
from scarscope.report.change_depth import _footprints
from scarscope.report.change_pair import aligned_pair
from scarscope.report.change_strip import GAP_PX, Bar, bar_rows, even_ticks, headline
from scarscope.report.change_style import STATUS_STYLES, signed_colours, signed_cover
from scarscope.report.change_views import make_views
from scarscope.report.change_why import difference, why_picture

SHIFT = (7, 4)  # of the later photo, pixels across and down
FIGURES = {"focus": 0.0, "coherence_fine": 0.99}
# x, y, radius, depth in mm, type; grid cells of 0.1 mm
BEFORE = [
    (40, 40, 12, 0.3, "boxcar"),
    (110, 30, 10, 0.3, "icepick"),
    (40, 90, 11, 0.2, "rolling"),
    (120, 90, 12, 0.2, "rolling"),
]
AFTER = [
    (40, 40, 10, 0.2, "boxcar"),
    (40, 90, 11, 0.2, "rolling"),
    (120, 90, 14, 0.3, "rolling"),
    (80, 60, 8, 0.2, "icepick"),
]
PLACES = {"improved": 0, "resolved": 1, "unchanged": 2, "worse": 3}


def scar_row(before_id, after_id, status, volume, pct, relation=""):
    row = dict.fromkeys(scar_columns("mm"), np.nan)
    ids = {"before_id": before_id, "after_id": after_id, "relation": relation, "status": status}
    return {**row, **ids, "volume_before_mm3": volume, "volume_change_pct": pct}


def scar_rows(volumes):
    rows = [
        scar_row(1, 1, "improved", volumes[0], -50.0),
        scar_row(2, None, "resolved", volumes[1], -95.0),
        scar_row(3, 2, "unchanged", volumes[2], 4.0),
        scar_row(4, 3, "worse", volumes[3], 60.0),
        scar_row(None, 4, "new", 0.0, 500.0),
    ]
    table = pd.DataFrame(rows, columns=list(scar_columns("mm")))
    return table.astype({"before_id": "Int64", "after_id": "Int64"})


def burden_row(comparable="yes", verdict="improved"):
    values = {"comparable": comparable, "reasons": "", "measure": "burden_um", "before": 20.0}
    numbers = {"after": 10.0, "change": -10.0, "change_pct": -50.0, "mdc95": 2.0}
    return pd.DataFrame([{**values, **numbers, "verdict": verdict}], columns=list(COLUMNS))


def aligned(skin, shift=(0.0, 0.0), **other):
    matrix = np.array([[1.0, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    given = {"overlap": 1.0, "scale": 1.0, "confidence": 1.0, **other}
    return Alignment(matrix, None, skin.photo.shape, skin.photo.shape, True, **given)


@pytest.fixture
def make_change(make_skin, make_scars):
    def make(*, skin=None, after=None, shift=(0.0, 0.0), harmony=None, reasons=(), support=None):
        skin = skin or make_skin(texture=0.05)
        after = after or skin
        lay = aligned(skin, shift, support=support)
        pair = Pair(skin, after, lay)
        first, second = make_scars(skin, BEFORE), make_scars(skin, AFTER)
        outline = (first.labels > 0) | (second.labels > 0)
        depths = (first.depth, second.depth)
        reading = Reading(first, second, depths, depths, outline, outline, 0.01)
        weights = {reason.weight for reason in reasons}
        verdict = "no" if "no" in weights else "caution" if weights else "yes"
        told = Comparability(verdict, tuple(reasons), FIGURES, harmony)
        table = scar_rows(list(first.table[f"volume_{skin.grid.unit}3"]))
        amount = Amount(-0.5, 0.1, -0.5, -0.5)
        names = ("before.jpg", "after.jpg")
        return Change(told, lay, burden_row(verdict), table, amount, names, pair, reading)

    return make


@pytest.fixture
def refused(make_change):
    def make(*codes, **options):
        reasons = [Reason(code, "no", 0.5, 0.9) for code in codes]
        change = make_change(reasons=reasons, **options)
        table = pd.DataFrame(columns=list(scar_columns("mm")))
        return replace(change, reading=None, scars=table)

    return make


def with_light(skin, rgb):
    """The same skin in other light, grid and photo alike."""
    rgb = np.clip(rgb, 0, 1).astype(np.float32)
    return replace(skin, photo=replace(skin.photo, rgb=rgb), rgb=rgb)


def ring(picture, cone, factor, left=0, top=0, grow=0.0):
    """Colours around a scar's outline, shape (steps, angles, 3)."""
    x, y, radius, *_ = cone
    angle = np.linspace(0, 2 * np.pi, 2000)
    radii = radius + grow + np.linspace(-0.7, 0.7, 13)
    return np.stack(
        [
            picture[
                (top + (y + 0.5 + r * np.sin(angle)) * factor).astype(int),
                (left + (x + 0.5 + r * np.cos(angle)) * factor).astype(int),
            ]
            for r in radii
        ]
    )


def share_in_colour(picture, cone, status, factor, **place):
    colour = np.array(STATUS_STYLES[status].line.colour)
    near = np.abs(ring(picture, cone, factor, **place).astype(int) - colour).max(axis=2) < 12
    return near.any(axis=0).mean()


def test_every_status_has_a_look_by_colour_and_by_line():
    assert tuple(STATUS_STYLES) == STATUSES
    looks = STATUS_STYLES.values()
    assert len({style.line.colour for style in looks}) == 5
    assert len({(style.line.gap / style.line.dash, style.weight) for style in looks}) == 5
    assert {s for s, style in STATUS_STYLES.items() if style.weight > 1} == {"worse", "new"}


def test_signed_colours_say_sign_by_hue_and_size_by_lightness():
    luma = [0.299, 0.587, 0.114]
    share = np.linspace(0.05, 1, 20)
    less, more = signed_colours(-share), signed_colours(share)
    assert np.all(less[:, 2] > less[:, 0])
    assert np.all(more[:, 0] > more[:, 2])
    assert np.all(np.diff(less @ luma) > 0)
    assert np.all(np.diff(more @ luma) > 0)
    assert signed_cover(np.array([0.0])) == 0


def test_each_photo_has_each_scar_in_the_colour_of_its_status(make_change):
    picture = aligned_pair(make_change())
    factor, width = 4, 640
    top = picture_top(picture)
    right = {"left": width + GAP_PX, "top": top}
    for status, number in PLACES.items():
        assert share_in_colour(picture, BEFORE[number], status, factor, top=top) > 0.2, status
    assert share_in_colour(picture, AFTER[0], "improved", factor, **right) > 0.2
    # What one photo alone shows is drawn in the other where it would be.
    assert share_in_colour(picture, BEFORE[1], "resolved", factor, **right) > 0.2
    assert share_in_colour(picture, AFTER[3], "new", factor, **right) > 0.2
    assert share_in_colour(picture, AFTER[3], "new", factor, top=top) > 0.2
    assert share_in_colour(picture, BEFORE[0], "worse", factor, top=top) == 0


def picture_top(picture, width=640):
    """Row where the photos begin, below their titles: the first without any paper."""
    paper = (picture[:, :width] == picture[0, 0]).all(axis=2)
    return int(np.argmax(paper.mean(axis=1) < 0.2))


def test_the_later_photo_is_laid_over_the_earlier_one(make_skin, make_change):
    skin = make_skin(texture=0.1)
    moved = with_light(skin, np.roll(skin.rgb, SHIFT[::-1], axis=(0, 1)))
    views = make_views(make_change(skin=skin, after=moved, shift=SHIFT), max_px=640, what="x")
    off = np.abs(views.before.rgb.astype(int) - views.after.rgb)
    inside = off[4 : -4 * SHIFT[1] - 4, 4 : -4 * SHIFT[0] - 4]  # edges mix with what is beyond
    assert inside.max() <= 2
    assert views.after.rgb[:, -2:].max() == 0  # beyond the later photo
    still = make_views(make_change(skin=skin, after=moved), max_px=640, what="x")
    assert np.abs(still.before.rgb.astype(int) - still.after.rgb)[20:-40, 40:-40].mean() > 3


def test_a_finer_later_photo_is_averaged_down(make_skin, make_change):
    skin = make_skin(texture=0.1)
    fine = np.repeat(np.repeat(skin.rgb, 8, axis=0), 8, axis=1)
    fine += np.random.default_rng(1).normal(0, 0.1, fine.shape).astype(np.float32)
    after = replace(skin, photo=replace(skin.photo, rgb=fine))
    matrix = np.array([[8.0, 0, 3.5], [0, 8, 3.5], [0, 0, 1]])
    change = make_change(skin=skin, after=after)
    lay = replace(change.alignment, matrix=matrix, scale=8.0, after_shape=fine.shape[:2])
    views = make_views(replace(change, alignment=lay), max_px=160, what="x")
    off = np.abs(views.before.rgb.astype(int) - views.after.rgb)
    assert np.median(off) <= 3  # noise of single pixels is off by 14


def test_the_later_photo_looks_as_it_was_measured(make_skin, make_change):
    skin = make_skin(texture=0.05)
    dark = replace(skin, photo=replace(skin.photo, rgb=skin.photo.rgb / 2))
    harmony = Harmony(-1.0, 0.0, 0.0, (1.0, 1.0, 1.0))
    change = make_change(skin=skin, after=dark, harmony=harmony)
    shown = make_views(change, max_px=640, what="x")
    off = np.abs(shown.before.rgb.astype(int) - shown.after.rgb)
    assert off[4:-4, 4:-4].max() <= 4
    raw = make_views(change, max_px=640, what="x", harmonised=False)
    wanted = linear_to_srgb(skin.photo.rgb.mean(axis=(0, 1)) / 2) * 255
    assert raw.after.rgb.mean(axis=(0, 1)) == pytest.approx(wanted, abs=3)


def test_what_is_not_in_both_photos_is_dimmed(make_skin, make_change):
    region = np.zeros((120, 160), bool)
    region[4:116, 4:100] = True
    change = make_change(skin=make_skin(texture=0.0, region=region))
    picture = report.aligned_pair(replace(change, reading=None))
    top, middle = picture_top(picture), 240
    inside, outside = picture[top + middle, 200], picture[top + middle, 560]
    assert outside.mean() / inside.mean() == pytest.approx(0.62, abs=0.03)


def test_the_map_sums_to_what_the_table_says(make_change):
    change = make_change()
    found = report.depth_change(change).astype(float) * 0.1**2
    table, reading = change.scars, change.reading
    for _, row in table[table["before_id"].notna()].iterrows():
        wanted = row["volume_before_mm3"] * row["volume_change_pct"] / 100
        own = [cells for other, cells in _footprints(table, reading) if other is not None]
        own = own[int(row["before_id"]) - 1]
        assert found[own].sum() == pytest.approx(wanted, rel=1e-3)
    new = (reading.after.labels == 4) & (reading.before.labels == 0)
    volume = float(reading.after.table["volume_mm3"].iloc[3])
    assert found[new].sum() == pytest.approx(volume, rel=0.05)
    assert np.all(found[~reading.outline] == 0)


def test_splits_and_merges_take_every_cell_once(make_change):
    change = make_change()
    rows = [
        scar_row(1, 1, "improved", 0.1, -50.0),
        scar_row(1, 4, "improved", 0.1, -50.0, "split"),
        scar_row(2, 3, "worse", 0.1, 20.0, "merged"),
        scar_row(3, 2, "unchanged", 0.1, 0.0),
        scar_row(4, 3, "worse", 0.1, 20.0),
    ]
    table = pd.DataFrame(rows).astype({"before_id": "Int64", "after_id": "Int64"})
    labels = change.reading.after.labels
    labels[85:88, 38:42] = 1  # a part of the earlier scar 3 that went to another
    taken = np.zeros((120, 160), int)
    for _, own in _footprints(table, change.reading):
        taken += own
    assert np.array_equal(taken, change.reading.outline.astype(int))
    found = report.depth_change(replace(change, scars=table)) * 0.1**2
    assert found.sum() == pytest.approx(-0.05 + 0.02 + 0.02, abs=1e-4)


def test_where_fine_detail_differs_relief_says_where(make_change):
    change = make_change()
    left = np.zeros((120, 160), np.float32)
    left[:, :40] = 0.1  # relief lost depth in the left half of the first scar, the network nowhere
    flat = np.zeros_like(left)
    reading = replace(change.reading, network=(flat, flat), relief=(left, flat))
    by_network = report.depth_change(replace(change, reading=reading))
    blurred = replace(change.comparability, figures={**FIGURES, "focus": 0.5})
    by_relief = report.depth_change(replace(change, reading=reading, comparability=blurred))
    assert by_network[40, 33] == pytest.approx(by_network[40, 47], rel=0.2)
    assert by_relief[40, 33] < by_relief[40, 47] - 0.05


def test_the_map_is_blue_where_filled_and_orange_where_deeper(make_change):
    picture = report.change_map(make_change(), top=100).astype(int)

    def at(cone, off=3):
        return picture[int((cone[1] + 0.5) * 4), int((cone[0] + off + 0.5) * 4)]

    for filled in (BEFORE[0], BEFORE[1]):
        red, _, blue = at(filled)
        assert blue > red + 60
    for deeper in (BEFORE[3], AFTER[3]):
        red, _, blue = at(deeper)
        assert red > blue + 60
    plain = picture[20, 20]
    assert np.ptp(plain) == 0  # grey: no change has no colour


def test_an_unchanged_scar_is_pale_on_the_map(make_change):
    change = make_change()
    told = change.scars.assign(volume_change_pct=60.0)
    place = slice(88 * 4, 92 * 4), slice(42 * 4, 44 * 4)
    pale, full = (
        np.ptp(report.change_map(replace(change, scars=scars), top=100)[place], axis=2).mean()
        for scars in (told, told.replace({"status": {"unchanged": "worse"}}))
    )
    assert pale == pytest.approx(0.45 * full, rel=0.15)


def test_the_scale_of_the_map_is_as_given_or_follows_the_scars(make_change, monkeypatch):
    labels = []
    real = bar_rows

    def spy(bar, **options):
        labels.append((bar.label, bar.ticks))
        return real(bar, **options)

    monkeypatch.setattr("scarscope.report.change_depth.bar_rows", spy)
    report.change_map(make_change(), top=120)
    report.change_map(make_change())
    (label, given), (_, own) = labels
    assert label.endswith("µm")
    assert [text for _, text in given] == ["-120", "-60", "0", "+60", "+120"]
    assert own[-1][1] in ("+300", "+400")  # the deepest scar has 0.3 mm
    for top in (0, -1, np.nan, np.inf):
        with pytest.raises(ParamsError, match="top"):
            report.change_map(make_change(), top=top)


def test_bars_have_their_words_and_even_ticks():
    assert [text for _, text in even_ticks(40.0)] == ["-40", "-20", "0", "+20", "+40"]
    bar = Bar("change", "filled", "deeper", even_ticks(40.0))
    assert len(bar_rows(bar, size=20, width=1200)) == 2
    assert len(bar_rows(bar, size=20, width=600)) == 3  # the label goes above


def test_without_a_scale_the_map_is_in_pixels(make_skin, make_change, monkeypatch):
    change = make_change(skin=make_skin(mm_per_px=None))
    names = {name: name.replace("mm", "px") for name in change.scars.columns}
    change = replace(change, scars=change.scars.rename(columns=names))
    drawn = []
    real = bar_rows
    spy = lambda bar, **options: drawn.append(bar) or real(bar, **options)  # noqa: E731
    monkeypatch.setattr("scarscope.report.change_depth.bar_rows", spy)
    report.change_map(change)
    assert drawn[0].label.endswith("px")


def test_a_moving_picture_has_both_photos_and_no_metadata(make_skin, make_change, tmp_path):
    skin = make_skin()
    change = make_change(skin=skin, after=with_light(skin, skin.rgb / 4))
    first, second = report.blink_frames(change, max_px=400)
    assert first.shape == second.shape
    assert first[200, 200].mean() > second[200, 200].mean() + 20
    for suffix, kind in ((".webp", "WEBP"), (".png", "PNG")):
        path = tmp_path / f"左 blink{suffix}"
        report.write_blink(change, path, max_px=400)
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            assert image.format == kind
            assert image.n_frames == 2
            assert not image.getexif()
            assert image.info.get("loop") == 0
            assert image.info.get("duration", BLINK_MS) == BLINK_MS
            image.seek(1)
            shown = np.asarray(image.convert("RGB")).astype(int)
        assert np.abs(shown - second).mean() < 6
    assert blink_suffix() in (".webp", ".png")
    with pytest.raises(ParamsError, match=r"blink\.gif"):
        report.write_blink(change, tmp_path / "blink.gif")


def test_bands_come_from_the_photos_in_turns(make_skin, make_change):
    skin = make_skin(texture=0.0)
    change = make_change(skin=skin, after=with_light(skin, skin.rgb / 4))
    picture = report.wipe(change, bands=4)
    row = picture[300].astype(int).mean(axis=1)
    bright = [row[int((band + 0.5) * 160)] for band in range(4)]
    assert bright[0] == bright[2] > bright[1] + 20
    assert bright[1] == bright[3]
    with pytest.raises(ParamsError, match="bands = 1"):
        report.wipe(change, bands=1)


def test_uneven_light_shows_where_it_became_brighter(make_skin, refused):
    skin = make_skin(shape=(200, 200), texture=0.02)
    ramp = np.exp(np.linspace(-0.3, 0.3, 200))[None, :, None]
    change = refused("LIGHT_FIELD", skin=skin, after=with_light(skin, skin.rgb * ramp))
    found = difference(change)
    assert "light" in found.title.lower()
    assert found.share[:, :40].mean() < -0.3
    assert found.share[:, -40:].mean() > 0.3
    drawn = why_picture(change, max_px=400)
    third = drawn[200, -400:].astype(int)
    assert third[40, 2] > third[40, 0] + 40  # blue is darker
    assert third[-40, 0] > third[-40, 2] + 40  # orange is brighter


def test_softer_and_lit_from_elsewhere(make_skin, refused):
    skin = make_skin(shape=(160, 160), texture=0.1)
    soft = cv2.GaussianBlur(skin.rgb, (0, 0), 1.0)
    found = difference(refused("FINE_DETAIL", "FOCUS", skin=skin, after=with_light(skin, soft)))
    assert "sharper" in found.title
    assert np.median(found.share) < -0.2
    other = with_light(skin, skin.rgb[::-1, ::-1])
    lit = difference(refused("LIGHT_DIRECTION", skin=skin, after=other))
    same = difference(refused("LIGHT_DIRECTION", skin=skin))
    assert np.median(lit.share) > 0.9
    assert np.median(same.share) < 0.01


def test_where_the_alignment_is_not_borne_out(refused):
    support = np.array([[1.0, 0.0], [np.nan, 1.0]], np.float32)
    found = difference(refused("ALIGNMENT_UNSURE", support=support))
    assert found.share[20, 20] < 0 < found.share[20, 140]
    assert not found.where[100, 20]
    assert found.where[100, 140]


def test_a_reason_without_a_map_is_told_in_words(refused):
    change = refused("TOO_SOON")
    assert difference(change) is None
    two, three = (
        why_picture(c, max_px=400).shape[1] for c in (change, refused("LIGHT_FIELD", "TOO_SOON"))
    )
    assert three - two == 400 + GAP_PX


def test_photos_that_could_not_be_aligned_are_shown_as_they_are(make_skin, refused, tmp_path):
    bright, dark = (make_skin(texture=0.0, colour=(c, c, c)) for c in (0.6, 0.1))
    failed = refused("NOT_ALIGNED")
    lay = replace(failed.alignment, ok=False, reason="They have nothing in common.")
    change = replace(failed, pair=None, alignment=lay)
    for draw in (report.aligned_pair, report.change_map, report.blink_frames, report.wipe):
        with pytest.raises(ParamsError, match=r"nothing in common.*why_picture"):
            draw(change)
    with pytest.raises(ParamsError, match="photos="):
        why_picture(change)
    picture = why_picture(change, (bright, dark), max_px=400)
    assert picture[200, 200, 0] > picture[200, 600, 0] + 80
    report.write_why_picture(change, tmp_path / "why.jpg", (bright, dark), max_px=400)
    assert (tmp_path / "why.jpg").is_file()


def test_a_pair_that_was_not_compared_has_no_map(refused):
    with pytest.raises(ParamsError, match="why_picture"):
        report.change_map(refused("LIGHT_FIELD"))


def test_words_below_pictures(make_change, refused, monkeypatch):
    said = []
    real = report.change_strip.text_rows
    monkeypatch.setattr(
        "scarscope.report.change_strip.text_rows",
        lambda text, **options: said.append(text) or real(text, **options),
    )
    aligned_pair(make_change(reasons=[Reason("POSE", "caution", 0.03, 0.02)]))
    assert said[0].startswith("Improved: burden -50 % (detectable from 10 %), with caution")
    assert "quartile of improvement 26-50 %" in said[0]
    assert any(
        text.startswith("Caution: The skin was seen from another direction") for text in said
    )
    assert any(text.startswith("What to do: Have the head held") for text in said)
    assert "estimated" in said[-1]
    said.clear()
    codes = ("LIGHT_DIRECTION", "LIGHT_FIELD", "COVERED", "POSE", "GLARE")
    why_picture(refused(*codes), max_px=300)
    assert said[0] == "Not comparable: no change is reported."
    assert sum("Use the same lamps" in text for text in said) == 1  # one remedy, told once
    assert "And: POSE, GLARE." in said
    assert not any("before.jpg" in text or "after.jpg" in text for text in said)


def test_headline_of_no_change(make_change):
    change = make_change()
    quiet = replace(change, measures=burden_row(verdict="no detectable change"))
    assert headline(quiet) == "No detectable change: burden -50 % (detectable from 10 %)"


@pytest.mark.parametrize(
    "write", [report.write_aligned_pair, report.write_change_map, report.write_wipe]
)
def test_files_are_plain_jpegs(make_change, tmp_path, write):
    path = tmp_path / "皮肤.jpg"
    write(make_change(), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert image.format == "JPEG"
        assert not image.getexif()


@pytest.mark.parametrize("shape", [(30, 300), (300, 30)])
def test_odd_shapes_and_nothing_found(make_skin, make_scars, make_change, shape):
    skin = make_skin(shape=shape)
    nothing = make_scars(skin)
    change = make_change()
    zeros = np.zeros(shape, np.float32)
    blank = Reading(nothing, nothing, (zeros, zeros), (zeros, zeros), zeros > 0, zeros > 0, 0.01)
    lay = aligned(skin)
    empty = replace(
        change,
        scars=change.scars.iloc[:0],
        reading=blank,
        alignment=lay,
        pair=Pair(skin, skin, lay),
    )
    for draw in (report.aligned_pair, report.change_map, report.wipe, report.why_picture):
        assert draw(empty).shape[2] == 3
