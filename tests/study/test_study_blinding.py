"""Blinding: nothing but pixels reaches the raters, and the key stays where they are not."""

import json
import os
import stat
import zlib

import numpy as np
import pytest
from PIL import Image
from rater_fakes import SECRET, make_batch, picture, write_photo

from scarscope.errors import ParamsError, StudyError
from scarscope.photo import read_photo
from scarscope.study.raters.blinding import blind
from scarscope.study.raters.key import WARNING, find_key, read_key
from scarscope.study.raters.plain_picture import ROOM, encode, padded, picture_codes
from scarscope.study.raters.questions import as_questions, in_numbers


@pytest.fixture
def batch(tmp_path):
    return make_batch(tmp_path)


def chunks(data):
    at, found = 8, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + size]
        assert zlib.crc32(body) == int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        found.append(body[:4].decode())
        at += 12 + size
    return found


@pytest.mark.parametrize("form", ["png", "jpg"])
def test_nothing_but_pixels_reaches_the_raters(batch, tmp_path, form):
    photos, results = batch
    originals = {p: p.read_bytes() for p in photos.rglob("*.png")}
    assert all(SECRET.encode() in data for data in originals.values())
    done = blind(results, photos, tmp_path / "raters", picture=form)
    files = [p for p in (tmp_path / "raters").rglob("*") if p.is_file()]
    given = sorted(p for p in files if p.parent.name == "pictures")
    assert len(given) == len(originals)
    # Names, sizes and times say nothing.
    assert len({p.stat().st_size for p in given}) == 1
    assert len({p.stat().st_mtime for p in [*files, tmp_path / "raters"]}) == 1
    assert [p.stem for p in given] == [item.code for item in done.key.items]
    assert len({p.stem for p in given}) == len(given)
    for p in files:
        data = p.read_bytes()
        for word in (SECRET, "Subject", "2026-0", "cheek-left", "session", "baseline"):
            assert word.encode() not in data, (p.name, word)
    for p in given:
        with Image.open(p) as image:
            assert not image.getexif()
            assert not set(image.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density",
                                          "comment"}  # fmt: skip
    if form == "png":
        assert {tuple(dict.fromkeys(chunks(p.read_bytes()))) for p in given} == {
            ("IHDR", "IDAT", "paDd", "IEND")
        }
    assert originals == {p: p.read_bytes() for p in originals}


def test_png_pictures_are_the_photos_pixels(batch, tmp_path):
    photos, results = batch
    done = blind(results, photos, tmp_path / "raters")
    for item in done.key.items:
        with Image.open(tmp_path / "raters" / "pictures" / f"{item.code}.png") as image:
            shown = np.asarray(image)
        with Image.open(photos / item.path) as image:
            assert np.array_equal(shown, np.asarray(image))
        assert (item.width_px, item.height_px) == (80, 70)


def test_a_turned_photo_is_shown_upright(tmp_path):
    codes = picture(1, (80, 70))
    write_photo(tmp_path / "a.jpg", codes, orientation=6)
    shown = picture_codes(read_photo(tmp_path / "a.jpg"))
    assert shown.shape == (80, 70, 3)


def test_what_alpha_hides_stays_hidden(tmp_path):
    codes = np.dstack([picture(1, (80, 70)), np.full((70, 80), 255, np.uint8)])
    codes[:20, :, 3] = 0
    Image.fromarray(codes).save(tmp_path / "a.png")
    shown = picture_codes(read_photo(tmp_path / "a.png"))
    assert (shown[:20] == 128).all()
    assert np.array_equal(shown[20:], codes[20:, :, :3])


@pytest.mark.parametrize("form", ["png", "jpg"])
@pytest.mark.parametrize("more", [ROOM, ROOM + 1, 65_537 + ROOM, 65_540, 200_003])
def test_padding_changes_the_size_and_nothing_else(tmp_path, form, more):
    data = encode(picture(3), form)
    longer = padded(data, len(data) + more, form)
    assert len(longer) == len(data) + more
    (tmp_path / "a").write_bytes(data)
    (tmp_path / "b").write_bytes(longer)
    with Image.open(tmp_path / "a") as a, Image.open(tmp_path / "b") as b:
        assert np.array_equal(np.asarray(a), np.asarray(b))


def test_the_order_of_codes_says_nothing_of_the_order_of_photos(batch, tmp_path):
    photos, results = batch
    orders = set()
    for k in range(6):
        done = blind(results, photos, tmp_path / f"raters{k}")
        orders.add(tuple(item.path for item in done.key.items))
        codes = [item.code for item in done.key.items]
        assert codes == sorted(codes)
    # Eight photos: six draws that are all alike have a probability of 8!^-5.
    assert len(orders) > 1
    alike = [
        blind(results, photos, tmp_path / f"same{k}", rng=np.random.default_rng(1)).key.items
        for k in (1, 2)
    ]
    assert alike[0] == alike[1]


def test_the_key_lies_apart_with_a_warning(batch, tmp_path):
    photos, results = batch
    done = blind(results, photos, tmp_path / "raters", repeats=2)
    assert done.key_file == find_key(results)
    assert "KEY-not-for-raters" in done.key_file.name
    assert next(iter(json.loads(done.key_file.read_text()))) == "warning"
    assert json.loads(done.key_file.read_text())["warning"] == WARNING
    if os.name == "posix":
        assert stat.S_IMODE(done.key_file.stat().st_mode) == 0o600
    again = read_key(done.key_file)
    assert again.items == done.key.items
    assert again.questions == done.key.questions
    assert sorted(item.repeat for item in again.items) == [1] * 8 + [2] * 2
    twice = {item.path for item in again.items if item.repeat == 2}
    assert len(twice) == 2
    assert not any(p.name.startswith(".tmp") for p in tmp_path.iterdir())


def test_visits_side_by_side_have_one_code_and_no_order(batch, tmp_path):
    photos, results = batch
    orders = set()
    for k in range(8):
        done = blind(results, photos, tmp_path / f"raters{k}", together=True)
        table = done.to_frame().assign(group=lambda t: t["code"].str[:6])
        assert table.groupby("group")["subject"].nunique().tolist() == [1] * 4
        assert table.groupby("subject")["group"].nunique().tolist() == [1] * 4
        assert set(table["code"].str[6:]) == {"-01", "-02"}
        orders |= {tuple(own["session"]) for _, own in table.groupby("group")}
        assert "side by\nside" in (done.folder / "README.txt").read_text()
    # 32 groups of two: all in one order has a probability of 2^-31.
    assert orders == {(0, 1), (1, 0)}
    with pytest.raises(ParamsError, match="2 repeats would be seen"):
        blind(results, photos, tmp_path / "raters", together=True, repeats=2)


def test_a_repeat_is_another_file(batch, tmp_path):
    photos, results = batch
    done = blind(results, photos, tmp_path / "raters", repeats=8)
    files = list((tmp_path / "raters" / "pictures").iterdir())
    assert len({p.read_bytes() for p in files}) == len(files) == 16
    assert len(done.to_frame()) == 16


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"out": "photos/raters"}, "lies in the photos"),
        ({"out": "results/raters"}, "lies in the batch's output"),
        ({"out": "photos"}, "is there already"),
        ({"key": "raters/key.json"}, "raters' own folder"),
        ({"views": ["right"]}, "There is no view 'right'"),
        ({"repeats": 9}, "9 repeats cannot be drawn from 8"),
        ({"ask": ["beauty"]}, "'beauty' is not a question"),
        ({"ask": ["n_scars", "n_scars"]}, "asked twice"),
        ({"picture": "gif"}, "'gif'"),
    ],
)
def test_unsafe_places_and_wrong_options_are_refused(batch, tmp_path, change, words):
    photos, results = batch
    options = {"out": "raters", **change}
    places = {name: tmp_path / options.pop(name) for name in ("out", "key") if name in options}
    out = places.pop("out")
    with pytest.raises(ParamsError, match=words):
        blind(results, photos, out, **places, **options)
    assert not (results / "blinding").exists()


def test_a_key_is_never_written_over(batch, tmp_path):
    photos, results = batch
    done = blind(results, photos, tmp_path / "raters")
    before = done.key_file.read_bytes()
    (tmp_path / "raters").rename(tmp_path / "sent")
    with pytest.raises(ParamsError, match="There is a key"):
        blind(results, photos, tmp_path / "raters")
    assert done.key_file.read_bytes() == before


def test_a_photo_that_changed_or_is_gone_stops_everything(batch, tmp_path):
    photos, results = batch
    write_photo(photos / "Subject02" / "2026-02-12" / "cheek-left.png", picture(99))
    with pytest.raises(StudyError, match=r"Subject02/2026-02-12/cheek-left\.png is not the photo"):
        blind(results, photos, tmp_path / "raters")
    (photos / "Subject02" / "2026-02-12" / "cheek-left.png").unlink()
    with pytest.raises(StudyError, match="is not in"):
        blind(results, photos, tmp_path / "raters")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos", "results"]
    assert not (results / "blinding").exists()


def test_failed_photos_are_left_out_and_said(batch, tmp_path):
    photos, results = batch
    table = (results / "photos.csv").read_text().replace(",ok,", ",failed,", 3)
    (results / "photos.csv").write_text(table)
    done = blind(results, photos, tmp_path / "raters")
    assert len(done.key.items) == 5
    assert any("3 of 8 photos were left out" in note for note in done.notes)


def test_pictures_of_other_sizes_are_said(tmp_path):
    photos, results = make_batch(tmp_path, subjects=2)
    path = "Subject01/2026-02-12/cheek-left.png"
    write_photo(photos / path, picture(5, (90, 64)))
    import hashlib

    old = (results / "photos.csv").read_text().splitlines()
    digest = hashlib.sha256((photos / path).read_bytes()).hexdigest()
    old = [line[: line.rindex(",") + 1] + digest if path in line else line for line in old]
    (results / "photos.csv").write_text("\n".join(old) + "\n")
    done = blind(results, photos, tmp_path / "raters")
    assert any("differ in width or height" in note for note in done.notes)


def test_no_batch_and_no_key():
    with pytest.raises(StudyError, match="holds no photos"):
        blind("nowhere", "nowhere-either", "new")
    with pytest.raises(StudyError, match="0 keys"):
        find_key("nowhere")
    with pytest.raises(StudyError, match="There is no key"):
        read_key("nowhere.json")


def test_a_file_that_is_no_key_is_refused(tmp_path):
    (tmp_path / "k.json").write_text('{"format": 7}')
    with pytest.raises(StudyError, match="format is 7"):
        read_key(tmp_path / "k.json")


def test_questions():
    count, own = as_questions(["n_scars", "roughness=0-10"])
    assert [count.allows(x) for x in (0, 3, 2.5, -1, float("nan"))] == [True, True] + [False] * 3
    assert [own.allows(x) for x in (0, 2.5, 10, 10.1)] == [True, True, True, False]
    assert own.range == "a number from 0 to 10"
    assert [in_numbers(x) for x in ("<=1", "2", ">=3", 4)] == [1.0, 2.0, 3.0, 4.0]
    assert np.isnan(in_numbers(""))
