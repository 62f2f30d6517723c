"""Matching and comparison against cases that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.errors import ParamsError, ScaleError, ScarsError
from scarscope.validation import compare_photo, dice, mark, match_centres, match_overlap
from scarscope.validation.compare import PHOTO_COLUMNS, SCAR_COLUMNS
from scarscope.validation.marked import COLUMNS
from scarscope.validation.matching import match_scars, overlaps

MM = 0.1  # every label image here is a tenth of a millimetre a pixel


def squares(*boxes, shape=(200, 200)):
    """Labels 1, 2, ... as squares (row, column, side)."""
    labels = np.zeros(shape, np.int32)
    for k, (row, column, side) in enumerate(boxes, start=1):
        labels[row : row + side, column : column + side] = k
    return labels


def marked(*boxes, **options):
    return mark(squares(*boxes), mm_per_px=MM, **options)


TWO = ((20, 20, 15), (100, 120, 30))


def test_a_perfect_answer_is_perfect():
    photo = compare_photo(marked(*TWO), marked(*TWO)).photo
    assert (photo["hit_3mm"], photo["false_3mm"], photo["missed_3mm"]) == (2, 0, 0)
    assert (photo["hit_iou"], photo["false_iou"], photo["missed_iou"]) == (2, 0, 0)
    assert photo["dice"] == 1.0


@pytest.mark.parametrize(("shift_px", "hits"), [(29, 1), (30, 1), (31, 0)])
def test_centres_match_up_to_3_mm(shift_px, hits):
    found, truth = marked((50, 50, 10)), marked((50, 50 + shift_px, 10))
    photo = compare_photo(found, truth).photo
    assert photo["hit_3mm"] == hits
    assert photo["false_3mm"] == photo["missed_3mm"] == 1 - hits
    assert photo["hit_iou"] == 0


def test_chance_is_what_mirrored_marks_would_find():
    aside, central = ((50, 20, 10), (50, 150, 30)), ((50, 95, 10),)
    for boxes, chance in ((aside[:1], 0), (aside, 2), (central, 1)):
        photo = compare_photo(marked(*boxes), marked(*boxes)).photo
        assert photo["chance_3mm"] == chance, boxes


def test_a_split_scar_counts_once_and_its_other_half_is_false():
    truth, found = marked((50, 50, 20)), np.zeros((200, 200), np.int32)
    found[50:70, 50:59], found[50:70, 61:70] = 1, 2
    photo = compare_photo(mark(found, mm_per_px=MM), truth).photo
    assert (photo["hit_3mm"], photo["false_3mm"], photo["missed_3mm"]) == (1, 1, 0)
    assert photo["dice"] == pytest.approx(2 * 360 / (360 + 400))


def test_two_scars_merged_into_one_leave_one_missed():
    truth = marked((50, 50, 10), (50, 62, 10))
    merged = np.zeros((200, 200), np.int32)
    merged[50:60, 50:72] = 7
    photo = compare_photo(mark(merged, mm_per_px=MM), truth).photo
    assert (photo["hit_3mm"], photo["false_3mm"], photo["missed_3mm"]) == (1, 0, 1)


def test_nothing_against_nothing_is_no_evidence():
    compared = compare_photo(marked(), marked())
    assert math.isnan(compared.photo["dice"])
    assert [compared.photo[n] for n in ("n_true", "n_found", "hit_3mm", "false_3mm")] == [0] * 4
    assert list(compared.scars.columns) == list(SCAR_COLUMNS)
    assert compared.scars.empty
    assert list(compared.to_frame().columns) == list(PHOTO_COLUMNS)


def test_found_where_there_is_none_is_false_and_missed_where_nothing_is_found():
    alone, none = marked((50, 50, 10)), marked()
    assert compare_photo(alone, none).photo["false_3mm"] == 1
    assert compare_photo(none, alone).photo["missed_3mm"] == 1
    assert compare_photo(alone, none).photo["dice"] == 0.0


def test_scars_cut_by_the_frame_neither_help_nor_hurt():
    truth = marked((0, 50, 20), (100, 100, 10))
    assert truth.at_edge.tolist() == [True, False]
    for found in (marked((0, 50, 20), (100, 100, 10)), marked((100, 100, 10))):
        photo = compare_photo(found, truth).photo
        assert (photo["hit_3mm"], photo["false_3mm"], photo["missed_3mm"]) == (1, 0, 0)
        assert photo["dice"] == 1.0
        assert photo["n_true"] == photo["n_cut"] == 1


def test_a_whole_scar_is_matched_before_one_at_the_frame():
    # The found scar is nearer to the cut one, but the whole one has first choice.
    truth, found = marked((0, 50, 20), (25, 50, 10)), marked((18, 50, 6))
    photo = compare_photo(found, truth).photo
    assert (photo["hit_3mm"], photo["missed_3mm"], photo["false_3mm"]) == (1, 0, 0)


def test_a_part_of_a_large_cut_scar_far_from_its_centre_is_excused():
    truth, found = marked((0, 0, 120)), marked((100, 100, 10))
    assert compare_photo(found, truth).photo["false_3mm"] == 0
    outside = marked((150, 150, 10))
    assert compare_photo(outside, truth).photo["false_3mm"] == 1


def test_the_most_pairs_win_over_the_closest():
    a = np.array([[0.0, 0.0], [2.0, 0.0]])
    b = np.array([[1.9, 0.0], [4.5, 0.0]])
    assert match_centres(a, b).tolist() == [[0, 0], [1, 1]]


def test_overlap_is_intersection_over_union():
    found, truth = marked((50, 50, 10)), marked((50, 55, 10))
    assert overlaps(found, truth).tolist() == [[pytest.approx(50 / 150)]]
    assert len(match_scars(found, truth, criterion="iou").pairs) == 1
    assert len(match_scars(found, truth, criterion="iou", least_iou=0.34).pairs) == 0


def test_scar_rows_carry_both_sides():
    table = pd.DataFrame(
        {"scar_id": [1], "type": ["icepick"], "depth_um": [300.0], "width_mm": [1.2]}
    )
    found = marked((50, 50, 10), table=table.assign(depth_um=250.0, type="boxcar"))
    rows = compare_photo(found, marked((50, 60, 10), table=table)).scars
    near = rows[rows["criterion"] == "3mm"].iloc[0]
    assert near["status"] == "found"
    assert (near["true_type"], near["found_type"]) == ("icepick", "boxcar")
    assert (near["true_depth_um"], near["found_depth_um"]) == (300.0, 250.0)
    assert near["distance_mm"] == pytest.approx(1.0)
    far = rows[rows["criterion"] == "iou"]
    assert sorted(far["status"]) == ["false", "missed"]


def test_sizes_come_from_the_outline_and_the_depth_map():
    labels = squares((50, 50, 20))
    depth = np.where(labels > 0, 200, 0).astype(np.uint16)
    depth[55, 55] = 500
    table = mark(labels, mm_per_px=MM, depth_um=depth).table
    assert list(table.columns) == list(COLUMNS)
    row = table.iloc[0]
    assert row["area_mm2"] == pytest.approx(4.0)
    assert row["depth_um"] == 500
    assert row["volume_mm3"] == pytest.approx(4.0 * 0.2 + 0.01 * 0.3)
    # A square of side s has the second moments of an ellipse with axes 2 s / sqrt(3).
    assert row["width_mm"] == pytest.approx(4 / math.sqrt(12) * 2.0, rel=1e-3)


def test_numbers_may_have_gaps():
    labels = squares((20, 20, 15), (100, 120, 30)) * 40
    compared = compare_photo(mark(labels, mm_per_px=MM), marked(*TWO))
    assert compared.photo["hit_iou"] == 2
    near = compared.scars[compared.scars["criterion"] == "iou"]
    assert near[["true_id", "found_id"]].to_numpy().tolist() == [[1, 40], [2, 80]]


@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(0, 8))
def test_matching_is_one_to_one_and_symmetric(seed, n, m):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 12, (n, 2)), rng.uniform(0, 12, (m, 2))
    pairs, back = match_centres(a, b), match_centres(b, a)
    assert len(pairs) == len(back) <= min(n, m)
    assert len({i for i, _ in pairs.tolist()}) == len({j for _, j in pairs.tolist()}) == len(pairs)
    apart = np.linalg.norm(a[pairs[:, 0]] - b[pairs[:, 1]], axis=1)
    assert (apart <= 3.0).all()


def scattered(rng):
    boxes = rng.integers((0, 0, 1), (75, 75, 12), (5, 3)).tolist()
    return squares(*boxes, shape=(80, 80))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_counts_add_up(seed):
    rng = np.random.default_rng(seed)
    sides = [mark(scattered(rng), mm_per_px=MM) for _ in range(2)]
    photo = compare_photo(*sides).photo
    for by in ("3mm", "iou"):
        assert photo[f"hit_{by}"] + photo[f"missed_{by}"] == photo["n_true"]
        assert photo[f"hit_{by}"] + photo[f"false_{by}"] <= photo["n_found"]
    both = photo["shared_area_mm2"]
    assert both <= min(photo["true_area_mm2"], photo["found_area_mm2"])


def test_dice():
    a, b = np.array([True, True, False]), np.array([True, False, False])
    assert dice(a, b) == pytest.approx(2 / 3)
    assert math.isnan(dice(a & False, b & False))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ScarsError, match="shape"):
        mark(np.zeros((3, 3, 3), int), mm_per_px=MM)
    with pytest.raises(ScarsError, match="float"):
        mark(np.zeros((3, 3)), mm_per_px=MM)
    with pytest.raises(ScarsError, match="depth map"):
        mark(np.zeros((3, 3), int), mm_per_px=MM, depth_um=np.zeros((2, 2)))
    with pytest.raises(ScaleError, match="nan"):
        mark(np.zeros((3, 3), int), mm_per_px=math.nan)
    with pytest.raises(ScarsError, match="upright photo"):
        compare_photo(mark(np.zeros((3, 4), int), mm_per_px=MM), marked())
    with pytest.raises(ParamsError, match="radius"):
        match_centres(np.zeros((1, 2)), np.zeros((1, 2)), radius=0)
    with pytest.raises(ParamsError, match="least"):
        match_overlap(np.zeros((1, 1)), least=1.0)
