"""Whole comparisons of simulated photos, and the gate's verdicts."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

import scarscope as ss
from scarscope.change import COLUMNS, STATUSES, VERDICTS, measure_names, scar_columns
from scarscope.change.align import Alignment
from scarscope.change.compare import compare
from scarscope.change.control import Contrast, Control
from scarscope.change.error import published
from scarscope.change.gate import judge, reasons_of_reading
from scarscope.change.reasons import BY_CODE, REGISTRY, Reason, to_frame
from scarscope.errors import PhotoError
from scarscope.flags import Flag
from scarscope.params import ChangeParams, Params
from scarscope.phantom import confounder_pair, retest_pair, treated_pair, worsened_pair
from scarscope.scars import ReliefSegmenter
from scarscope.scars.find import find as find_scars

MM = 0.1
SIZE = {"size_mm": (26.0, 26.0), "mm_per_px": MM, "ita_deg": 25.0}


def read(rendered, name: str = "photo", mm_per_px: float | None = MM):
    return ss.read_photo(rendered.rgb, mm_per_px=mm_per_px, name=name)


@pytest.fixture(scope="module")
def treated():
    return treated_pair(20_911, 0.5, **SIZE)


@pytest.fixture(scope="module")
def change(treated):
    return ss.compare(read(treated[0], "before"), read(treated[1], "after"))


@pytest.fixture(scope="module")
def untouched():
    return retest_pair(20_912, **SIZE)


# --- whole comparisons ------------------------------------------------------------------------


def test_a_response_is_seen_and_sized(treated, change):
    true = 100 * (treated[1].depth_mm.sum() / treated[0].depth_mm.sum() - 1)
    assert change.comparable in ("yes", "caution")
    assert change.verdict == "improved"
    assert change.change_pct == pytest.approx(true, abs=20)
    assert change.change_pct < -change.mdc95_pct
    assert change.quartile in ("26-50 %", "51-75 %", "76-100 %")
    assert "improved" in change.text


def test_the_tables_are_whole(change):
    assert tuple(change.measures.columns) == COLUMNS
    assert tuple(change.measures["measure"]) == measure_names("mm")
    assert set(change.measures["verdict"]) <= {*VERDICTS, ""}
    assert tuple(change.scars.columns) == scar_columns("mm")
    assert set(change.scars["status"]) <= set(STATUSES)
    known = change.scars["before_id"].dropna()
    assert set(known) == set(change.before.scars.table["scar_id"])
    later = change.scars.loc[change.scars["relation"] != "merged", "after_id"].dropna()
    assert sorted(later) == sorted(change.after.scars.table["scar_id"])
    # What can be measured in no direction gets no verdict.
    area = change.measures.set_index("measure").loc["roi_area_mm2"]
    assert (area["change"], area["verdict"]) == (0, "")


def test_volume_and_burden_tell_the_same_change(change):
    rows = change.measures.set_index("measure")
    burden, volume = rows.loc["burden_um"], rows.loc["scar_volume_mm3"]
    assert burden["change_pct"] == pytest.approx(volume["change_pct"])
    assert burden["change_pct"] == pytest.approx(100 * change.amount.change)
    assert burden["after"] == pytest.approx(burden["before"] + burden["change"])


def test_mdc95_holds_the_noise_of_the_photos_and_the_readings_doubt(change):
    row = change.measures.set_index("measure").loc["burden_um"]
    before, mean = row["before"], (row["before"] + row["after"]) / 2
    kind, noise = change.comparability.spread, row["before"] * change.amount.noise
    assert noise > 0
    known = published().mdc95("burden_um", mean, comparable=kind, noise=noise)
    assert known > 1.01 * published().mdc95("burden_um", mean, comparable=kind)
    assert row["mdc95"] == pytest.approx(math.hypot(known, before * change.amount.doubt))
    assert row["change_se"] == pytest.approx(
        math.hypot(row["mdc95"] / 1.96, before * change.amount.se)
    )


@pytest.mark.parametrize("hidden", [0, 1])
@pytest.mark.parametrize("flag", [Flag.RELIEF_HIDDEN, Flag.DOUBTFUL_READING])
def test_relief_that_either_photo_hides_or_leaves_in_doubt_is_told(
    untouched, monkeypatch, hidden, flag
):
    calls = []

    def find(skin, segmenter):
        found = find_scars(skin, segmenter)
        calls.append(found)
        more = flag if len(calls) == hidden + 1 else Flag.NONE
        return replace(found, scars=replace(found.scars, flags=found.scars.flags | more))

    monkeypatch.setattr(sys.modules["scarscope.change.compare"], "find", find)
    change = ss.compare(*(read(photo) for photo in untouched))
    assert len(calls) == 2
    assert change.comparable == "caution"
    assert flag.name in change.comparability.codes.split("|")


def test_the_same_skin_again_has_not_changed(untouched):
    change = ss.compare(*(read(photo) for photo in untouched))
    assert change.comparable in ("yes", "caution")
    assert change.verdict == "no detectable change"
    assert (change.scars["status"] == "unchanged").mean() > 0.8
    assert change.gais == "no change"


def test_the_other_way_round_improved_becomes_worse(treated):
    back = ss.compare(read(treated[1]), read(treated[0]))
    assert back.verdict == "worse"
    assert back.change_pct > 0


def test_a_photo_against_itself_is_no_change(treated):
    photo = read(treated[0])
    change = ss.compare(photo, photo)
    assert change.comparable == "yes"
    assert change.change_pct == pytest.approx(0, abs=0.5)  # the alignment is found, not given
    assert (change.scars["status"] == "unchanged").all()


@pytest.mark.parametrize("power", [0.85, 1.18])
def test_a_tone_curved_copy_has_the_same_burden(treated, power):
    codes = treated[0].rgb / 255
    curved = np.rint(255 * codes**power).astype(np.uint8)
    copy = ss.read_photo(curved, mm_per_px=MM)
    change = ss.compare(read(treated[0]), copy)
    assert change.comparable != "no", change.comparability.text
    assert abs(change.change_pct) < 5
    assert "contrast" in change.comparability.harmony.text


def test_a_recompressed_copy_has_the_same_burden(treated):
    rgb = treated[0].rgb
    ok, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert ok
    change = ss.compare(read(treated[0]), ss.read_photo(data.tobytes(), mm_per_px=MM))
    assert change.comparable != "no", change.comparability.text
    assert abs(change.change_pct) < 5


def test_luma_alone_is_read_where_a_file_lost_colour(treated, monkeypatch):
    module = sys.modules["scarscope.change.compare"]
    asked = []

    def read_pair(*given, luma_alone):
        asked.append(luma_alone)
        return whole(*given, luma_alone=luma_alone)

    whole = module.read_pair
    monkeypatch.setattr(module, "read_pair", read_pair)
    photo = read(treated[0])
    ok, data = cv2.imencode(".jpg", treated[0].rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 40])
    assert ok
    for later in (photo, ss.read_photo(data.tobytes(), mm_per_px=MM)):
        ss.compare(photo, later, refuse=False)
    assert asked == [False, True]


def test_far_skin_keeps_a_wider_margin_around_scars(treated, monkeypatch):
    module = sys.modules["scarscope.change.compare"]
    masks = []

    def measure_control(pair, plain, far):
        masks.append((plain, far))
        return whole(pair, plain, far)

    whole = module.measure_control
    monkeypatch.setattr(module, "measure_control", measure_control)
    ss.comparability(*(read(photo) for photo in treated))
    ((plain, far),) = masks
    assert not (far & ~plain).any()
    assert 0 < far.sum() < 0.9 * plain.sum()


def test_a_darker_copy_has_the_same_burden(treated):
    photo = read(treated[0])
    copy = ss.read_photo(photo.rgb * np.float32(0.6), mm_per_px=MM)
    change = ss.compare(photo, copy)
    assert change.comparable != "no", change.comparability.text
    assert abs(change.change_pct) < 5
    assert change.comparability.harmony.stops == pytest.approx(math.log2(0.6), abs=0.05)


def test_another_light_is_refused_and_no_figure_is_given():
    before, after = confounder_pair(20_200, "light", **{**SIZE, "ita_deg": 10.0})
    told = ss.comparability(read(before), read(after))
    assert told.verdict == "no"
    assert any(code in told.codes for code in ("LIGHT", "NOT_ALIGNED"))
    change = ss.compare(read(before), read(after))
    assert change.verdict == "not comparable"
    assert change.measures[["before", "after", "change", "mdc95"]].isna().all(axis=None)
    assert tuple(change.measures["measure"]) == measure_names("mm")
    assert change.scars.empty
    assert tuple(change.scars.columns) == scar_columns("mm")
    assert math.isnan(change.change_pct)


def test_other_skin_is_refused_with_the_reason(untouched):
    other = retest_pair(20_913, **SIZE)[0]
    change = ss.compare(read(untouched[0]), read(other))
    assert not change.alignment.ok
    assert change.comparability.codes == "NOT_ALIGNED"
    assert change.alignment.reason in change.comparability.text
    assert change.pair is None
    assert "not comparable" in repr(change)


def test_a_forced_measurement_stays_not_comparable(untouched):
    days = (math.nan, 3.0)
    forced = ss.compare(*(read(photo) for photo in untouched), days=days, refuse=False)
    assert forced.verdict == "not comparable"
    assert "TOO_SOON" in forced.comparability.codes
    assert math.isfinite(forced.change_pct)


@pytest.mark.parametrize("unknown", [0, 1])
def test_one_photo_without_a_scale_is_enough_for_caution(untouched, unknown):
    scales = [None if number == unknown else MM for number in range(2)]
    photos = [read(p, mm_per_px=mm) for p, mm in zip(untouched, scales, strict=True)]
    wide = Params.from_dict({"skin": {"nominal_view_mm": 26.0}})
    told = ss.comparability(*photos, params=wide)
    assert told.verdict == "caution", told.text
    assert "NO_SCALE" in told.codes


def test_photos_without_a_scale_are_compared_in_pixels_with_caution(untouched):
    wide = Params.from_dict({"skin": {"nominal_view_mm": 26.0}})
    change = ss.compare(*(read(photo, mm_per_px=None) for photo in untouched), params=wide)
    assert change.comparable == "caution", change.comparability.text
    assert "NO_SCALE" in change.comparability.codes
    assert "burden_px" in set(change.measures["measure"])
    assert not any(name.endswith("_mm2") for name in change.measures["measure"])
    assert tuple(change.scars.columns) == scar_columns("px")
    assert change.verdict == "no detectable change"


def test_relief_alone_can_compare(treated):
    change = ss.compare(*(read(p) for p in treated), segmenter=ReliefSegmenter())
    assert change.reading.network is None
    assert math.isnan(change.amount.network)
    assert change.change_pct < 0


def test_what_was_scored_is_compared_as_it_is(treated, change):
    scores = [ss.score(read(photo)) for photo in treated]
    again = ss.compare(*scores)
    assert again.change_pct == pytest.approx(change.change_pct)


def test_a_region_bounds_what_is_compared(treated):
    left = np.zeros((260, 260), bool)
    left[:, :130] = True
    change = ss.compare(read(treated[0]), read(treated[1]), roi_before=left)
    assert change.pair.area < 0.55 * 26**2
    assert (change.scars["x_px"] < 132).all()


def test_alignment_is_a_verb_of_its_own(untouched):
    found = ss.register(*(read(photo) for photo in untouched))
    assert found.ok
    assert found.residual_mm < 0.05


def test_a_photo_that_cannot_be_read_is_an_error(tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    with pytest.raises(PhotoError):
        ss.compare(bad, bad)


def test_a_notebook_shows_verdict_and_reasons(change):
    html = change._repr_html_()
    assert "improved" in html
    assert "burden_um" in html


# --- the gate ---------------------------------------------------------------------------------

SAME = Contrast(0.0, 0.01, 0.995)
CALM = Control(
    fine=SAME,
    mid=SAME,
    coarse=SAME,
    tones=(SAME, SAME, SAME),
    pigment=SAME,
    turn=0.0,
    exposure=(0.0, 0.0, 0.0),
    fall=0.0,
    bend=0.0,
    tiles=40,
)
ALIGNED = Alignment(
    matrix=np.eye(3),
    field=None,
    before_shape=(260, 260),
    after_shape=(260, 260),
    ok=True,
    residual_mm=0.02,
    overlap=0.9,
    confidence=0.95,
    scale=1.0,
    anisotropy=0.002,
    before_mm_per_px=MM,
    after_mm_per_px=MM,
)


def verdict(make_skin, *, control=CALM, alignment=ALIGNED, flags=Flag.NONE, **more):
    before, after = make_skin(), make_skin(flags=flags)
    more = {"common_mm2": 500.0, **more}
    return judge(before, after, alignment, control, params=ChangeParams(), **more)


def test_a_calm_pair_is_comparable_without_a_reason(make_skin):
    told = verdict(make_skin)
    assert (told.verdict, told.codes) == ("yes", "")
    assert told.text == "The photos can be compared."


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mid": Contrast(0, 0.01, 0.970)}, "LIGHT_DIRECTION"),
        ({"fine": Contrast(0, 0.01, 0.9)}, "FINE_DETAIL"),
        ({"turn": 0.07}, "LIGHT_TURNED"),
        ({"fall": 0.2}, "LIGHT_FIELD"),
        ({"bend": 0.04}, "LIGHT_FIELD"),
        ({"fine": Contrast(-0.3, 0.01, 0.99)}, "FOCUS"),
        (
            {"tones": (Contrast(0.2, 0.01, 0.99),) * 3, "fine": Contrast(0.2, 0.01, 0.99)},
            "CONTRAST",
        ),
        ({"exposure": (1.0, 1.0, 1.0)}, "EXPOSURE"),
        ({"exposure": (0.15, 0.0, 0.0)}, "COLOUR"),
        ({"tiles": 8}, "LITTLE_CONTROL"),
    ],
)
def test_one_small_sign_is_a_caution(make_skin, change, code):
    told = verdict(make_skin, control=replace(CALM, **change))
    assert (told.verdict, told.codes) == ("caution", code)


def test_fine_detail_that_differs_is_one_sign_however_it_shows(make_skin):
    blurred = replace(CALM, fine=Contrast(-0.3, 0.01, 0.9))
    told = verdict(make_skin, control=blurred)
    assert (told.verdict, told.codes) == ("caution", "FINE_DETAIL|FOCUS")
    turned = replace(blurred, turn=0.05)
    assert verdict(make_skin, control=turned).reasons[0].code == "LIGHT_CHANGED"


def test_a_file_that_lost_detail_says_nothing_of_the_light(make_skin):
    softer = replace(CALM, fine=Contrast(-0.3, 0.01, 0.95), turn=0.05)
    poor = verdict(make_skin, control=softer, flags=Flag.HEAVY_COMPRESSION)
    assert poor.verdict == "caution"
    assert "LIGHT_CHANGED" not in poor.codes
    # Compression that cost the pattern of fine relief forbids the comparison itself.
    lost = replace(softer, fine=Contrast(0.0, 0.01, 0.9))
    worse = verdict(make_skin, control=lost, flags=Flag.HEAVY_COMPRESSION)
    assert (worse.verdict, worse.reasons[0].code) == ("no", "COMPRESSION")


def test_a_code_stands_once_with_its_gravest_figure(make_skin):
    told = verdict(make_skin, alignment=replace(ALIGNED, overlap=0.5), common_mm2=50.0)
    assert told.codes == "LITTLE_OVERLAP"
    assert (told.verdict, told.reasons[0].value) == ("no", 50.0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mid": Contrast(0, 0.01, 0.95)}, "LIGHT_DIRECTION"),
        ({"turn": 0.2}, "LIGHT_TURNED"),
        ({"fall": 0.4}, "LIGHT_FIELD"),
        ({"turn": 0.07, "fall": 0.2}, "LIGHT_CHANGED"),
        (
            {"tones": (Contrast(-0.3, 0.01, 0.9),) * 3, "mid": Contrast(-0.3, 0.01, 0.98)},
            "COVERED",
        ),
        ({"tones": (Contrast(-0.8, 0.01, 0.99),) * 3}, "COVERED"),
        ({"fine": Contrast(-1.2, 0.01, 0.99)}, "FOCUS"),
        ({"exposure": (2.0, 2.0, 2.0)}, "EXPOSURE"),
        ({"tiles": 2}, "LITTLE_CONTROL"),
    ],
)
def test_a_large_sign_forbids_the_comparison(make_skin, change, code):
    told = verdict(make_skin, control=replace(CALM, **change))
    assert told.verdict == "no"
    assert told.reasons[0].code == code
    assert told.reasons[0].weight == "no"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((math.nan, math.nan), "yes"),
        ((math.nan, 28.0), "yes"),
        ((math.nan, 10.0), "caution"),
        ((3.0, math.nan), "no"),
        ((math.nan, 0.0), "no"),
    ],
)
def test_swelling_after_treatment_counts(make_skin, days, expected):
    assert verdict(make_skin, days=days).verdict == expected


@pytest.mark.parametrize(
    ("flags", "expected", "code"),
    [
        (Flag.OVEREXPOSED, "no", "CLIPPED"),
        (Flag.HEAVY_COMPRESSION, "caution", "COMPRESSION"),
        (Flag.SOFT_FOCUS, "caution", "POOR_PHOTO"),
        (Flag.AUTO_REGION, "yes", ""),
    ],
)
def test_flags_of_a_photo_count(make_skin, flags, expected, code):
    told = verdict(make_skin, flags=flags)
    assert (told.verdict, told.codes) == (expected, code)


@pytest.mark.parametrize(
    ("flags", "doubt", "noise", "expected"),
    [
        (Flag.NONE, 0.1, 0.01, []),
        (Flag.FLAT_LIGHT, 0.1, math.nan, []),
        (Flag.NONE, 0.4, 0.01, [("READINGS_DISAGREE", "caution")]),
        (Flag.NONE, 0.1, 0.02, [("NOISE", "caution")]),
        (Flag.NONE, 0.4, 0.05, [("NOISE", "caution"), ("READINGS_DISAGREE", "caution")]),
        (Flag.FLAT_LIGHT | Flag.RELIEF_HIDDEN, 0.1, 0.01, [("RELIEF_HIDDEN", "caution")]),
    ],
)
def test_what_measuring_tells_counts_too(flags, doubt, noise, expected):
    told = reasons_of_reading(flags, doubt, noise, ChangeParams())
    assert [(reason.code, reason.weight) for reason in told] == expected


def test_readings_that_disagree_count_once(make_skin):
    """They are part of MDC95 already: the error behind it stays that of pairs compared outright."""
    told = verdict(make_skin)
    doubtful = told.also(Reason("READINGS_DISAGREE", "caution", 0.3, 0.25))
    assert (doubtful.verdict, doubtful.spread) == ("caution", "yes")
    noisy = doubtful.also(Reason("NOISE", "caution", 0.02, 0.015))
    assert noisy.spread == "caution"


@pytest.mark.parametrize(
    ("change", "expected", "code"),
    [
        ({"overlap": 0.5}, "caution", "LITTLE_OVERLAP"),
        ({"overlap": 0.2}, "no", "LITTLE_OVERLAP"),
        ({"confidence": 0.5}, "caution", "ALIGNMENT_UNSURE"),
        ({"residual_mm": 0.5}, "no", "ALIGNMENT_UNSURE"),
        ({"scale": 1.05}, "caution", "SCALE_DISAGREES"),
        ({"anisotropy": 0.03}, "caution", "POSE"),
        ({"ok": False, "reason": "The photos have no features in common."}, "no", "NOT_ALIGNED"),
    ],
)
def test_the_alignment_counts(make_skin, change, expected, code):
    told = verdict(make_skin, alignment=replace(ALIGNED, **change))
    assert (told.verdict, told.reasons[0].code) == (expected, code)


def test_reasons_are_told_with_figure_limit_and_remedy(make_skin):
    told = verdict(make_skin, control=replace(CALM, fall=0.4))
    row = told.to_frame().iloc[0]
    assert (row["code"], row["weight"]) == ("LIGHT_FIELD", "no")
    assert row["value"] == pytest.approx(0.4)
    assert row["limit"] == pytest.approx(ChangeParams().light_fall[1])
    assert "0.4" in row["text"]
    assert row["remedy"]


def test_every_reason_of_the_registry_is_whole():
    assert len(BY_CODE) == len(REGISTRY)
    table = to_frame()
    assert (table[["code", "meaning", "remedy"]] != "").all(axis=None)
    for info in REGISTRY:
        assert Reason(info.code, "no").text.endswith(".")


def test_limits_are_parameters(make_skin):
    strict = Params.from_dict({"change": {"light_turn": [0.001, 0.002]}}).change
    before, after = make_skin(), make_skin()
    control = replace(CALM, turn=0.003)
    assert judge(before, after, ALIGNED, control, params=strict).verdict == "no"


def test_scars_that_are_new_are_worse_and_not_a_share_of_nothing():
    """From 0.3 µm a burden could rise to 1.1 at most, and passed for no detectable change."""
    pair = worsened_pair(20_903, 1.0, size_mm=(22.0, 22.0), mm_per_px=MM, ita_deg=30.0)
    change = compare(*map(read, pair), refuse=False)
    burden = change.measures.set_index("measure").loc["burden_um"]
    true = 1000 * float(pair[1].depth_mm.mean())
    assert burden["before"] < 0.1 * true
    assert burden["after"] == pytest.approx(true, rel=0.35)
    assert burden["change"] > burden["mdc95"]
    # What the gate hears of is the direction that counts.
    assert change.amount.noise > 10 * change.amount.leading.noise
    heard = {reason.code: reason.value for reason in change.comparability.reasons}
    assert heard["NOISE"] == change.amount.leading.noise
