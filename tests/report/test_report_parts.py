"""The parts that pictures are made of."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.errors import ParamsError
from scarscope.flags import Flag
from scarscope.measures import score_scars
from scarscope.report import depth_picture
from scarscope.report.depth import FAINT_COVER, colour_table, round_up, ticks
from scarscope.report.lettering import text_width, wrap
from scarscope.report.outlines import dashes, trace
from scarscope.report.strip import SCALE_BARS_MM, scale_bar
from scarscope.report.style import LineStyle
from scarscope.report.words import flag_lines, headline


def test_trace_follows_a_disc():
    yy, xx = np.indices((100, 120))
    (curve,) = trace(np.hypot(xx - 60, yy - 50) <= 30)
    radius = np.hypot(curve[:, 0] - 60, curve[:, 1] - 50)
    assert np.abs(radius - 30).max() < 0.7
    assert np.array_equal(curve[0], curve[-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (1, 9)])
def test_the_smallest_mark_has_an_outline(shape):
    curves = trace(np.ones(shape, bool))
    assert len(curves) == 1
    assert len(curves[0]) > 3


def length(curve):
    return float(np.hypot(*np.diff(curve, axis=0).T).sum())


@given(radius=st.floats(5, 200), dash=st.floats(1, 9), gap=st.floats(1, 9), width=st.integers(1, 3))
def test_dashes_cover_their_share_of_a_closed_curve(radius, dash, gap, width):
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    pieces = dashes(circle, LineStyle((0, 0, 0), dash=dash, gap=gap), width=width)
    covered = sum(map(length, pieces)) / length(circle)
    expected = 1.0 if len(pieces) == 1 else dash / (dash + gap)
    assert covered == pytest.approx(expected, rel=0.01)


def test_solid_lines_stay_whole():
    line = np.array([[0.0, 0.0], [50.0, 0.0]])
    assert dashes(line, LineStyle((0, 0, 0)), width=2) == [line]


@given(per_mm=st.floats(0.5, 400), width=st.integers(300, 2400))
def test_scale_bars_fit(per_mm, width):
    bar = scale_bar(per_mm, width=width, size=20)
    smallest = SCALE_BARS_MM[0] * per_mm
    assert bar.width <= max(0.22 * width, smallest) + 110


@given(st.text(alphabet="abc µ²≥·", max_size=80), st.integers(60, 400))
def test_wrap_keeps_every_word(text, width):
    lines = wrap(text, size=18, width=width)
    assert " ".join(lines).split() == text.split()
    assert all(text_width(line, 18) <= width or " " not in line for line in lines)


@given(st.floats(1e-6, 1e6))
def test_round_up_is_a_round_figure_just_above(value):
    top = round_up(value)
    assert value * (1 - 1e-5) <= top <= 2 * value * (1 + 1e-9)
    assert round(top / 10 ** math.floor(math.log10(top) + 1e-9), 6) in (1, 2, 3, 4, 5, 6, 8)


@pytest.mark.parametrize(
    ("top", "figures"),
    [(500, [0, 100, 200, 300, 400, 500]), (20, [0, 5, 10, 15, 20]), (0.3, [0, 0.1, 0.2, 0.3])],
)
def test_ticks(top, figures):
    assert ticks(top) == pytest.approx(figures)


def test_depth_colours_rise_in_lightness():
    luma = colour_table().astype(float) @ [0.299, 0.587, 0.114]
    assert np.all(np.diff(luma) > -1)
    assert luma[-1] > luma[0] + 100


def test_depth_picture_refuses_an_impossible_range(make_skin, make_scars):
    score = score_scars(make_scars(make_skin()))
    for top in (0, -1, math.nan, math.inf):
        with pytest.raises(ParamsError, match="top"):
            depth_picture(score, top=top)


def test_depth_picture_is_brightest_where_deepest(make_skin, make_scars):
    skin = make_skin(texture=0.0)
    cones = [(40, 60, 20, 0.1, "boxcar"), (110, 60, 20, 0.5, "boxcar")]
    picture = depth_picture(score_scars(make_scars(skin, cones)), top=500).astype(int)
    factor = picture.shape[1] / 160
    shallow, deep = (picture[int(60.5 * factor), int((x + 0.5) * factor)] for x in (40, 110))
    assert np.abs(deep - colour_table()[255]).max() < 40  # laid over the grey at 92 %
    assert np.abs(shallow - colour_table()[51]).max() < 40


def test_depth_picture_shows_weakly_what_is_expected_beside_outlines(make_skin, make_scars):
    scars = make_scars(make_skin(texture=0.0), [(40, 60, 20, 0.5, "boxcar")])
    plain = depth_picture(score_scars(scars), top=500).astype(int)
    faint = np.zeros(scars.labels.shape, np.float32)
    faint[50:70, 100:120], faint[90:110, 100:120] = 0.1, 0.001  # the second is next to nothing
    doubtful = depth_picture(score_scars(replace(scars, faint=faint)), top=500).astype(int)
    factor = plain.shape[1] / 160
    rows = round(120 * factor)
    place, bare = ((round(60 * factor), round(110 * factor)), (round(100 * factor), 300))
    ground, colour = plain[place], colour_table()[51]
    expected = ground + FAINT_COVER * (colour - ground)
    assert np.abs(doubtful[place] - expected).max() < 4
    assert (doubtful[bare] == plain[bare]).all()
    below = (round(100 * factor), round(110 * factor))
    assert (doubtful[below] == plain[below]).all()
    assert doubtful.shape[0] > plain.shape[0] >= rows  # one line says what the weak colour is


def test_headline_with_and_without_scale(make_skin, make_scars):
    cone = [(60, 60, 20, 0.3, "boxcar")]
    with_mm = headline(score_scars(make_scars(make_skin(), cone)))
    assert with_mm.startswith("1 scar · 6.5 % of 1.9 cm² scarred · burden ")
    assert with_mm.endswith("µm")
    without = headline(score_scars(make_scars(make_skin(mm_per_px=None))))
    assert without == "No scars found · 0.0 % of the region scarred · burden 0 px (no scale)"


def test_flags_come_in_words_gravest_first(make_skin, make_scars):
    skin = make_skin(flags=Flag.AUTO_REGION | Flag.SOFT_FOCUS | Flag.GLARE)
    lines = flag_lines(score_scars(make_scars(skin)))
    assert [words.split(":")[0] for _, words in lines] == ["Serious", "Caution", "Note"]
    assert [serious for serious, _ in lines] == [True, False, False]
