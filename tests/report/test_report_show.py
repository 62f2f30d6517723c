"""What `show` and notebooks show: pictures in place of each other, words, and no names."""

import base64
import io
import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

import scarscope as ss
from scarscope.batch.results import BatchResult
from scarscope.change import compare
from scarscope.errors import ParamsError
from scarscope.flags import describe
from scarscope.measures import score
from scarscope.measures.score import score_scars
from scarscope.phantom.pairs import confounder_pair, treated_pair
from scarscope.photo import read_photo
from scarscope.report import overlay
from scarscope.report.canvas import make_canvas
from scarscope.report.change_views import make_views
from scarscope.report.outlines import trace_scars
from scarscope.report.show import SMALL_PX, small_html
from scarscope.report.show_html import STYLE, jpeg_within

SIZE = (24.0, 24.0)
NAMES = ("<Eva> first.jpg", "Eva & last.jpg")
ESCAPED = ("&lt;Eva&gt; first.jpg", "Eva &amp; last.jpg")


def photo_of(rendered, name):
    return read_photo(rendered.rgb, mm_per_px=rendered.mm_per_px, name=name)


@pytest.fixture(scope="module")
def photos():
    pair = treated_pair(20_436, 0.4, size_mm=SIZE)
    return [photo_of(rendered, name) for rendered, name in zip(pair, NAMES, strict=True)]


@pytest.fixture(scope="module")
def found(photos):
    return score(photos[0])


@pytest.fixture(scope="module")
def change(photos):
    told = compare(*photos)
    assert told.comparable == "yes"
    return told


@pytest.fixture(scope="module")
def refused():
    first, second = confounder_pair(20_432, "light", size_mm=SIZE)
    told = compare(photo_of(first, NAMES[0]), photo_of(second, NAMES[1]))
    assert told.comparable == "no"
    assert told.pair is not None
    return told


@pytest.fixture(scope="module")
def apart(photos):
    other, _ = treated_pair(20_433, 0.0, size_mm=SIZE)
    told = compare(photos[0], photo_of(other, NAMES[1]))
    assert told.pair is None
    return told


def pictures_in(html):
    files = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(file)))) for file in files]


def labels_of(shown):
    return [view.label for view in shown.views]


def bare(html):
    """Without the files of pictures, in which any three letters may stand."""
    return re.sub(r'data:image/jpeg;base64,[^"]+', "data:", html)


def nothing_is_loaded(html):
    """No script, no handler, and no address but that of the picture itself."""
    text = bare(html)
    assert set(re.findall(r'src="([^"]*)"', text)) <= {"data:"}
    assert not re.search(r"<script|<link|<iframe|\son\w+=|url\(|https?:|@import", text)
    return text


# --- a score ----------------------------------------------------------------------------------


def test_a_score_shows_scars_photo_and_depth_on_one_frame(found):
    shown = ss.show(found, max_px=600)
    assert labels_of(shown) == ["Scars", "Photo", "Depth"]
    canvas = make_canvas(found.skin, max_px=600)
    height, width = canvas.rgb.shape[:2]
    scars, photo, depth = (view.picture[:height] for view in shown.views)
    assert scars.shape == photo.shape == depth.shape
    left = (photo.shape[1] - width) // 2  # set on paper wide enough for words
    inner = np.s_[:, left : left + width]
    assert (photo[inner] == canvas.rgb).all()
    line = np.ones((height, width), bool)
    for _, curves in trace_scars(found.scars.labels):
        for curve in curves:
            x, y = np.rint(canvas.from_grid(curve)).astype(int).T
            line[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] = False
    from_line = ndimage.distance_transform_edt(line)
    inside = canvas.cover(found.skin.region) == 255
    differs = (scars[inner] != photo[inner]).any(axis=2) & inside
    assert differs[from_line < 0.5].mean() > 0.9  # an outline around every scar
    border = ndimage.binary_erosion(inside, iterations=5)
    assert not (differs & border & (from_line > 5)).any()


def test_the_picture_to_keep_is_the_one_of_the_command_line(found):
    assert (ss.show(found).picture == overlay(found, max_px=1200)).all()


def test_a_score_says_its_measures_and_flags_in_words(found):
    html = ss.show(found)._repr_html_()
    assert found._repr_html_() in html
    assert f"{found.burden_um:.1f} µm" in html
    assert f"{100 * found.scar_area_fraction:.1f} % of the region" in html
    assert re.search(rf"<th>Scars</th><td>{found.n_scars}</td>", html)
    assert found.flags.text
    html = unescape(html)
    for info in describe(found.flags):
        assert f"<code>{info.flag.name}</code>" in html
        assert info.meaning in html
        assert info.remedy in html


# --- a change ---------------------------------------------------------------------------------


def test_a_change_flips_between_before_and_after(change):
    shown = ss.show(change, max_px=600)
    assert labels_of(shown)[:5] == ["Before", "After", "Change map", "Depth before", "Depth after"]
    before, after = (view.picture for view in shown.views[:2])
    views = make_views(change, max_px=600, what="picture")
    height, width = views.before.rgb.shape[:2]
    left = (before.shape[1] - width) // 2
    assert before.shape == after.shape
    assert (before[height:] == after[height:]).all()  # the legend does not move
    for picture, canvas in ((before, views.before), (after, views.after)):
        part = picture[:height, left : left + width]
        assert (part == canvas.rgb).all(axis=2).mean() > 0.4  # but for outlines, seams and edge
    assert (before[:height] != after[:height]).any(axis=2).mean() > 0.3
    widths = {view.picture.shape[1] for view in shown.views}
    assert len(widths) == 1  # or a switch would change the size


def test_a_change_says_verdict_and_figures(change):
    shown = ss.show(change)
    html = shown._repr_html_()
    assert shown.caption.lower().startswith(change.verdict)
    assert html.count(f"burden {change.change_pct:+.0f} %") == 1  # said once
    row = change.measures.set_index("measure").loc["burden_um"]
    assert f"<td>{row['after']:.4g}</td>" in html
    assert "NaN" not in bare(html)


def test_a_refused_pair_shows_what_differs_and_no_figures(refused):
    shown = ss.show(refused, max_px=700)
    assert labels_of(shown) == ["Before", "After", "What differs"]
    html = shown._repr_html_()
    assert "<table" not in html
    assert shown.caption.startswith("Not comparable")
    assert all(reason.info.remedy in unescape(html) for reason in refused.comparability.reasons)
    # As it was taken: harmonising is for what can be compared.
    taken = make_views(refused, max_px=700, what="picture", harmonised=False)
    height, width = taken.after.rgb.shape[:2]
    inside = taken.after.cover(refused.pair.region) == 255
    shown_after = shown.views[1].picture[:height, :width]
    assert (shown_after == taken.after.rgb).all(axis=2)[inside].mean() > 0.9


def test_photos_that_do_not_align_are_told_of_in_words(apart, tmp_path):
    shown = ss.show(apart)
    html = shown._repr_html_()
    assert shown.views == ()
    assert "<img" not in html
    assert apart.comparability.reasons[0].info.remedy in html
    assert "<img" not in small_html(apart)
    shown.save(tmp_path / "a.png")
    assert shown.picture.std() > 5  # the words as a picture


# --- what is made of it -----------------------------------------------------------------------


def test_a_fragment_switches_without_script(found, change):
    for thing in (found, change):
        shown = ss.show(thing, max_px=300)
        html = nothing_is_loaded(shown._repr_html_())
        count = len(shown.views)
        ids = re.findall(r'<input type="radio" name="([^"]+)" id="([^"]+)"( checked)?>', html)
        assert len(ids) == count
        assert len({name for name, _, _ in ids}) == 1
        assert re.findall(r'<label for="([^"]+)">([^<]+)</label>', html) == [
            (own, label) for (_, own, _), label in zip(ids, labels_of(shown), strict=True)
        ]
        assert [bool(checked) for *_, checked in ids] == [True] + [False] * (count - 1)
        assert f"input:nth-of-type({count}):checked~div>figure:nth-of-type({count})" in STYLE
        assert len(pictures_in(shown._repr_html_())) == count
        assert all(f'alt="{view.text}"' in html for view in shown.views)


def test_two_outputs_do_not_switch_each_other(found):
    shown = ss.show(found, max_px=200)
    names = [re.search(r'name="(scarscope-\w+)"', shown._repr_html_())[1] for _ in range(2)]
    assert names[0] != names[1]


def test_pictures_in_a_fragment_are_those_of_the_views(found):
    shown = ss.show(found, max_px=400)
    for picture, view in zip(pictures_in(shown._repr_html_()), shown.views, strict=True):
        assert picture.shape == view.picture.shape
        assert np.abs(picture.astype(float) - view.picture).mean() < 3


@pytest.mark.parametrize("what", ["found", "change", "refused", "apart"])
def test_names_are_shown_only_where_asked_for_and_escaped(what, request):
    thing = request.getfixturevalue(what)
    shown = ss.show(thing, max_px=200)
    for text in (shown._repr_html_(), repr(shown), thing._repr_html_(), small_html(thing)):
        assert "Eva" not in bare(text)
    told = bare(ss.show(thing, max_px=200, names=True)._repr_html_())
    assert ESCAPED[0] in told
    assert "<Eva>" not in told
    assert (ESCAPED[1] in told) == (what != "found")


def test_scars_skin_and_photo_can_be_shown_too(found):
    for thing in (found.scars, found.skin, found.photo):
        shown = ss.show(thing, max_px=300)
        html = shown._repr_html_()
        assert len(pictures_in(html)) == len(shown.views) >= 1
        assert "Eva" not in bare(html) + repr(shown)
    assert ss.show(found.scars).caption == f"{found.n_scars} scars"
    assert "0.07 mm each" in ss.show(found.photo).caption
    skin = ss.show(found.skin).caption
    assert f"{found.skin.area / 100:.1f} cm²" in skin


def test_without_a_scale_nothing_is_in_millimetres(make_skin, make_scars):
    skin = make_skin(mm_per_px=None)
    plain = score_scars(make_scars(skin, [(40, 40, 12, 3.0, "boxcar")]))
    for thing in (plain, plain.scars, skin, skin.photo):
        html = ss.show(thing, max_px=200)._repr_html_()
        assert not re.search(r"mm each|cm²|µm", html)
    assert "burden_px" in ss.show(plain, max_px=200).words


def test_it_is_saved_without_metadata(found, tmp_path):
    shown = ss.show(found, max_px=300)
    for name in ("a.png", "new/b.JPG"):
        shown.save(tmp_path / name)
        with Image.open(tmp_path / name) as kept:
            assert not kept.getexif()
            assert kept.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            pixels = np.asarray(kept)
        assert pixels.shape == shown.picture.shape
    assert (np.asarray(Image.open(tmp_path / "a.png")) == shown.picture).all()
    shown.save(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert len(pictures_in(page)) == 3
    nothing_is_loaded(page)
    with pytest.raises(ParamsError, match=r"'a\.gif' ends in \.gif"):
        shown.save(tmp_path / "a.gif")
    with pytest.raises(ParamsError, match="ends in nothing"):
        shown.save(tmp_path / "a")


def test_outside_a_notebook_it_says_what_to_do(found):
    told = repr(ss.show(found, max_px=300))
    assert told.startswith("<Shown: ")
    assert f"{found.n_scars} scars" in told
    assert ".save('picture.png')" in told
    assert "\n" not in told


def test_a_png_is_made_only_where_it_is_asked_for(found):
    shown = ss.show(found, max_px=300)
    assert shown._repr_mimebundle_().keys() == {"text/html", "text/plain"}
    assert shown._repr_mimebundle_(exclude={"text/html"}).keys() == {"text/plain"}
    made = shown._repr_mimebundle_(include={"image/png"})
    assert made.keys() == {"image/png"}
    assert (np.asarray(Image.open(io.BytesIO(made["image/png"]))) == shown.picture).all()


# --- what a notebook shows by itself ----------------------------------------------------------


def test_small_pictures_are_small(found, change, refused):
    for thing in (found, found.scars, change, refused):
        html = small_html(thing)
        assert len(pictures_in(html)) == 1
        assert len(html.encode()) - len(thing._repr_html_().encode()) < 150_000
        assert html.endswith(thing._repr_html_())
        nothing_is_loaded(html)
    assert pictures_in(small_html(found))[0].shape[1] >= SMALL_PX


def test_the_extension_adds_pictures_and_takes_them_away(found, change):
    formatters = pytest.importorskip("IPython.core.formatters")
    shell = SimpleNamespace(display_formatter=formatters.DisplayFormatter())

    def html_of(thing):
        return shell.display_formatter.format(thing)[0]["text/html"]

    assert "<img" not in html_of(found)
    ss.load_ipython_extension(shell)
    assert all("<img" in html_of(thing) for thing in (found, found.scars, change))
    ss.unload_ipython_extension(shell)
    ss.unload_ipython_extension(shell)  # twice is no error
    assert "<img" not in html_of(found)


def test_importing_the_report_registers_nothing(found):
    # The house's rule: pictures come where they are asked for.
    assert "<img" not in found._repr_html_()
    assert "<img" not in found.scars._repr_html_()


def test_scars_say_how_many_of_which_type(found):
    html = found.scars._repr_html_()
    for kind, count in found.scars.table["type"].value_counts().items():
        assert f"{count} {kind}" in html
    assert "depth_um" in html


# --- what has no picture ----------------------------------------------------------------------


def test_tables_say_where_to_look_instead(tmp_path):
    empty = pd.DataFrame({"status": [], "baseline": [], "followup": []})
    batch = BatchResult(tmp_path, empty, empty, empty, empty, empty)
    for thing, remedy in (
        (batch, "overlays/"),
        (empty, "shows by itself"),
        ("photo.jpg", "Score it first"),
        (np.zeros((4, 4, 3)), "Score it first"),
        (3, "Give a Score"),
    ):
        with pytest.raises(ParamsError, match="no picture to show") as caught:
            ss.show(thing)
        assert remedy in caught.value.remedy


@pytest.mark.parametrize("max_px", [0, 99, 300.0, "300"])
def test_a_side_must_be_a_number_of_pixels(found, max_px):
    with pytest.raises(ParamsError, match="max_px"):
        ss.show(found, max_px=max_px)


def test_pictures_get_worse_and_then_smaller_rather_than_too_large():
    noisy = np.random.default_rng(0).integers(0, 255, (400, 300, 3), dtype=np.uint8)
    plenty = jpeg_within(noisy, 10**7)
    less = jpeg_within(noisy, len(plenty) // 2)
    assert len(less) <= len(plenty) // 2
    assert Image.open(io.BytesIO(less)).size == (300, 400)
    tiny = jpeg_within(noisy, 20_000)
    assert len(tiny) <= 20_000
    width, height = Image.open(io.BytesIO(tiny)).size
    assert width < 300
    assert height / width == pytest.approx(4 / 3, rel=0.02)
    assert jpeg_within(noisy, 1)  # as small as it gets
