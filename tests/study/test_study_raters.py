"""Raters' sheets: what is refused and how, and agreement against cases worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from rater_fakes import fill, make_batch

from scarscope.errors import ParamsError, ScaleError, StudyError
from scarscope.study.agreement import bland_altman, bland_altman_repeated, cohen_kappa, icc
from scarscope.study.agreement.centres import RADIUS_MM, match_centres, union
from scarscope.study.raters.blinding import blind
from scarscope.study.raters.key import read_key
from scarscope.study.raters.photos import ALL, MEAN, SOFTWARE, photo_agreement
from scarscope.study.raters.questions import as_questions
from scarscope.study.raters.ratings import PLACE, read_marks, read_scores
from scarscope.study.raters.scars import CONSENSUS, in_millimetres, scar_agreement
from scarscope.study.raters.unblinding import unblind, write_unblinded

ASK = ("n_scars", "goodman_baron_grade")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A blinded set: eight photos, two of them shown twice."""
    home = tmp_path_factory.mktemp("raters")
    photos, results = make_batch(home)
    rng = np.random.default_rng(5)
    blind(results, photos, home / "set", ask=ASK, repeats=2, rng=rng)
    return home


@pytest.fixture
def key(home):
    return read_key(home / "results" / "blinding" / "set-KEY-not-for-raters.json")


def number_of(item):
    return 2 * int(item.subject[-2:]) + item.session


def answers(item):
    return {"n_scars": 3 + number_of(item), "goodman_baron_grade": 3}


def edited(file, change):
    lines = file.read_text().splitlines()
    file.write_text("\n".join(change(lines)) + "\n")
    return file


# --- sheets -------------------------------------------------------------------------------------


def test_scores_come_back_to_their_photos(key, tmp_path):
    table = read_scores(fill(key, tmp_path / "anna.csv", answers), key)
    assert list(table) == [*PLACE, *ASK, "comment"]
    assert len(table) == 10
    assert set(table["rater"]) == {"anna"}
    for row in table.itertuples():
        k = 2 * int(row.subject[-2:]) + row.session
        assert row.path == f"{row.subject}/2026-0{row.session + 1}-12/cheek-left.png"
        assert row.n_scars == 3 + k
        assert key.by_code[row.code].path == row.path


@pytest.mark.parametrize("comma", [";", "\t"])
def test_sheets_of_other_countries_are_read(key, tmp_path, comma):
    file = fill(key, tmp_path / "anna.csv", answers)
    plain = read_scores(file, key)
    # A separator behind the last column, as some programs leave it.
    text = "\ufeff" + file.read_text().replace(",", comma).replace("\n", f"{comma}\r\n").lower()
    file.write_bytes(text.encode("utf-8"))
    pd.testing.assert_frame_equal(read_scores(file, key), plain)


def cell(column, value):
    def change(lines):
        parts = lines[3].split(",")
        parts[column] = value
        return [*lines[:3], ",".join(parts), *lines[4:]]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cell(0, "QQQQQQ"), r"row 4: the code 'QQQQQQ' is not in the key"),
        (cell(0, "QQQQQQ"), r"no row: [A-Z]{6} was not rated"),
        (lambda lines: [*lines, lines[1]], r"row 12: [A-Z]{6} was rated in row 2 already"),
        (lambda lines: lines[:-1], r"no row: [A-Z]{6} was not rated"),
        (cell(1, ""), r"row 4: n_scars of [A-Z]{6} is blank"),
        (cell(1, "many"), r"row 4: n_scars of [A-Z]{6} is 'many', not a whole number of 0 or"),
        (cell(1, "2.5"), r"row 4: n_scars of [A-Z]{6} is '2\.5'"),
        (cell(1, "-1"), r"row 4: n_scars of [A-Z]{6} is '-1'"),
        (cell(1, "nan"), r"row 4: n_scars of [A-Z]{6} is 'nan'"),
        (cell(2, "4"), r"row 4: goodman_baron_grade of [A-Z]{6} is '4', not a whole number from 1"),
        (cell(1, "2,5"), r"row 4: it has more cells than the 4 columns"),
        (cell(1, '"2,5"'), r"is '2,5'.*write a point"),
        (lambda lines: [lines[0].replace("n_scars", "n"), *lines[1:]], "no column n_scars"),
        (lambda lines: [lines[0].replace("code", "kode"), *lines[1:]], "among them code"),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused_by_row(key, tmp_path, change, words):
    file = edited(fill(key, tmp_path / "anna.csv", answers), change)
    with pytest.raises(StudyError, match=words):
        read_scores(file, key)


def test_all_wrong_rows_are_told_at_once(key, tmp_path):
    file = fill(key, tmp_path / "anna.csv", lambda item: {**answers(item), "n_scars": -1})
    with pytest.raises(StudyError) as caught:
        read_scores(file, key)
    assert all(f"row {k}:" in caught.value.message for k in range(2, 12))


def test_what_was_not_rated_is_accepted_when_asked_for(key, tmp_path):
    file = edited(fill(key, tmp_path / "anna.csv", answers), lambda lines: cell(1, "")(lines[:-2]))
    table = read_scores(file, key, allow_missing=True)
    assert len(table) == 8
    assert table["n_scars"].isna().sum() == 1
    with pytest.raises(StudyError, match="is not in the key"):
        read_scores(edited(file, cell(0, "QQQQQQ")), key, allow_missing=True)


def marks_sheet(key, file, rows):
    """Marks (code, x, y, width, type); pictures without any get their blank row."""
    seen = {row[0] for row in rows}
    rest = [(item.code, "", "", "", "") for item in key.items if item.code not in seen]
    table = pd.DataFrame([*rows, *rest], columns=["code", "x_px", "y_px", "width_px", "type"])
    table.to_csv(file, index=False)
    return file


def test_marks_come_back_and_no_scar_is_not_not_looked_at(key, tmp_path):
    code = key.items[0].code
    file = marks_sheet(key, tmp_path / "m.csv", [(code, 1.5, 2, 2, "Boxcar"), (code, 9, 9, "", "")])
    marks, looked = read_marks(file, key, rater="anna")
    assert marks[["x_px", "y_px", "type"]].to_numpy().tolist() == [[1.5, 2, "boxcar"], [9, 9, ""]]
    assert len(looked) == 10
    assert set(marks["path"]) == {key.items[0].path}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 81, 5, "", "")], r"row 2: x_px of [A-Z]{6} is '81', not a number from 0 to 80"),
        ([(0, 5, -1, "", "")], r"row 2: y_px of"),
        ([(0, 5, "", "", "")], r"row 2: y_px of [A-Z]{6} is ''"),
        ([(0, 5, 5, 0, "")], r"row 2: width_px of"),
        ([(0, 5, 5, "", "pit")], r"row 2: type of [A-Z]{6} is 'pit', not icepick"),
        ([(0, 5, 5, "", ""), (0, 5, 5, "", "")], "row 3: the same mark stands in row 2"),
        ([(0, 5, 5, "", ""), (0, "", "", "", "")], "row 3: .* no scar, and marks"),
        ([("QQQQQQ", 5, 5, "", "")], "row 2: the code 'QQQQQQ' is not in the key"),
    ],
)
def test_marks_that_do_not_fit_are_refused_by_row(key, tmp_path, rows, words):
    rows = [(key.items[c].code if c == 0 else c, *rest) for c, *rest in rows]
    with pytest.raises(StudyError, match=words):
        read_marks(marks_sheet(key, tmp_path / "m.csv", rows), key)


def test_marks_of_a_picture_that_nobody_looked_at(key, tmp_path):
    file = edited(marks_sheet(key, tmp_path / "m.csv", []), lambda lines: lines[:-1])
    with pytest.raises(StudyError, match="no row: "):
        read_marks(file, key)
    marks, looked = read_marks(file, key, allow_missing=True)
    assert (len(marks), len(looked)) == (0, 9)


# --- photo by photo -----------------------------------------------------------------------------


def ratings(**columns):
    rows = [
        {"rater": rater, "path": f"p{k}", "subject": f"s{k}", "repeat": 1, "n_scars": value,
         "goodman_baron_grade": 1 + value % 3}
        for rater, values in columns.items() for k, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


ANNA, BEN = [3, 5, 9, 12, 7, 4], [4, 5, 8, 15, 7, 3]


def test_agreement_is_that_of_the_statistics_themselves():
    table = photo_agreement(ratings(anna=ANNA, ben=BEN), as_questions(ASK))
    row = table[(table["measure"] == "n_scars") & (table["a"] == "anna")].iloc[0]
    wanted, limits = icc(np.transpose([ANNA, BEN])), bland_altman(ANNA, BEN)
    assert (row["icc"], row["icc_low"], row["icc_high"]) == pytest.approx(
        (wanted.value, wanted.low, wanted.high)
    )
    assert (row["bias"], row["lower"], row["upper"]) == pytest.approx(
        (limits.bias, limits.lower, limits.upper)
    )
    assert (row["limits"], row["n_photos"], row["n_subjects"]) == ("single", 6, 6)
    assert math.isnan(row["kappa"])  # a count is no grade
    row = table[(table["measure"] == "goodman_baron_grade") & (table["a"] == "anna")].iloc[0]
    grades = [[1 + v % 3 for v in side] for side in (ANNA, BEN)]
    kappa = cohen_kappa(*grades, weights="quadratic", labels=[1, 2, 3])
    assert row["kappa"] == pytest.approx(kappa.value)
    assert row["same_share"] == np.mean(np.equal(*grades))
    assert (table["a"] == ALL).sum() == 2


def test_the_software_is_held_against_each_rater_and_their_mean():
    photos = pd.DataFrame(
        {"path": [f"p{k}" for k in range(6)], "n_scars": ANNA,
         "goodman_baron_grade": ["<=1", "2", ">=3", "", "2", ">=3"]}
    )  # fmt: skip
    table = photo_agreement(ratings(anna=ANNA, ben=BEN), as_questions(ASK), photos)
    own = table[(table["measure"] == "n_scars") & (table["a"] == SOFTWARE)].set_index("b")
    assert list(own.index) == ["anna", "ben", MEAN]
    assert (own.loc["anna", "icc"], own.loc["anna", "bias"]) == (1.0, 0.0)
    assert own.loc[MEAN, "bias"] == pytest.approx((np.mean(ANNA) - np.mean(BEN)) / 2)
    grade = table[(table["measure"] == "goodman_baron_grade") & (table["a"] == SOFTWARE)]
    assert grade["n_photos"].tolist() == [5, 5, 5]  # one photo has no grade


def test_several_photos_of_a_subject_take_limits_for_repeats():
    table = ratings(anna=ANNA, ben=BEN).assign(subject=["a", "a", "b", "b", "c", "c"] * 2)
    row = photo_agreement(table, as_questions(["n_scars"])).iloc[0]
    assert (row["limits"], row["n_subjects"]) == ("repeated", 3)
    wanted = bland_altman_repeated(ANNA, BEN, ["a", "a", "b", "b", "c", "c"])
    assert (row["lower"], row["upper"]) == pytest.approx((wanted.lower, wanted.upper))


def test_too_little_leaves_gaps_and_no_row_missing():
    table = photo_agreement(ratings(anna=[3], ben=[4]), as_questions(ASK))
    assert len(table) == 4
    assert table[["icc", "kappa", "lower"]].isna().all(axis=None)
    empty = photo_agreement(ratings(anna=ANNA).iloc[:0], as_questions(ASK))
    assert empty.empty
    assert list(empty) == list(table)


def test_a_rater_who_rated_twice_is_refused():
    with pytest.raises(StudyError, match="anna rated p0 twice"):
        photo_agreement(pd.concat([ratings(anna=ANNA)] * 2), as_questions(ASK))


# --- scar by scar -------------------------------------------------------------------------------


def marks_of(**places):
    rows = [
        {"photo": photo, "subject": f"of {photo}", "party": party, "x_mm": x, "y_mm": y,
         "width_mm": width, "type": kind}
        for party, own in places.items() for photo, x, y, width, kind in own
    ]  # fmt: skip
    return pd.DataFrame(rows)


def looked_of(parties, photos=("p",)):
    rows = [(party, photo, f"of {photo}") for party in parties for photo in photos]
    return pd.DataFrame(rows, columns=["party", "photo", "subject"])


BOX = (1.0, "boxcar")
A = [("p", 2, 2, *BOX), ("p", 8, 8, *BOX), ("p", 15, 15, 5.0, "rolling")]
B = [("p", 2, 3, *BOX), ("p", 8, 8, 1.5, "icepick")]
C = [("p", 2, 2.5, *BOX), ("p", 15, 2, *BOX)]


def test_three_raters_as_kang_counted():
    found = scar_agreement(marks_of(a=A, b=B, c=C), looked_of("abc"))
    assert len(found.scars) == 4
    assert (found.share_all, found.share_two) == (1 / 4, 2 / 4)
    pairs = found.pairs.set_index(["a", "b"])
    assert pairs.loc[("a", "b"), ["n_a", "n_b", "n_both"]].tolist() == [3, 2, 2]
    assert pairs.loc[("a", "b"), "f1"] == pytest.approx(4 / 5)
    assert pairs.loc[("a", "b"), "share_of_a"] == pytest.approx(2 / 3)
    assert pairs.loc[("a", "b"), "kappa_type"] == pytest.approx(
        cohen_kappa(["boxcar", "boxcar"], ["boxcar", "icepick"]).value
    )
    assert pairs.loc[("b", "c"), "f1"] == pytest.approx(2 / 4)
    assert math.isnan(pairs.loc[("a", "b"), "f1_low"])  # one subject has no interval


def test_the_software_against_raters_and_their_consensus():
    found = scar_agreement(marks_of(a=A, b=B, **{SOFTWARE: A}), looked_of(["a", "b", SOFTWARE]))
    pairs = found.pairs.set_index(["a", "b"])
    assert pairs.loc[(SOFTWARE, "a"), "f1"] == 1.0
    own = pairs.loc[(SOFTWARE, CONSENSUS)]
    assert own[["n_a", "n_b", "n_both"]].tolist() == [3, 2, 2]
    assert list(found.scars) == ["photo", "x_mm", "y_mm", "a", "b"]


def test_no_scar_counts_and_not_looked_at_does_not():
    marks = marks_of(a=[("p", 2, 2, *BOX), ("q", 2, 2, *BOX)], b=[("p", 2, 2, *BOX)])
    both = scar_agreement(marks, looked_of("ab", ("p", "q")))
    assert both.pairs["f1"].iloc[0] == pytest.approx(2 / 3)
    part = looked_of("ab", ("p", "q")).iloc[:3]
    assert scar_agreement(marks, part).pairs["f1"].iloc[0] == 1.0
    with pytest.raises(StudyError, match="no photo that a, b all looked at"):
        scar_agreement(marks, looked_of("ab", ("p", "q")).iloc[[0, 3]])
    with pytest.raises(StudyError, match="1 party"):
        scar_agreement(marks, looked_of("a"))


def test_intervals_hold_f1_and_know_subjects():
    rng = np.random.default_rng(3)
    photos = [f"p{k}" for k in range(12)]
    a = [(p, *rng.uniform(0, 60, 2), *BOX) for p in photos for _ in range(5)]
    b = [row for row in a if rng.random() < 0.7]
    found = scar_agreement(marks_of(a=a, b=b), looked_of("ab", photos)).pairs.iloc[0]
    assert found["f1_low"] < found["f1"] < found["f1_high"]
    one = looked_of("ab", photos).assign(subject="the same")
    assert math.isnan(scar_agreement(marks_of(a=a, b=b), one).pairs["f1_low"].iloc[0])


def test_a_radius_away_is_the_same_scar_and_more_is_not():
    points = np.array([[0.0, 0.0]])
    for distance, pairs in ((RADIUS_MM, 1), (RADIUS_MM + 1e-3, 0)):
        assert len(match_centres(points, np.add(points, [distance, 0]))) == pairs
    # The closest would leave one alone: as many pairs as can be go first.
    a, b = np.array([[0.0, 0], [3, 0]]), np.array([[1.5, 0], [5.5, 0]])
    assert match_centres(a, b).tolist() == [[0, 0], [1, 1]]
    with pytest.raises(ParamsError, match="not positive"):
        match_centres(a, b, radius=0)
    centres, by_whom = union([np.array([[0.0, 0.0]]), np.array([[2.0, 0.0], [9.0, 9.0]])])
    assert centres.tolist() == [[1.0, 0.0], [9.0, 9.0]]
    assert by_whom.tolist() == [[True, True], [False, True]]


def test_marks_need_a_scale():
    marks = pd.DataFrame({"path": ["p"], "subject": "s", "x_px": 4.0, "y_px": 6.0, "width_px": 2})
    photos = pd.DataFrame({"path": ["p"], "mm_per_px": [0.5]})
    row = in_millimetres(marks, photos, "anna").iloc[0]
    assert row[["x_mm", "y_mm", "width_mm", "type"]].tolist() == [2, 3, 1, ""]
    with pytest.raises(ScaleError, match="p has no scale"):
        in_millimetres(marks, photos.assign(mm_per_px=math.nan), "anna")


# --- all together -------------------------------------------------------------------------------


def test_a_round_trip_from_photos_to_agreement(home, key, tmp_path):
    """One rater repeats the software, another counts one more and marks half of its scars."""
    scars = pd.read_csv(home / "results" / "scars.csv")
    sheets = [
        fill(key, tmp_path / "anna.csv", answers),
        fill(key, tmp_path / "ben.csv", lambda i: {**answers(i), "n_scars": 4 + number_of(i)}),
    ]
    rows = [
        (item.code, r.x_px, r.y_px, 2, r.type)
        for item in key.items
        for r in scars[scars["path"] == item.path].itertuples()
    ]
    anna = marks_sheet(key, tmp_path / "anna-marks.csv", rows)
    ben = marks_sheet(key, tmp_path / "ben-marks.csv", rows[::2])
    found = unblind(home / "results", sheets, marks=[anna, ben])
    own = found.agreement.set_index(["measure", "a", "b"])
    assert own.loc[("n_scars", SOFTWARE, "anna"), "icc"] == 1.0
    assert own.loc[("n_scars", SOFTWARE, "ben"), "bias"] == pytest.approx(-1)
    assert own.loc[("n_scars", "anna", "anna again"), "n_photos"] == 2
    assert own.loc[("n_scars", "anna", "ben"), "n_photos"] == 8  # second showings do not count
    pairs = found.scar_agreement.set_index(["a", "b"])
    assert pairs.loc[(SOFTWARE, "anna"), "f1"] == 1.0
    assert pairs.loc[("anna", "anna again"), ["n_photos", "f1"]].tolist() == [2, 1.0]
    assert 0.5 < pairs.loc[(SOFTWARE, "ben"), "f1"] < 0.8
    assert found.share_all == found.share_two < 0.6
    files = write_unblinded(found, tmp_path / "out")
    assert [f.stem for f in files] == list(found.tables())
    assert len(pd.read_csv(tmp_path / "out" / "ratings.csv")) == 20


def test_scores_alone_and_marks_alone(home, key, tmp_path):
    scores = unblind(home / "results", [fill(key, tmp_path / "anna.csv", answers)])
    assert scores.marks.empty
    assert scores.scar_agreement.empty
    assert "f1" in scores.scar_agreement
    marks = unblind(home / "results", marks=[marks_sheet(key, tmp_path / "anna-marks.csv", [])])
    assert marks.agreement.empty
    assert marks.scar_agreement["n_b"].tolist()[0] == 0


def test_what_was_not_rated_is_said(home, key, tmp_path):
    file = edited(fill(key, tmp_path / "anna.csv", answers), lambda lines: lines[:-2])
    found = unblind(home / "results", [file], allow_missing=True)
    assert found.notes == ("anna rated 8 of 10 pictures, 0 answers are blank.",)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "No sheet"),
        (["a/anna.csv", "b/anna.csv"], "both by the rater anna"),
        (["scarscope.csv"], "stands for something else"),
        (["anna again.csv"], "stands for something else"),
    ],
)
def test_raters_have_names_of_their_own(home, key, tmp_path, names, words):
    files = [tmp_path / name for name in names]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        fill(key, file, answers)
    with pytest.raises(ParamsError, match=words):
        unblind(home / "results", files)


def test_the_key_of_another_batch_is_refused(home, key, tmp_path):
    photos, results = make_batch(tmp_path, size=(90, 70))
    blind(results, photos, tmp_path / "set")
    with pytest.raises(StudyError, match="does not fit this batch"):
        unblind(
            results,
            [fill(key, tmp_path / "anna.csv", answers)],
            key=home / "results" / "blinding" / "set-KEY-not-for-raters.json",
        )
