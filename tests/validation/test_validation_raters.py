"""Agreement of raters against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.errors import LayoutError, ParamsError, ScaleError
from scarscope.validation import agree, compare_raters, mark, write_agreement
from scarscope.validation.raters import union

MM = 0.1


def dots(*places, shape=(200, 200)):
    """Scars of 1 mm at (x, y) in mm."""
    labels = np.zeros(shape, np.int32)
    for k, (x, y) in enumerate(places, start=1):
        row, column = round(y / MM), round(x / MM)
        labels[row : row + 10, column : column + 10] = k
    return labels


def marked(*places):
    return mark(dots(*places), mm_per_px=MM)


def test_three_raters_as_kang_counted():
    a = marked((2, 2), (8, 8), (15, 15))
    b = marked((2, 3), (8, 8))
    c = marked((2, 2.5), (15, 2))
    result = agree({"p": [a, b, c]}, names=["a", "b", "c"])
    assert len(result.scars) == 4
    assert result.share_all == 1 / 4
    assert result.share_two == 2 / 4
    assert result.counts[["a", "b", "c"]].iloc[0].tolist() == [3, 2, 2]
    pairs = result.pairs.set_index(["rater_a", "rater_b"])
    assert pairs.loc[("a", "b"), "f1"] == pytest.approx(4 / 5)
    assert pairs.loc[("b", "c"), "f1"] == pytest.approx(2 / 4)
    assert math.isnan(result.count_icc)


def test_the_same_raters_agree_wholly():
    a = marked((2, 2), (8, 8), (15, 15))
    result = agree({"p": [a, a], "q": [marked((5, 5)), marked((5, 5))]}, names=["a", "b"])
    row = result.pairs.iloc[0]
    assert (row["f1"], row["dice"], row["kappa_presence"]) == (1.0, 1.0, 1.0)
    assert result.share_all == 1.0
    assert result.count_icc == pytest.approx(1.0)


def test_raters_without_any_scar_say_nothing():
    result = agree({"p": [marked(), marked()]}, names=["a", "b"])
    assert math.isnan(result.share_all)
    assert math.isnan(result.pairs["f1"].iloc[0])
    assert result.scars.empty


def test_union_takes_means_over_those_who_marked():
    centres, by_whom = union([np.array([[0.0, 0.0]]), np.array([[2.0, 0.0], [9.0, 9.0]])])
    assert centres.tolist() == [[1.0, 0.0], [9.0, 9.0]]
    assert by_whom.tolist() == [[True, True], [False, True]]


def save(path, labels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels.astype(np.uint16)).save(path)


def test_folders_of_raters(tmp_path):
    save(tmp_path / "anna" / "P1.png", dots((2, 2), (8, 8)))
    save(tmp_path / "anna" / "P2.png", dots((2, 2)))
    save(tmp_path / "ben" / "P1.png", dots((2, 2)))
    folders = [tmp_path / "anna", tmp_path / "ben"]
    result = compare_raters(folders, mm_per_px=MM)
    assert result.counts.to_dict(orient="records") == [{"photo": "P1", "anna": 2, "ben": 1}]
    files = write_agreement(result, tmp_path / "out")
    assert pd.read_csv(files[0])["f1"].tolist() == [pytest.approx(2 / 3, abs=1e-5)]
    with pytest.raises(ScaleError, match="P1 has no scale"):
        compare_raters(folders)
    with pytest.raises(ParamsError, match="1 rater"):
        compare_raters(folders[:1], mm_per_px=MM)


def test_raters_of_other_photos_are_refused(tmp_path):
    save(tmp_path / "a" / "P1.png", dots((2, 2)))
    save(tmp_path / "b" / "P2.png", dots((2, 2)))
    with pytest.raises(LayoutError, match="share no photo"):
        compare_raters([tmp_path / "a", tmp_path / "b"], mm_per_px=MM)


def test_one_raters_drawing_is_not_that_of_two_photos(tmp_path):
    for path in ("a/P1/left.png", "a/P2/left.png", "b/left.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        save(tmp_path / path, dots((2, 2)))
    with pytest.raises(LayoutError, match="could be the drawing of 2 photos"):
        compare_raters([tmp_path / "a", tmp_path / "b"], mm_per_px=MM)
