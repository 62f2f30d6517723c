"""The file of a reviewer's decisions: read back as written, and refused with a reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.batch.review import (
    ACTIONS,
    Decision,
    Review,
    merge_reviews,
    parse_review,
    read_review,
    study_id,
    write_review,
)
from scarscope.errors import ReviewError, StoreError
from scarscope.scars.model import TYPES

HASH = "0123456789abcdef" * 4
SQUARE = [[10, 10], [30, 10], [30, 30], [10, 30]]
WHO = {"reason": "a naevus", "by": "AB", "at": "2026-03-01T14:30:00Z"}
REJECT = {"path": "P01/s0/left.jpg", "sha256": HASH, "action": "reject", "scar_id": 7, **WHO}


def document(*decisions, **more):
    head = {"format": "scarscope-review", "format_version": 1, "study": "0" * 16}
    return json.dumps({**head, "decisions": list(decisions), **more}).encode()


def entry(action, **more):
    own = {
        "exclude": {},
        "reject": {"scar_id": 7},
        "retype": {"scar_id": 7, "type": "boxcar"},
        "add": {"type": "icepick", "outline": SQUARE},
        "region": {"outline": SQUARE},
    }[action]
    return {"path": "P01/s0/left.jpg", "sha256": HASH, "action": action, **own, **WHO, **more}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_read_and_written_as_it_was(action, tmp_path):
    review = parse_review(document(entry(action)))
    assert review.decisions[0].action == action
    write_review(review, tmp_path / "review.json")
    assert read_review(tmp_path / "review.json") == review
    assert json.loads((tmp_path / "review.json").read_text())["decisions"] == [entry(action)]


texts = st.text(min_size=1, max_size=40).filter(
    lambda t: t.strip() and not any(0xD800 <= ord(c) <= 0xDFFF for c in t)
)
points = st.tuples(st.integers(-500, 5000), st.integers(-500, 5000))


def _has_outline(action, wanted):
    return action in ("add", "region") or (action in ("reject", "retype") and wanted)


@st.composite
def decisions(draw):
    action = draw(st.sampled_from(ACTIONS))
    outline = [(0.0, 0.0), (9.5, 0.25), (3.0, 8.0)]
    outline += [(float(x), float(y)) for x, y in draw(st.lists(points, max_size=9))]
    scar = action in ("reject", "retype")
    return Decision(
        path=draw(st.sampled_from(["a.jpg", "P01/s0/é 1.jpg", "x/y/z.png"])),
        sha256=HASH,
        action=action,
        reason=" ".join(draw(texts).split()),
        by=draw(st.sampled_from(["AB", "Ł.Ö."])),
        at="2026-03-01T14:30:00+01:00",
        scar_id=draw(st.integers(1, 65535)) if scar else None,
        type=draw(st.sampled_from(TYPES)) if action in ("retype", "add") else "",
        outline=tuple(outline) if _has_outline(action, draw(st.booleans())) else (),
    )


@given(st.lists(decisions(), max_size=8))
def test_whatever_is_written_is_read_back(made):
    review = Review("0" * 16, tuple({d.target: d for d in made}.values()))
    assert parse_review(review.to_text().encode()) == review


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*REJECT, "type", "outline"]), inner, max_size=6),
    max_leaves=8,
))  # fmt: skip
def test_no_document_is_read_by_accident_or_breaks_the_reader(value):
    for data in (
        json.dumps(value).encode(),
        document(value),
        document({**REJECT, **value}) if isinstance(value, dict) else document(value, value),
    ):
        try:
            read = parse_review(data)
        except ReviewError as error:
            told = error.remedy
        else:
            told = len(read.decisions) == 1
        assert told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"action": "burn"}, "decision 1: action is 'burn'"),
        ({"type": "boxcar"}, "reject with 'type'"),
        ({"scar_id": None}, "reject without scar_id"),
        ({"scar_id": 0}, "scar_id is 0"),
        ({"scar_id": True}, "scar_id is True"),
        ({"scar_id": 1.5}, r"scar_id is 1\.5"),
        ({"reason": "  "}, "reason is '  '"),
        ({"reason": None}, "reject without reason"),
        ({"by": 3}, "by is 3"),
        ({"at": "yesterday"}, "at is 'yesterday'"),
        ({"path": "../x.jpg"}, r"path is '\.\./x\.jpg'"),
        ({"path": "/etc/x.jpg"}, "path is"),
        ({"sha256": HASH[:-1]}, "sha256 is"),
        ({"outline": SQUARE[:2]}, "outline has 2 corners"),
        ({"outline": [[1, 1], [2, 2], ["x", 3]]}, "outline is"),
        ({"outline": [[1, 1], [1, 5], [1, 9]]}, "outline encloses nothing"),
        ({"outline": [[1, 1], [1, 5], [1e9, 9]]}, "outline is"),
        ({"visit": 2}, "reject with 'visit'"),
    ],
)
def test_an_entry_that_is_not_understood_is_named(change, told):
    with pytest.raises(ReviewError, match=told) as caught:
        parse_review(document({**REJECT, **change}))
    assert caught.value.remedy
    assert caught.value.stage == "review"


def test_a_type_must_be_one_of_three():
    with pytest.raises(ReviewError, match="type is 'keloid'") as caught:
        parse_review(document(entry("exclude", path="b.jpg"), entry("retype", type="keloid")))
    assert "decision 2" in caught.value.message
    assert "icepick, boxcar, rolling" in caught.value.remedy


def test_an_outline_off_the_picture_is_refused_where_its_size_is_known():
    far = entry("add", outline=[[190, 10], [230, 10], [230, 30]])
    assert parse_review(document(far)).decisions
    sizes = {"P01/s0/left.jpg": (200, 100)}
    with pytest.raises(ReviewError, match="outside the photo of 200 x 100"):
        parse_review(document(far), sizes=sizes)
    near = entry("region", outline=[[-5, -5], [190, -5], [190, 99]])
    assert parse_review(document(near), sizes=sizes).decisions


@pytest.mark.parametrize(
    ("data", "told", "remedy"),
    [
        (b"{", "not valid JSON", "Save it again"),
        (b'{"a": NaN}', "NaN is no number", "Save it again"),
        (b"[" * 100_000, "not valid JSON", "Save it again"),
        (b"\xff\xfe", "not valid JSON", "Save it again"),
        (b"[]", "holds no decisions", "Give the file"),
        (b'{"format": "other"}', "holds no decisions", "Give the file"),
        (document(format_version=2), "format version 2", "Update ScarScope"),
        (document(format_version="1"), "format version '1'", "Save it again"),
        (document(format_version=True), "format version True", "Save it again"),
        (document(decisions={}), "no list", '"decisions": \\[\\]'),
        (document(study=5), "study is 5", "Leave it"),
        (document(extra=5), "holds 'extra'", "Leave it out"),
        (document(5), "decision 1: it is 5", "Make the decision again"),
    ],
)
def test_a_file_that_is_no_review_is_refused(data, told, remedy):
    with pytest.raises(ReviewError, match=told) as caught:
        parse_review(data)
    assert caught.match(remedy)


def test_two_decisions_about_one_thing_are_refused():
    for second in (REJECT, entry("retype")):
        with pytest.raises(ReviewError, match="decision 1 is about the scar too"):
            parse_review(document(REJECT, second))
    with pytest.raises(ReviewError, match="about the photo too"):
        parse_review(document(entry("exclude"), entry("exclude", reason="other")))
    both = parse_review(document(REJECT, {**REJECT, "scar_id": 8}, entry("region")))
    assert len(both.decisions) == 3


def test_of_two_reviews_the_later_decision_counts():
    first = parse_review(document(REJECT, entry("exclude", path="b.jpg")))
    second = parse_review(document(entry("retype", by="CD"), entry("add")))
    merged = merge_reviews(first, second)
    assert [d.action for d in merged.decisions] == ["exclude", "retype", "add"]
    assert merge_reviews(first, Review()) == first


def test_the_file_before_is_kept_on_demand(tmp_path):
    path = tmp_path / "review.json"
    write_review(Review("first"), path, backup=True)
    assert not path.with_name("review.json.bak").exists()
    write_review(Review("second"), path, backup=True)
    assert read_review(path.with_name("review.json.bak")).study == "first"
    assert read_review(path).study == "second"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["review.json", "review.json.bak"]


def test_files_that_cannot_be_read_or_written_are_named(tmp_path):
    with pytest.raises(ReviewError, match="gone"):
        read_review(tmp_path / "gone.json")
    with pytest.raises(StoreError, match="cannot be written"):
        write_review(Review(), tmp_path)


def test_the_id_of_a_study_holds_no_name_and_no_order():
    assert study_id(["b", "a", ""]) == study_id(["a", "b"]) != study_id(["a"])
    assert len(study_id([])) == 16
