import contextlib
import os
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.batch import Template, list_photos
from scarscope.batch.entry import Entry, inside, number_sessions, parse_day, parse_session
from scarscope.batch.scan import PICTURES
from scarscope.errors import LayoutError

NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


def lay(folder: Path, *paths: str) -> Path:
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return folder


def places(listing):
    return [(e.path, e.subject, e.session, e.view) for e in listing.entries]


def test_default_layout_takes_sessions_and_dates(tmp_path):
    lay(
        tmp_path,
        "P01/s0/left.jpg",
        "P01/session 1/left.JPG",
        "P02/2026-03-01/left.png",
        "P02/20260405/left.tif",
        "P02/20260405/right.tif",
    )
    listing = list_photos(tmp_path)
    assert places(listing) == [
        ("P01/s0/left.jpg", "P01", 0, "left"),
        ("P01/session 1/left.JPG", "P01", 1, "left"),
        ("P02/2026-03-01/left.png", "P02", 0, "left"),
        ("P02/20260405/left.tif", "P02", 1, "left"),
        ("P02/20260405/right.tif", "P02", 1, "right"),
    ]
    assert listing.entries[2].day == date(2026, 3, 1)
    assert listing.notes == listing.skipped == ()


def test_clutter_and_own_outputs_are_passed_over(tmp_path):
    lay(
        tmp_path,
        "P01/s0/left.jpg",
        "P01/s0/.hidden.jpg",
        "P01/s0/._left.jpg",
        "P01/s0/left_thumb.jpg",
        "P01/s0/notes.txt",
        ".git/s0/left.jpg",
        "thumbnails/s0/left.jpg",
        "__MACOSX/s0/left.jpg",
        "truth/s0/left.png",
        "masks/s0/left.png",
        "old/scarscope.sqlite",
        "old/s0/left.jpg",
        ".ipynb_checkpoints/s0/left.jpg",
    )
    listing = list_photos(tmp_path)
    assert [e.path for e in listing.entries] == ["P01/s0/left.jpg"]
    assert listing.skipped == ()


def test_pictures_that_do_not_fit_are_reported(tmp_path):
    lay(tmp_path, "P01/s0/left.jpg", "P01/left.jpg", "P01/week/left.jpg", "P01/s0/left.dng")
    skipped = {s.path: s.reason for s in list_photos(tmp_path).skipped}
    assert set(skipped) == {"P01/left.jpg", "P01/week/left.jpg", "P01/s0/left.dng"}
    assert "layout" in skipped["P01/left.jpg"]
    assert "session or date" in skipped["P01/week/left.jpg"]
    assert "raw" in skipped["P01/s0/left.dng"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_are_reported(tmp_path):
    lay(tmp_path, "P01/s0/left.jpg", "P01/s0/le\nft.jpg", os.fsdecode(b"P01/s0/\xff.jpg"))
    listing = list_photos(tmp_path)
    assert [e.path for e in listing.entries] == ["P01/s0/left.jpg"]
    assert [s.reason for s in listing.skipped] == ["its name is not plain text"] * 2


def test_a_heap_of_photos_is_scored_with_a_note(tmp_path):
    listing = list_photos(lay(tmp_path, "anna.jpg", "李.png"))
    assert places(listing) == [("anna.jpg", "anna", 0, "photo"), ("李.png", "李", 0, "photo")]
    assert "subject of its own" in listing.notes[0]


def test_files_of_formats_that_are_refused_are_not_lost(tmp_path):
    listing = list_photos(lay(tmp_path, "P01/s0/left.heic"))
    assert [e.path for e in listing.entries] == ["P01/s0/left.heic"]


def test_two_photos_of_one_place_are_noted(tmp_path):
    listing = list_photos(lay(tmp_path, "P01/s0/left.jpg", "P01/s0/left.png"))
    assert "retest" in listing.notes[0]


def test_template_goes_before_the_manifest(tmp_path):
    lay(tmp_path, "P01/2026-03-01_left.jpg", "P01/2026-04-05_left.jpg", "P01/x.jpg")
    (tmp_path / "manifest.csv").write_text("rubbish", encoding="utf-8")
    listing = list_photos(tmp_path, layout="{subject}/{date}_{view}")
    assert places(listing) == [
        ("P01/2026-03-01_left.jpg", "P01", 0, "left"),
        ("P01/2026-04-05_left.jpg", "P01", 1, "left"),
    ]
    assert [s.path for s in listing.skipped] == ["P01/x.jpg"]
    assert "manifest.csv is not read" in listing.notes[0]


def test_template_may_name_extension_side_and_kind(tmp_path):
    lay(tmp_path, "P01_0_left_retest.jpg", "P01_0_left_retest.png")
    listing = list_photos(tmp_path, layout=r"{subject}_{session}_{side}_{kind}.jpg")
    assert [e.path for e in listing.entries] == ["P01_0_left_retest.jpg"]
    assert listing.entries[0].kind == "retest"
    assert listing.entries[0].extra == (("side", "left"),)


@pytest.mark.parametrize(
    "text",
    [
        "{subject}/{visit}",
        "{view}/{session}",
        "{subject}/{subject}",
        "{subject}{view}",
        "{subject",
        "{subject!r}/{view}",
        "{subject:03d}/{view}",
        "{}/{subject}",
        "{subject}/{0}",
    ],
)
def test_templates_that_cannot_work_are_refused_with_the_names(text):
    with pytest.raises(LayoutError, match="cannot be used") as caught:
        Template(text)
    assert "subject, session, date, view" in caught.value.remedy


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("P01/2026-03_left.jpg", "'2026-03_left' is not {date}_{view}"),
        ("P01/a/b.jpg", "2 folder(s) deep, not 1"),
        ("x.jpg", "0 folder(s) deep, not 1"),
    ],
)
def test_a_mismatch_names_the_part(tmp_path, path, words):
    lay(tmp_path, "P01/2026-03-01_left.jpg", path)
    (skipped,) = list_photos(tmp_path, layout="{subject}/{date}_{view}").skipped
    assert words in skipped.reason
    assert "--layout" in skipped.remedy


def test_a_mask_that_a_sidecar_names_is_no_photo(tmp_path):
    lay(tmp_path, "P01/s0/left.jpg", "P01/s0/left_mask.png", "P01/s1/left.jpg")
    sidecar = tmp_path / "P01/s0/left.jpg.json"
    sidecar.write_text('{"roi": "left_mask.png"}', encoding="utf-8")
    (tmp_path / "P01/s1/left.jpg.json").write_text("broken", encoding="utf-8")
    listing = list_photos(tmp_path)
    assert [e.path for e in listing.entries] == ["P01/s0/left.jpg", "P01/s1/left.jpg"]
    assert listing.skipped == ()


def test_an_empty_layout_is_refused(tmp_path):
    with pytest.raises(LayoutError, match="has no"):
        list_photos(lay(tmp_path, "P01/s0/left.jpg"), layout="")


@given(st.text(max_size=30))
def test_any_template_text_is_taken_or_refused(text):
    try:
        template = Template(text)
    except LayoutError:
        return
    values = template.match("P01/s0/left.jpg")
    assert values is None or values["subject"]


@given(
    NAMES, st.dates(date(1990, 1, 1), date(2100, 1, 1)), NAMES, st.sampled_from(sorted(PICTURES))
)
def test_templates_give_back_what_was_put_in(subject, day, view, suffix):
    path = f"{subject}/{day.isoformat()}_{view}{suffix}"
    values = Template("{subject}/{date}_{view}").match(path)
    assert values == {"subject": subject, "date": day.isoformat(), "view": view}


@given(st.sets(st.dates(), min_size=1, max_size=8), st.randoms())
def test_sessions_are_numbered_by_date(days, random):
    shuffled = list(days)
    random.shuffle(shuffled)
    entries = [Entry(f"{d}.jpg", "P", "left", None, d) for d in shuffled]
    by_number = {e.session: e.day for e in number_sessions(entries)}
    assert [by_number[k] for k in range(len(days))] == sorted(days)


def test_views_are_numbered_together_and_a_day_counts_once():
    day = date(2026, 3, 1)
    entries = [
        Entry("a", "P", "left", None, day),
        Entry("b", "P", "left", None, day, "retest"),
        Entry("c", "P", "right", None, day + timedelta(30)),
        Entry("d", "Q", "right", None, day + timedelta(30)),
    ]
    assert [e.session for e in number_sessions(entries)] == [0, 0, 1, 0]


def test_names_of_a_phone_are_sessions_by_date_and_noted_as_views_that_never_return(tmp_path):
    lay(tmp_path, "Anna/2026-01-12/IMG_1001.jpg", "Anna/2026-02-23/IMG_1050.jpg")
    listing = list_photos(tmp_path)
    assert [e.session for e in listing.entries] == [0, 1]
    assert "'Anna'" in listing.notes[0]
    assert "IMG_1001, IMG_1050" in listing.notes[0]


def test_views_of_one_session_or_that_return_once_are_not_noted(tmp_path):
    lay(tmp_path, "A/s0/left.jpg", "A/s0/right.jpg", "B/s0/left.jpg", "B/s1/left.jpg")
    lay(tmp_path, "B/s1/right.jpg")
    assert list_photos(tmp_path).notes == ()


def test_sessions_that_run_backwards_are_noted(tmp_path):
    lay(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "manifest.csv").write_text(
        "path,subject,session,date,view\na.jpg,P,0,2026-03-01,left\nb.jpg,P,1,2026-02-01,left\n",
        encoding="utf-8",
    )
    (note,) = list_photos(tmp_path).notes
    assert "session 1 is dated 2026-02-01, before session 0 of 2026-03-01" in note


def test_numbered_and_dated_sessions_do_not_mix():
    entries = [
        Entry("a", "P", "left", 1, date(2026, 3, 1)),
        Entry("b", "P", "left", None, date(2026, 4, 1)),
    ]
    with pytest.raises(LayoutError, match="only a date"):
        number_sessions(entries)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("s1", 1), ("S 12", 12), ("visit-3", 3), ("baseline", 0), ("2.0", 2), ("T0", 0)],
)
def test_sessions_as_people_write_them(text, number):
    assert parse_session(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "week4", "s", "0x1", "12345", "s1s"])
def test_what_is_no_session(text):
    with pytest.raises(ValueError, match="whole number"):
        parse_session(text)


@pytest.mark.parametrize("text", ["01/03/2026", "2026-13-01", "20260230", "3.4.2026", "", "2026"])
def test_what_is_no_date(text):
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        parse_day(text)


@given(st.text(max_size=40))
def test_odd_names_never_crash_the_parsers(text):
    for parse in (parse_day, parse_session, inside):
        with contextlib.suppress(ValueError):
            assert parse(text) is not None


@given(st.lists(st.sampled_from(["..", "a", "b ", "é", "."]), min_size=1, max_size=5))
def test_paths_stay_inside(parts):
    text = "/".join(parts)
    try:
        path = inside(text)
    except ValueError:
        assert ".." in parts or set(parts) == {"."}
    else:
        assert ".." not in Path(path).parts
        assert not Path(path).is_absolute()
