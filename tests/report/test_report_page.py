"""The report's page: what it says, what it leaves out, and that nothing in it is loaded or run."""

import base64
import io
import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.batch.layers import PAIR, PHOTO, layers_of
from scarscope.errors import StoreError, StudyError
from scarscope.report.page import embedded
from scarscope.report.page.build import line_styles, ramps, write_report
from scarscope.report.page.charts import Point, course, describe, sparkline
from scarscope.report.page.gather import flags_of
from scarscope.report.page.names import pseudonyms, read_key, write_key
from scarscope.report.page.rows import reasons_of
from scarscope.report.page.words import change_words, days_words, number, percent, signed
from scarscope.study.data import empty_table

NASTY = "P<script>alert(1)</script>&\"'"
SIZE = (40, 30)


def webp(colour):
    file = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(file, format="WEBP", lossless=True)
    return file.getvalue()


def frame(**more):
    told = {"size": list(SIZE), "mm_per_px": 0.1, "px_per_photo_px": 0.5, "corner": [3.0, 4.0]}
    return told | {"region": ["M1 1L9 9Z"], "eyes": None, "unit": "µm"} | more


def write_layers(out, path, *, pair=True, eyes=None):
    folder = layers_of(out, path)
    folder.mkdir(parents=True)
    names = ["depth", "photo"]
    told = frame(outlines={"7": ["M2 2L5 2L5 5Z"]}, depth_top=300.0, pictures=names, eyes=eyes)
    (folder / PHOTO).write_text(json.dumps(told), encoding="utf-8")
    if pair:
        own = [f"pair-{n}" for n in ("after", "before", "change", "depth-after", "depth-before")]
        scars = [{"before": ["M2 2L5 2Z"], "after": ["M2 2L4 2Z"]}]
        more = {"aligned": True, "compared": True, "why": None, "depth_top": 300.0}
        told = frame(scars=scars, change_top=200.0, pictures=own, eyes=eyes, **more)
        (folder / PAIR).write_text(json.dumps(told), encoding="utf-8")
        names = [*names, *own]
    for name in names:
        (folder / f"{name}.webp").write_bytes(webp((200, 150, 120)))


def filled(table, rows):
    made = empty_table(table).reindex(range(len(rows)))
    known = pd.DataFrame(rows)
    for name in known:
        made[name] = known[name]
    return made


def store(out, subject=NASTY, *, verdict="improved", comparable="yes", eyes=None, pair=True):
    """A finished batch of one subject with a baseline and a follow-up, made by hand."""
    paths = ["who/2026-01-12/left.jpg", "who/2026-04-06/left.jpg"]
    dates = ["2026-01-12", "2026-04-06"]
    place = {"subject": subject, "view": "left", "kind": "session"}
    photos = [
        {"path": path, "session": n, "date": day, "status": "ok", "flags": "SOFT_FOCUS"}
        | {"ecca_atrophic": 35.0, "goodman_baron_grade": ">=3", "sha256": f"sha{n}", "arm": "A"}
        | {"mm_per_px": 0.1, "burden_um": 21.5, "burden_sd_um": 4.2, "n_scars": 9}
        | place
        for n, (path, day) in enumerate(zip(paths, dates, strict=True))
    ]
    pairs = {"baseline": paths[0], "followup": paths[1], "session": 1, **place}
    figures = {"before": 20.0, "after": 12.0, "change": -8.0, "change_pct": -40.0}
    known = comparable != "no"
    figures = {name: value if known else math.nan for name, value in figures.items()}
    change = {"measure": "burden_um", "days": 84, "comparable": comparable, "verdict": verdict}
    change |= {"reasons": "" if comparable == "yes" else "FOCUS", "change_se": 1.0, "mdc95": 2.5}
    scar = {"before_id": 7, "after_id": 3, "relation": "one", "status": "improved"}
    scar |= {"type_before": "boxcar", "width_before_mm": 2.0, "volume_before_mm3": 1.5}
    scar |= {"volume_change_pct": -40.0}
    own = {"path": paths[0], "subject": subject, "session": 0, "view": "left", "scar_id": 7}
    own |= {"type": "boxcar", "width_mm": 2.0, "depth_um": 250.0, "volume_mm3": 1.5}
    tables = {
        "photos": filled("photos", photos),
        "changes": filled("changes", [{**pairs, **change, **figures}]),
        "scar_changes": filled("scar_changes", [{**pairs, **scar}]),
        "scars": filled("scars", [own]),
        "failures": empty_table("failures"),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv", index=False, encoding="utf-8")
    write_layers(out, paths[0], pair=False, eyes=eyes)
    write_layers(out, paths[1], eyes=eyes, pair=pair)
    return out


def read(file):
    return file.read_text(encoding="utf-8")


def without_pictures(text):
    return re.sub(r'<script type="text/plain".*?</script>', "", text, flags=re.DOTALL)


def test_names_are_text_and_nothing_else(tmp_path):
    text = read(write_report(store(tmp_path)).page)
    assert "<script>alert" not in text
    assert "P&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;&#39;" in text


def test_nothing_is_loaded_from_anywhere(tmp_path):
    text = read(write_report(store(tmp_path)).page)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data: blob:;")
    assert "unsafe" not in policy
    plain = without_pictures(text)
    links = re.findall(r'(?:src|href)="([^"]*)"', plain)
    assert all(link.startswith("#") for link in links)
    assert "http://www.w3.org" in plain  # a name, not an address
    assert not re.findall(r"https?://(?!www\.w3\.org)", plain)
    assert not re.search(r'\sstyle="', plain)  # the policy would refuse it


def test_it_says_what_changed_with_its_error(tmp_path):
    text = read(write_report(store(tmp_path)).page)
    assert "1 subject, 2 photos." in text
    assert "At the last visit, of 1 view of skin: 1 improved." in text
    told = "Burden −40 % (95 % interval −50 % to −30 %), 20 to 12 µm of missing depth."
    assert told in text
    assert "A change is detected from 12 % on." in text
    assert "−8 (−40\N{NO-BREAK SPACE}%)" in text  # in the unit of what is detectable beside it
    assert "2.5 (12\N{NO-BREAK SPACE}%)" in text
    assert 'data-row="0" data-id="7" data-later="3" data-kind="improved"' in text
    assert "ECCA, atrophic items (estimate)" in text
    assert "&gt;=3" in text
    assert "arm A" in text


def test_a_photo_by_itself_has_its_own_measures(tmp_path):
    text = read(write_report(store(tmp_path)).page)
    assert (
        text.count("Measures of this photo by itself") == 1
    )  # the follow-up has those of the pair
    assert re.search(r"<dt>Burden</dt><dd><b>21.5 ± 4.2 µm</b>", text)
    alone = unscaled(store(tmp_path / "alone"), pairs=False)
    assert '<span class="small">Burden 0.0400' in read(write_report(alone).page)
    refused = store(tmp_path / "refused", comparable="no", verdict="not comparable", pair=False)
    assert read(write_report(refused).page).count("Measures of this photo by itself") == 2


def unscaled(out, *, pairs):
    """The same batch with the follow-up's subject doubled, as photos without a scale."""
    photos, changes, scars, followed = (
        pd.read_csv(out / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("photos", "changes", "scars", "scar_changes")
    )
    other = {"subject": "Q", "mm_per_px": "", "burden_um": "", "burden_px": "0.04"}

    def moved(table, *names):
        return table.assign(**{n: table[n].str.replace("who/", "other/") for n in names})

    more = moved(photos, "path").assign(**other)
    if not pairs:
        more, changes, followed = more.iloc[[0]], changes.iloc[:0], followed.iloc[:0]
    own = {"subject": "Q", "width_mm": "", "depth_um": "", "volume_mm3": ""}
    own |= {"width_px": "31.5", "depth_px": "4.25", "volume_px3": "77"}
    figures = {"subject": "Q", "measure": "burden_px", "comparable": "caution"}
    figures |= {"reasons": "NO_SCALE", "before": "0.04", "after": "0.02", "change": "-0.02"}
    figures |= {"change_pct": "-50", "change_se": "0.002", "mdc95": "0.004"}
    tables = {
        "photos": (photos, more),
        "scars": (scars, moved(scars, "path").assign(**own)),
        "changes": (changes, moved(changes, "baseline", "followup").assign(**figures)),
        "scar_changes": (followed, moved(followed, "baseline", "followup").assign(subject="Q")),
    }
    for name, (first, second) in tables.items():
        pd.concat([first, second]).to_csv(out / f"{name}.csv", index=False)
    write_layers(out, "other/2026-01-12/left.jpg", pair=False)
    return out


def test_pairs_without_a_scale_are_told_in_pixels_beside_others(tmp_path):
    text = read(write_report(unscaled(store(tmp_path), pairs=True)).page)
    assert "At the last visit, of 2 views of skin: 2 improved" in text
    assert "0.0400 to 0.0200 px of missing depth" in text
    assert "cannot be compared, so that nothing is said" not in text


@pytest.mark.parametrize("pairs", [True, False])
def test_scars_of_a_photo_without_a_scale_have_figures(tmp_path, pairs):
    text = read(write_report(unscaled(store(tmp_path), pairs=pairs)).page)
    assert '<td data-sort="31.5">32</td><td data-sort="4.25">4.2</td>' in text
    assert '<td data-sort="2.0">2</td><td data-sort="250.0">250</td>' in text
    assert re.search(r"<dt>Burden</dt><dd><b>0.04", text)


def test_pictures_are_those_of_the_layers(tmp_path):
    text = read(write_report(store(tmp_path)).page)
    found = dict(re.findall(r'<script type="text/plain" id="pic-(\S+)">(\S+)</script>', text))
    assert set(found) == {
        *("s1v1p0-photo", "s1v1p0-depth", "s1v1p1-photo", "s1v1p1-depth"),
        *(f"s1v1p1c-{n}" for n in ("before", "after", "change", "depth-before", "depth-after")),
    }
    assert base64.b64decode(found["s1v1p1c-before"]) == webp((200, 150, 120))
    told = json.loads(re.search(r'id="data-s1v1p1c">(.*?)</script>', text)[1])
    assert told["scars"] == [{"before": ["M2 2L5 2Z"], "after": ["M2 2L4 2Z"]}]
    assert told["frame"] == [0.5, 3.0, 4.0]


def test_refused_pairs_say_so_and_show_no_figure(tmp_path):
    out = store(tmp_path, comparable="no", verdict="not comparable", pair=False)
    text = read(write_report(out).page)
    assert "1 not comparable." in text
    assert "These photos cannot be compared, so that nothing is said about the skin." in text
    assert "v-not-comparable" in text
    assert "could not be laid over the baseline" in text
    assert "At the next visit:" in text
    assert "−40 %" not in text.replace("volume", "")[: text.index("scar-table")]


def test_an_older_figure_does_not_stand_for_a_refused_visit(tmp_path):
    """Visit 1 improved, visit 2 was refused: the answer is that of visit 2, and names the other."""
    out = store(tmp_path)
    changes = pd.read_csv(out / "changes.csv", dtype=str, keep_default_na=False)
    photos = pd.read_csv(out / "photos.csv", dtype=str, keep_default_na=False)
    path = "who/2026-07-06/left.jpg"
    later = photos.iloc[[1]].assign(path=path, session="2", date="2026-07-06")
    refused = {"followup": path, "session": "2", "days": "175", "comparable": "no"}
    refused |= {"reasons": "FOCUS", "verdict": "not comparable"}
    blank = dict.fromkeys(("before", "after", "change", "change_pct", "change_se", "mdc95"), "")
    more = changes.assign(**refused, **blank)
    pd.concat([photos, later]).to_csv(out / "photos.csv", index=False)
    pd.concat([changes, more]).to_csv(out / "changes.csv", index=False)
    text = read(write_report(out).page)
    assert "At the last visit, of 1 view of skin: 1 not comparable." in text
    assert 'data-verdict="not comparable"' in text
    assert "At 3 months, the last visit that could be compared: −40 %." in text
    start = text.index('<tr data-verdict="')
    row = text[start : text.index("</tr>", start)]
    assert "−40 %" not in re.sub("<svg.*?</svg>", "", row, flags=re.DOTALL)


def test_the_last_visit_gives_the_figure(tmp_path):
    out = store(tmp_path)
    changes = pd.read_csv(out / "changes.csv", dtype=str, keep_default_na=False)
    photos = pd.read_csv(out / "photos.csv", dtype=str, keep_default_na=False)
    path = "who/2026-07-06/left.jpg"
    later = photos.iloc[[1]].assign(path=path, session="2", date="2026-07-06")
    figures = {"after": "15", "change": "-5", "change_pct": "-25"}
    more = changes.assign(followup=path, session="2", days="175", **figures)
    pd.concat([photos, later]).to_csv(out / "photos.csv", index=False)
    pd.concat([changes, more]).to_csv(out / "changes.csv", index=False)
    text = read(write_report(out).page)
    start = text.index('<tr data-verdict="')
    row = text[start : text.index("</tr>", start)]
    assert '<span class="figure">−25 %</span>' in row
    assert "−35 % to −15 %" in row


def test_a_photo_that_was_not_measured_says_so(tmp_path):
    out = store(tmp_path)
    photos = pd.read_csv(out / "photos.csv", dtype=str, keep_default_na=False)
    photos.iloc[[0]].assign(status="failed", flags="").to_csv(out / "photos.csv", index=False)
    for name in ("changes", "scar_changes"):
        empty_table(name).to_csv(out / f"{name}.csv", index=False)
    text = read(write_report(out).page)
    assert "Not measured" in text
    assert "This photo was not measured, see failures." in text


def test_pseudonyms_hide_names_files_and_dates(tmp_path):
    result = write_report(store(tmp_path, "Ms Smith"), pseudonyms=True)
    plain = without_pictures(read(result.page))
    for told in ("Smith", "who/", "2026-0", "sha0", "left.jpg"):
        assert told not in plain
    assert "S001" in plain
    assert "12 weeks" in plain or "3 months" in plain
    key = tmp_path / "report-key.csv"
    assert result.page.name == "report-pseudonyms.html"
    assert not (tmp_path / "report.html").exists()  # one with names is never written over, or meant
    assert key in result.files
    assert read_key(key) == {"Ms Smith": "S001"}
    assert any("keep it apart" in note for note in result.notes)


def test_pseudonyms_stay_and_tell_no_order(tmp_path):
    people = [f"person {n:02d}" for n in range(40)]
    first = pseudonyms(people[:20])
    numbers = [first.subject(name) for name in people[:20]]
    assert len(set(numbers)) == 20
    assert numbers != sorted(numbers)  # one time in 20! they are
    write_key(first, tmp_path / "key.csv")
    again = pseudonyms(people, read_key(tmp_path / "key.csv"))
    assert [again.subject(name) for name in people[:20]] == numbers
    assert len({again.subject(name) for name in people}) == 40
    assert read_key(tmp_path / "none.csv") == {}


def test_eyes_are_painted_over_in_every_picture(tmp_path):
    out = store(tmp_path, eyes=[5, 6, 35, 14])
    plain = read(write_report(out).page)
    result = write_report(out, cover_eyes=True)
    text = read(result.page)
    pictures = re.findall(r'<script type="text/plain" id="pic-\S+">(\S+)</script>', text)
    assert len(pictures) == 9
    for data in pictures:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            shown = np.asarray(image.convert("RGB")).astype(int)
        assert np.abs(shown[8:12, 8:32] - 72).max() < 14
        assert np.abs(shown[20:, :] - (200, 150, 120)).max() < 14
    assert "Eyes are covered in 3 of 3 pictures." in text
    assert "Eyes are covered" not in plain


def test_faces_that_are_not_found_are_owned_up_to(tmp_path):
    result = write_report(store(tmp_path), cover_eyes=True)
    assert "In 3 no face was found from the front" in result.notes[0]


def test_large_studies_have_a_file_a_subject(tmp_path):
    out = store(tmp_path)
    (out / "report").mkdir()
    stale = out / "report" / "s9.html"
    stale.write_text("of an earlier report", encoding="utf-8")
    result = write_report(out, most_photos=1)
    assert result.files == (out / "report.html", out / "report" / "s1.html")
    assert not stale.exists()
    index, own = map(read, result.files)
    assert 'href="report/s1.html"' in index
    assert "pic-s1v1p1" not in index
    assert "pic-s1v1p1" in own
    assert 'href="../report.html"' in own
    write_report(out)
    assert not (out / "report" / "s1.html").exists()


def test_a_batch_of_an_older_version_is_told_what_to_do(tmp_path):
    out = store(tmp_path)
    for file in (out / "layers").rglob("*.json"):
        file.unlink()
    text = read(write_report(out).page)
    assert "2 of 2 photos have no pictures" in text
    assert "Run the same batch command again." in text


def test_what_cannot_be_read_is_named(tmp_path):
    out = store(tmp_path)
    file = next((out / "layers").rglob(PAIR))
    file.write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"pair\.json cannot be read"):
        write_report(out)
    for text, why in (
        ("[1]", "cannot be read"),
        ('{"aligned": true}', "does not say corner, eyes"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(StoreError, match=why) as caught:
            write_report(out)
        assert "run the batch again" in caught.value.remedy
    file.unlink()
    next((out / "layers").rglob("photo.webp")).unlink()
    with pytest.raises(StoreError, match=r"photo\.webp cannot be read"):
        write_report(out)
    with pytest.raises(StudyError, match="not a folder"):
        write_report(tmp_path / "nothing")


def test_no_photo_is_no_report(tmp_path):
    for name in ("photos", "scars", "changes", "scar_changes", "failures"):
        empty_table(name).to_csv(tmp_path / f"{name}.csv", index=False)
    with pytest.raises(StudyError, match="holds no photo"):
        write_report(tmp_path)


def point(change, *, days=42.0, se=3.0, mdc=9.0, comparable="yes", session=1):
    return Point(days_words(days), days, session, change, se, mdc, comparable)


def places(svg, name):
    return [tuple(map(float, m)) for m in re.findall(rf'class="{name}" cx="(\S+)" cy="(\S+)"', svg)]


def test_a_course_has_its_points_where_they_belong():
    points = [point(-20.0), point(-40.0, days=84.0, comparable="caution")]
    svg = course(points)
    (base, first), (second,) = places(svg, "dot"), places(svg, "dot hollow")
    assert base[0] < first[0] < second[0]
    assert base[1] < first[1] < second[1]  # down is better
    assert second[1] - first[1] == pytest.approx(first[1] - base[1], abs=0.3)
    band = re.search(r'class="band" x="\S+" y="(\S+)" width="\S+" height="(\S+)"', svg)
    top, height = map(float, band.groups())
    assert top + height / 2 == pytest.approx(base[1], abs=0.2)
    assert height / 2 == pytest.approx((first[1] - base[1]) * 9 / 20, abs=0.3)
    assert svg.count('class="whisker"') == 2
    assert "6 weeks: -20 %" in describe(points)


def test_refused_visits_are_marked_and_join_nothing():
    svg = course([point(math.nan, se=math.nan, mdc=math.nan), point(-30.0, days=84.0)])
    assert svg.count('class="refused"') == 1
    assert 'class="course" points' not in svg  # nothing is known of the way between
    whole = course([point(-10.0), point(-30.0, days=84.0)])
    assert len(re.search(r'class="course" points="([^"]+)"', whole)[1].split()) == 3
    # The mark is at the foot, not on the line of no change; in the small course as well.
    foot = float(re.search(r'class="refused" d="M\S+ ([\d.]+)', svg)[1])
    assert foot > float(re.search(r'class="zero" .*?y1="([\d.]+)"', svg)[1]) + 20
    assert 'class="refused"' in sparkline([point(-30.0), point(math.nan, days=84.0)])
    assert sparkline([]) == course([]) == ""
    assert "not comparable" in sparkline([point(math.nan)])


def test_days_that_are_not_known_give_way_to_visits():
    svg = course([point(-10.0, days=84.0, session=1), _undated(-20.0, 2)])
    (_, first, second) = places(svg, "dot")
    assert second[0] - first[0] == pytest.approx(first[0] - 52, abs=0.2)


def _undated(change, session):
    return Point(f"visit {session}", math.nan, session, change, 3.0, 9.0, "yes")


def test_words_of_figures():
    assert [number(v) for v in (None, 0.0, 3, 0.05678, 1234.0)] == ["", "0", "3", "0.0568", "1234"]
    assert [percent(v) for v in (-0.4, 12.6, math.nan)] == ["0 %", "+13 %", ""]
    assert [signed(v) for v in (2.5, -2.5, 0.0)] == ["+2.50", "−2.50", "0"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "Burden −40 % (95 % interval −50 % to −30 %)"),
        ({"verdict": "worse", "change_pct": 30.0}, "Burden +30 %"),
        ({"before": 0.0}, "No scars were found at baseline"),
        ({"change_se": math.nan, "mdc95": math.nan}, "Burden −40 %, 20 to 12"),
        ({"quartile": "26-50 %"}, "Quartile of improvement: 26-50 %."),
    ],
)
def test_a_change_in_words(changed, told):
    row = {"verdict": "improved", "comparable": "yes", "before": 20.0, "after": 12.0}
    row |= {"change_pct": -40.0, "change_se": 1.0, "mdc95": 2.5, "quartile": ""}
    assert told in change_words(row | changed, "mm")


def test_notices_come_from_the_registries():
    flags = flags_of("AUTO_REGION|FLAT_LIGHT|NO_SUCH_FLAG")
    assert [flag.code for flag in flags] == ["FLAT_LIGHT", "AUTO_REGION"]
    assert all(flag.meaning and flag.remedy for flag in flags)
    reasons = reasons_of("FOCUS|PHOTO_FAILED|X", "no", {"PHOTO_FAILED": "it failed"})
    assert [r.meaning for r in reasons][1:] == ["it failed", "X"]
    assert {r.severity for r in reasons} == {"serious"}
    assert reasons_of("", "yes", {}) == ()


def test_colours_are_those_of_the_pictures():
    assert line_styles()["boxcar"]["colour"] == "#56b4e9"
    assert line_styles()["worse"]["width"] == "3.2"
    assert all(text.count("#") >= 5 for text in ramps().values())


def test_a_viewer_without_layers_is_none(tmp_path):
    assert embedded.photo_viewer("a", tmp_path, cover_eyes=False) is None
    assert embedded.pair_viewer("a", tmp_path, cover_eyes=False) is None
    assert embedded.scar_numbers(tmp_path) == ()
    (tmp_path / PAIR).write_text('{"aligned": false}', encoding="utf-8")
    assert embedded.pair_viewer("a", tmp_path, cover_eyes=False) is None


def test_a_new_scar_has_no_percentage(tmp_path):
    out = store(tmp_path)
    scars = pd.read_csv(out / "scar_changes.csv", dtype=str, keep_default_na=False)
    more = {"status": "new", "before_id": "", "after_id": "4", "volume_change_pct": "200"}
    more |= {"mdc95_pct": "2286"}
    pd.concat([scars, scars.assign(**more)]).to_csv(out / "scar_changes.csv", index=False)
    text = read(write_report(out).page)
    (row,) = re.findall(r'<tr[^>]*data-later="4".*?</tr>', text, flags=re.DOTALL)
    assert "new" in row
    assert "%" not in row
