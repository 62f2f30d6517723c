"""The registry: names, order, completeness."""

import dataclasses
import math

import pytest

from scarscope.measures import (
    MEASURES,
    by_column,
    columns,
    measure,
    scale_sd,
    score_scars,
    to_frame,
)
from scarscope.photo.model import Scale


@pytest.mark.parametrize("unit", ["mm", "px"])
def test_columns_are_unique_and_in_order(make_skin, make_scars, unit):
    names = columns(unit)
    assert len(set(names)) == len(names)
    scars = make_scars(make_skin(mm_per_px=0.1 if unit == "mm" else None))
    assert tuple(measure(scars)) == names


def test_every_measure_says_where_it_comes_from():
    for entry in MEASURES:
        for text in (entry.label, entry.definition, entry.range, entry.source):
            assert text.strip()
        assert entry.validated_against.strip()


def test_primary_measures_are_those_of_the_contract():
    primary = [entry.column("mm") for entry in MEASURES if entry.primary]
    assert primary == ["burden_um", "scar_area_fraction", "n_scars"]


def test_no_column_without_a_scale_speaks_of_millimetres():
    assert not [name for name in columns("px") if name.endswith(("um", "mm", "mm2", "mm3", "cm2"))]


def test_estimates_are_labelled_as_such():
    for name in ("ecca_atrophic", "goodman_baron_atrophic", "goodman_baron_grade", "scar_s_face"):
        assert "(estimate)" in by_column(name).label
        assert "photo cannot" in by_column(name).definition or name == "scar_s_face"


def test_table_has_one_row_a_measure():
    table = to_frame()
    assert len(table) == len(MEASURES)
    assert table["column"].is_unique
    assert table.loc[table["column"] == "burden_um", "column_without_scale"].item() == "burden_px"


def test_lookup_by_either_name():
    assert by_column("burden_um") is by_column("burden_px")
    with pytest.raises(KeyError, match="to_frame"):
        by_column("beauty")


def with_scale(skin, scale):
    return dataclasses.replace(skin, photo=dataclasses.replace(skin.photo, scale=scale))


def test_the_scale_s_uncertainty_is_carried(make_skin, make_scars):
    skin = with_scale(make_skin(), Scale(0.1, "argument", rel_sd=0.02))
    score = score_scars(make_scars(skin, [(60, 60, 10, 0.2, "boxcar")]))
    found = scale_sd(score)
    assert found["burden_um"] == pytest.approx(0.02 * score.burden_um)
    assert found["scar_area_mm2"] == pytest.approx(0.04 * score.values["scar_area_mm2"])
    assert found["scar_volume_mm3"] == pytest.approx(0.06 * score.values["scar_volume_mm3"])
    assert "scar_area_fraction" not in found


def test_an_unstated_uncertainty_is_not_zero(make_skin, make_scars):
    assert math.isnan(scale_sd(score_scars(make_scars(make_skin())))["roi_area_mm2"])
    assert scale_sd(score_scars(make_scars(make_skin(mm_per_px=None)))) == {}
