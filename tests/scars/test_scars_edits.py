"""What a person's decision does to the scars of a photo, alone and in a pair."""

import math
from dataclasses import replace

import numpy as np
import pytest

from scarscope.measures import score_scars
from scarscope.scars.edits import (
    Edit,
    Edits,
    apply_edits,
    apply_to_pair,
    cells_of,
    grid_places,
    outlined,
)
from scarscope.scars.find import Found

CONES = [(30, 30, 8, 0.2, "boxcar"), (80, 40, 5, 0.3, "icepick"), (120, 90, 10, 0.1, "rolling")]


def square(x, y, half):
    return ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


@pytest.fixture
def found(make_skin, make_scars):
    scars = make_scars(make_skin(), CONES)
    return Found(scars, np.full(scars.labels.shape, 0.05, np.float32))


def add(x, y, half=4, kind="icepick"):
    return Edit("add", None, kind, square(x, y, half))


def test_no_edit_changes_nothing(found):
    scars = apply_edits(found, ())
    assert (scars.labels == found.scars.labels).all()
    assert scars.table.equals(found.scars.table)
    assert (scars.review.applied, scars.review.left) == (0, ())


def test_a_rejected_scar_is_gone_and_the_others_keep_their_numbers(found):
    scars = apply_edits(found, [Edit("reject", 2)])
    assert list(scars.table["scar_id"]) == [1, 3]
    assert set(np.unique(scars.labels)) == {0, 1, 3}
    assert (scars.depth[found.scars.labels == 2] == 0).all()
    assert scars.table.iloc[1].equals(found.scars.table.iloc[2])
    before, after = score_scars(found.scars), score_scars(scars)
    volumes = found.scars.table["volume_mm3"]
    assert after.burden_um / before.burden_um == pytest.approx(1 - volumes[1] / volumes.sum())
    assert (before.n_scars, after.n_scars) == (3, 2)
    assert (found.scars.labels == 2).any()  # what was found stays as it was


def test_what_is_faint_about_a_rejected_or_drawn_scar_goes_with_it(found):
    labels = found.scars.labels
    faint = np.where(labels > 0, 0, 0.002).astype(np.float32)
    scars = apply_edits(Found(replace(found.scars, faint=faint), found.depth), [Edit("reject", 2)])
    rows, cols = np.indices(labels.shape)
    away = np.hypot(cols - 80, rows - 40)
    assert (scars.faint[away < 14] == 0).all()  # its radius of 0.5 mm, and 1 mm more, less rounding
    np.testing.assert_array_equal(scars.faint[away > 16], faint[away > 16])
    added = apply_edits(Found(replace(found.scars, faint=faint), found.depth), [add(60, 90)])
    assert (added.faint[82:99, 52:69] == 0).all()  # a square of 0.9 mm, and what lies about it
    assert (added.faint[90, [46, 74]] == 0).all()
    np.testing.assert_array_equal(added.faint[90, [40, 80]], faint[90, [40, 80]])
    assert (faint[labels == 0] > 0).all()  # what was found stays as it was


def test_all_scars_can_be_rejected_and_one_added_after(found):
    rejects = [Edit("reject", n) for n in (1, 2, 3)]
    assert len(apply_edits(found, rejects)) == 0
    scars = apply_edits(found, [*rejects, add(30, 30)])
    assert list(scars.table["scar_id"]) == [4]
    assert scars.table.dtypes.equals(found.scars.table.dtypes)


def test_a_retyped_scar_is_of_that_type_for_sure(found):
    scars = apply_edits(found, [Edit("retype", 1, "rolling")])
    row = scars.table.iloc[0]
    assert (row["type"], row["p_rolling"], row["p_boxcar"], row["p_icepick"]) == (
        "rolling",
        1,
        0,
        0,
    )
    assert score_scars(scars).values["n_rolling"] == 2
    assert scars.review.marks == {1: "retyped"}
    assert np.array_equal(scars.labels, found.scars.labels)


def test_an_added_scar_has_the_depth_that_is_read_there(found):
    scars = apply_edits(found, [add(40, 90), add(60, 100, kind="rolling")])
    assert list(scars.table["scar_id"]) == [1, 2, 3, 4, 5]
    row = scars.table.iloc[3]
    assert (row["type"], row["confidence"]) == ("icepick", 1.0)
    assert row["area_mm2"] == pytest.approx(0.64, rel=0.3)
    assert row["volume_mm3"] == pytest.approx(0.05 * row["area_mm2"])
    assert row["depth_um"] == pytest.approx(50)
    assert math.isnan(row["depth_sd_um"])
    assert (scars.depth[scars.labels == 4] == np.float32(0.05)).all()
    assert (scars.review.applied, scars.review.notes) == (2, ())


def test_where_no_depth_is_known_an_added_scar_has_no_volume_and_says_so(found):
    scars = apply_edits(Found(found.scars, None), [add(40, 90)])
    assert scars.table["volume_mm3"].iloc[3] == 0
    assert scars.table["area_mm2"].iloc[3] > 0
    assert "no volume" in scars.review.notes[0]


def test_an_outline_finds_the_scar_whatever_its_number(found):
    moved = Edit("reject", 1, outline=square(80, 40, 5))  # 1 is another scar by now
    assert list(apply_edits(found, [moved]).table["scar_id"]) == [1, 3]
    near = Edit("reject", 1, outline=square(33, 32, 8))
    assert list(apply_edits(found, [near]).table["scar_id"]) == [2, 3]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Edit("reject", 9), "no such scar"),
        (Edit("retype", 1, "boxcar", square(60, 100, 5)), "no such scar"),
        (add(30, 30, 6), "scar 1 lies there"),
        (add(155, 5, 30), "mostly outside the region"),
        (add(60, 100, 0.4), "too small"),
    ],
)
def test_what_cannot_be_applied_is_told(found, edit, why):
    scars = apply_edits(found, [edit])
    assert why in scars.review.left[0]
    assert (scars.review.applied, len(scars)) == (0, 3)


def test_a_scar_can_be_drawn_anew(found):
    scars = apply_edits(found, [add(30, 30, 6), Edit("reject", 1)])
    assert list(scars.table["scar_id"]) == [2, 3, 4]
    assert scars.review.left == ()


def test_a_region_without_skin_takes_no_scar(make_skin, make_scars):
    region = np.ones((120, 160), bool)
    region[:, 80:] = False
    scars = make_scars(make_skin(region=region), CONES[:1])
    told = apply_edits(Found(scars, None), [add(120, 60)])
    assert "outside the region" in told.review.left[0]


def test_a_number_is_told_as_an_outline_and_found_again(found):
    (edit,) = outlined([Edit("reject", 3), Edit("reject", 9)], found.scars)
    cells = cells_of(edit.outline, grid_places(found.scars.skin.grid))
    own = found.scars.labels == 3
    assert (cells & own).sum() / (cells | own).sum() > 0.9


def test_outlines_are_in_pixels_of_the_photo(make_skin):
    grid = make_skin(oversample=4).grid
    cells = cells_of(square(200, 100, 40), grid_places(grid))
    rows, cols = np.nonzero(cells)
    assert (cols.mean() + 0.5) * 4 == pytest.approx(200, abs=2)
    assert (rows.mean() + 0.5) * 4 == pytest.approx(100, abs=2)
    assert len(rows) == pytest.approx(400, rel=0.1)


def test_cells_beyond_the_alignment_are_none():
    nowhere = np.full((5, 5), np.nan, np.float32)
    assert not cells_of(square(2, 2, 2), (nowhere, nowhere)).any()


def test_a_region_is_a_mask_of_the_photo():
    assert Edits().roi((10, 10)) is None
    assert not Edits()
    mask = Edits(region=square(5, 5, 2.5)).roi((10, 20))
    assert mask.shape == (10, 20)
    assert mask.sum() == 25


# --- in a pair ------------------------------------------------------------------------------------


def pair_of(make_skin, make_scars, later, depths=(0.05, 0.05)):
    skin = make_skin()
    first, second = make_scars(skin, CONES), make_scars(skin, later)
    return tuple(
        Found(scars, np.full(scars.labels.shape, depth, np.float32))
        for scars, depth in zip((first, second), depths, strict=True)
    )


def applied(pair, before=(), after=(), shift=0):
    own = grid_places(pair[0].scars.skin.grid)
    there = own[0] + np.float32(shift), own[1]
    found = apply_to_pair(*pair, (before, after), (own, there), least_share=0.25)
    return [list(one.scars.table["scar_id"]) for one in found], found


def test_what_one_photo_rejects_counts_in_neither(make_skin, make_scars):
    later = [(31, 31, 7, 0.2, "boxcar"), (120, 90, 9, 0.1, "rolling")]
    pair = pair_of(make_skin, make_scars, later)
    reject = Edit("reject", 1, outline=square(30, 30, 8))
    assert applied(pair, before=[reject])[0] == [[2, 3], [2]]
    assert applied(pair, after=[reject])[0] == [[2, 3], [2]]


def test_what_is_faint_where_one_photo_rejects_goes_from_both(make_skin, make_scars):
    pair = pair_of(make_skin, make_scars, [(120, 90, 9, 0.1, "rolling")])  # too faint there
    faint = np.full(pair[0].scars.labels.shape, 0.002, np.float32)
    pair = tuple(Found(replace(one.scars, faint=faint.copy()), one.depth) for one in pair)
    reject = Edit("reject", 1, outline=square(30, 30, 8))
    for found in applied(pair, before=[reject])[1]:
        assert (found.scars.faint[22:38, 22:38] == 0).all()
        assert found.scars.faint[70, 70] > 0


@pytest.mark.parametrize(
    ("later", "depth"),
    [([(70, 70, 5, 0.2, "icepick")], 0.05), ([], 0.05), ([], 0.002)],
    ids=["found there", "missed there", "healed there"],
)
def test_what_is_faint_where_one_photo_adds_goes_from_both(make_skin, make_scars, later, depth):
    pair = pair_of(make_skin, make_scars, [*CONES, *later], (0.05, depth))
    pair = tuple(
        Found(
            replace(one.scars, faint=np.where(one.scars.labels > 0, 0, 0.002).astype(np.float32)),
            one.depth,
        )
        for one in pair
    )
    for found in applied(pair, before=[add(70, 70, 5)])[1]:
        about = found.scars.labels[60:81, 60:81] == 0
        assert (found.scars.faint[60:81, 60:81][about] == 0).all()
        assert found.scars.faint[100, 60] > 0


def test_what_is_faint_about_another_scar_stays(found):
    labels = found.scars.labels
    faint = np.where(labels > 0, 0, 0.002).astype(np.float32)
    near = add(64, 40, 8)  # between scars 1 and 2, whose rims begin at 38 and 75
    scars = apply_edits(Found(replace(found.scars, faint=faint), found.depth), [near])
    assert (scars.faint[40, 47:56] == 0).all()
    assert scars.faint[40, 73] == 0
    assert scars.faint[40, 74] == faint[40, 74] > 0


def test_places_of_the_later_photo_are_taken_where_they_lie_there(make_skin, make_scars):
    pair = pair_of(make_skin, make_scars, CONES)
    reject = Edit("reject", 1, outline=square(130, 30, 8))  # the later photo lies 100 px off
    assert applied(pair, after=[reject], shift=100)[0] == [[2, 3], [2, 3]]
    assert applied(pair, after=[reject])[0] == [[1, 2, 3], [1, 2, 3]]


def test_what_one_photo_adds_counts_in_both_unless_it_has_healed(make_skin, make_scars):
    edit = add(40, 90)
    pair = pair_of(make_skin, make_scars, CONES)
    assert applied(pair, before=[edit])[0] == [[1, 2, 3, 4], [1, 2, 3, 4]]
    assert applied(pair, after=[edit])[0] == [[1, 2, 3, 4], [1, 2, 3, 4]]
    healed = pair_of(make_skin, make_scars, CONES, depths=(0.05, 0.01))
    assert applied(healed, before=[edit])[0] == [[1, 2, 3, 4], [1, 2, 3]]
    assert applied(healed, after=[edit])[0] == [[1, 2, 3, 4], [1, 2, 3, 4]]
    new = pair_of(make_skin, make_scars, CONES, depths=(0.01, 0.05))
    assert applied(new, after=[edit])[0] == [[1, 2, 3], [1, 2, 3, 4]]


def test_a_scar_that_both_photos_add_is_laid_once_in_each(make_skin, make_scars):
    pair = pair_of(make_skin, make_scars, CONES)
    numbers, found = applied(pair, before=[add(40, 90)], after=[add(41, 90)])
    assert numbers == [[1, 2, 3, 4], [1, 2, 3, 4]]
    assert found[0].depth is pair[0].depth


def test_a_type_is_stated_of_one_photo_only(make_skin, make_scars):
    pair = pair_of(make_skin, make_scars, CONES)
    edit = Edit("retype", 7, "rolling", square(30, 30, 8))
    _, (before, after) = applied(pair, before=[edit])
    assert before.scars.table["type"].tolist() == ["rolling", "icepick", "rolling"]
    assert after.scars.table["type"].tolist() == ["boxcar", "icepick", "rolling"]
