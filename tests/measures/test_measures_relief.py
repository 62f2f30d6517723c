"""Missing skin against closed forms."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.errors import ScaleError
from scarscope.measures import measure, score_scars


def test_a_cone_gives_its_volume_over_the_region(make_skin, make_scars):
    skin = make_skin(shape=(400, 400), mm_per_px=0.05)
    values = measure(make_scars(skin, [(200, 200, 100, 0.6, "boxcar")]))
    radius, region = 100 * 0.05, (400 * 0.05) ** 2
    volume = math.pi * radius**2 * 0.6 / 3
    assert values["roi_area_mm2"] == pytest.approx(region)
    assert values["scar_volume_mm3"] == pytest.approx(volume, rel=2e-3)
    assert values["burden_um"] == pytest.approx(1000 * volume / region, rel=2e-3)
    assert values["scar_area_mm2"] == pytest.approx(math.pi * radius**2, rel=2e-3)
    assert values["mean_depth_um"] == pytest.approx(200, rel=2e-3)
    assert values["max_depth_um"] == pytest.approx(600)
    assert values["scar_area_fraction"] == pytest.approx(math.pi * radius**2 / region, rel=2e-3)


def test_burden_does_not_depend_on_the_grid(make_skin, make_scars):
    coarse = make_scars(
        make_skin(shape=(200, 200), mm_per_px=0.1), [(99.5, 99.5, 40, 0.3, "boxcar")]
    )
    fine = make_scars(
        make_skin(shape=(400, 400), mm_per_px=0.05), [(199.5, 199.5, 80, 0.3, "boxcar")]
    )
    assert measure(coarse)["burden_um"] == pytest.approx(measure(fine)["burden_um"], rel=5e-3)


def test_only_what_lies_in_the_region_counts(make_skin, make_scars):
    half = np.zeros((120, 160), bool)
    half[:, :80] = True
    scars = make_scars(make_skin(region=half), [(79.5, 60, 30, 0.3, "rolling")])
    whole = make_scars(make_skin(), [(79.5, 60, 30, 0.3, "rolling")])
    assert measure(scars)["scar_volume_mm3"] == pytest.approx(
        measure(whole)["scar_volume_mm3"] / 2, rel=1e-5
    )
    assert measure(scars)["burden_um"] == pytest.approx(measure(whole)["burden_um"], rel=1e-5)


def test_without_a_scale_figures_are_in_photo_pixels(make_skin, make_scars):
    cone = [(80, 60, 20, 3.0, "boxcar")]
    small = measure(make_scars(make_skin(mm_per_px=None), cone))
    large = measure(make_scars(make_skin(mm_per_px=None, oversample=2), cone))
    assert not any(name.endswith(("_um", "mm2", "mm3")) for name in small)
    assert small["max_depth_px"] == 3.0
    assert large["scar_area_px2"] == pytest.approx(4 * small["scar_area_px2"])
    assert large["scar_area_fraction"] == small["scar_area_fraction"]


def test_no_scars_is_zero_burden_and_unknown_depth(make_skin, make_scars):
    values = measure(make_scars(make_skin()))
    assert values["burden_um"] == values["scar_area_fraction"] == values["n_scars"] == 0
    for name in ("mean_depth_um", "max_depth_um", "mean_edge_steepness", "melanin_contrast"):
        assert math.isnan(values[name])


def test_what_is_expected_beside_the_outlines_counts_in_the_burden_alone(make_skin, make_scars):
    left = np.zeros((120, 160), bool)
    left[:, :80] = True
    scars = make_scars(make_skin(region=left), [(40, 60, 20, 0.3, "boxcar")])
    faint = np.where(scars.labels > 0, 0, 0.004).astype(np.float32)
    sure, both = measure(scars), measure(replace(scars, faint=faint))
    area = np.count_nonzero(left & (scars.labels == 0)) * 0.1**2
    assert sure["faint_volume_mm3"] == 0
    assert both["faint_volume_mm3"] == pytest.approx(0.004 * area)
    added = 1000 * 0.004 * area / both["roi_area_mm2"]
    assert both["burden_um"] == pytest.approx(sure["burden_um"] + added)
    for name in ("scar_volume_mm3", "mean_depth_um", "max_depth_um", "scar_area_fraction"):
        assert both[name] == sure[name]
    bare = measure(replace(make_scars(make_skin()), faint=np.full((120, 160), 1e-3, np.float32)))
    assert bare["burden_um"] == pytest.approx(1.0)
    assert math.isnan(bare["burden_sd_um"])


def test_a_depth_that_is_not_known_is_as_uncertain_as_it_is_large(make_skin, make_scars):
    scars = make_scars(make_skin(), [(30, 40, 10, 0.2, "boxcar"), (80, 90, 10, 0.3, "boxcar")])

    def with_sd(*sd):
        table = scars.table.assign(depth_sd_um=list(sd))
        return measure(replace(scars, table=table))

    area = with_sd(20.0, 30.0)["roi_area_mm2"]
    first, second = scars.table["volume_mm3"]
    share = 20.0 / scars.table["depth_um"].iloc[0]
    told = with_sd(20.0, math.nan)["burden_sd_um"]
    assert told == pytest.approx(1000 * (first * share + second) / area)
    assert told > with_sd(20.0, 30.0)["burden_sd_um"]
    assert math.isnan(with_sd(math.nan, math.nan)["burden_sd_um"])


def test_an_empty_region_has_no_figures(make_skin, make_scars):
    values = measure(make_scars(make_skin(region=np.zeros((120, 160), bool))))
    assert math.isnan(values["burden_um"])
    assert math.isnan(values["shading_roughness"])
    assert math.isnan(values["n_per_10cm2"])


def test_score_shortcuts(make_skin, make_scars):
    score = score_scars(make_scars(make_skin(), [(60, 60, 10, 0.2, "icepick")]))
    assert score.burden_um == score.values["burden_um"] > 0
    assert score.n_scars == 1
    assert score.scar_area_fraction == score.values["scar_area_fraction"]
    assert score.photo is score.skin.photo
    row = score.to_frame()
    assert len(row) == 1
    assert row.loc[0, "scale_source"] == "argument"


def test_burden_um_needs_a_scale(make_skin, make_scars):
    score = score_scars(make_scars(make_skin(mm_per_px=None)))
    with pytest.raises(ScaleError, match="mm_per_px"):
        _ = score.burden_um
    assert score.to_frame().loc[0, "flags"] == "NO_SCALE"


@given(depth=st.floats(0.01, 2.0), factor=st.floats(0.1, 3.0))
def test_burden_grows_in_proportion_to_depth(make_skin_once, make_scars_once, depth, factor):
    skin = make_skin_once
    one = measure(make_scars_once(skin, [(20, 20, 12, depth, "boxcar")]))["burden_um"]
    two = measure(make_scars_once(skin, [(20, 20, 12, depth * factor, "boxcar")]))["burden_um"]
    assert two == pytest.approx(one * factor, rel=1e-4)
