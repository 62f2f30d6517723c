"""Parameters: what is refused, what comes back, what the hash notices."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.errors import ParamsError
from scarscope.params import NetworkParams, Params, PhotoParams, ScarParams, SkinParams

STAGES = {f.name: f.default_factory for f in dataclasses.fields(Params)}


def test_an_unknown_stage_is_named_and_the_known_ones_listed():
    with pytest.raises(ParamsError) as caught:
        Params.from_dict({"skn": {}})
    assert "'skn'" in caught.value.message
    assert all(name in caught.value.remedy for name in STAGES)
    assert caught.value.stage == "parameters"


@pytest.mark.parametrize("stage", STAGES)
def test_an_unknown_option_is_named_and_the_known_ones_listed(stage):
    with pytest.raises(ParamsError) as caught:
        Params.from_dict({stage: {"grd_mm": 0.1}})
    assert f"{stage}.grd_mm" in caught.value.message
    known = [f.name for f in dataclasses.fields(STAGES[stage])]
    assert all(name in caught.value.remedy for name in known)


@pytest.mark.parametrize("options", [3, "text", None, [1], True])
def test_a_stage_must_be_a_table(options):
    with pytest.raises(ParamsError, match="not a table"):
        Params.from_dict({"skin": options})


@pytest.mark.parametrize(
    ("stage", "option", "value"),
    [
        ("skin", "grid_mm", "0.1"),
        ("skin", "grid_mm", None),
        ("skin", "grid_mm", True),
        ("skin", "grid_mm", [0.1]),
        ("skin", "grid_mm", math.nan),
        ("skin", "grid_mm", math.inf),
        ("skin", "nominal_view_mm", 10**400),
        ("skin", "margin_mm", -math.inf),
        ("photo", "min_side_px", 64.5),
        ("photo", "min_side_px", True),
        ("photo", "min_side_px", "64"),
        ("scars", "scales_mm", 0.2),
        ("scars", "scales_mm", "0.2"),
        ("scars", "scales_mm", [0.2, "1"]),
        ("scars", "scales_mm", [0.2, math.nan]),
        ("scars", "scales_mm", {"a": 1}),
        ("scars", "segmenter", "magic"),
        ("scars", "segmenter", ["relief"]),
        ("network", "check_turned", 1),
        ("network", "tile_px", 320.0),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(stage, option, value):
    with pytest.raises(ParamsError) as caught:
        Params.from_dict({stage: {option: value}})
    assert f"{stage}.{option}" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("stage", "option", "value"),
    [
        ("skin", "grid_mm", 0.0),
        ("skin", "grid_mm", -0.1),
        ("skin", "grid_mm", 0.019),
        ("skin", "grid_mm", 0.31),
        ("skin", "margin_mm", -0.01),
        ("skin", "nominal_view_mm", 0),
        ("photo", "max_megapixels", 0.0),
        ("photo", "min_side_px", 15),
        ("photo", "max_clipped_fraction", 0.0),
        ("photo", "max_clipped_fraction", 1.01),
        ("photo", "validated_low_mm_per_px", 0.2),
        ("scars", "scales_mm", []),
        ("scars", "scales_mm", [0.5, 0.2]),
        ("scars", "scales_mm", [0.0, 0.2]),
        ("scars", "low_sd", 9.0),
        ("scars", "low_sd", 0.0),
        ("scars", "saddle_share", 1.0),
        ("scars", "rim_share", 0.0),
        ("scars", "least_confidence", 1.1),
        ("scars", "flat_light", -0.1),
        ("scars", "background_mm", 0.0),
        ("scars", "light_slope", -1),
        ("scars", "least_width_mm", 0),
        ("network", "tile_px", 300),
        ("network", "tile_px", 64),
        ("network", "tile_px", 2**13),
        ("network", "overlap_px", 0),
        ("network", "overlap_px", 40),
        ("network", "overlap_px", 160),
        ("network", "turned_every", 0),
        ("network", "most_ways", 3),
        ("network", "most_tiles", 0),
        ("network", "most_disagreement", -0.1),
        ("network", "most_doubtful", 1.1),
        ("network", "least_doubtful_um", -1.0),
        ("network", "least_confidence", 1.01),
        ("network", "least_width_mm", 0.0),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_name_value_and_rule(stage, option, value):
    with pytest.raises(ParamsError) as caught:
        Params.from_dict({stage: {option: value}})
    assert f"{stage}." in caught.value.message
    assert "out of range" in caught.value.message
    assert caught.value.remedy


def test_whole_numbers_will_do_for_lengths_and_lists_become_tuples():
    params = Params.from_dict({"skin": {"margin_mm": 2}, "scars": {"scales_mm": [0.3, 1]}})
    assert params.skin.margin_mm == 2
    assert params.scars.scales_mm == (0.3, 1)
    assert isinstance(params.scars.scales_mm, tuple)
    hash(params)  # lists inside would refuse


def test_a_segmenter_that_is_none_is_refused_in_a_call_too():
    with pytest.raises(ParamsError, match="network or relief"):
        ScarParams(segmenter="magic")  # type: ignore[arg-type]


def test_params_are_frozen_and_keyword_only():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Params().skin.grid_mm = 0.2  # type: ignore[misc]
    with pytest.raises(TypeError):
        SkinParams(0.2)  # type: ignore[misc]
    with pytest.raises(TypeError):
        SkinParams(grdi_mm=0.2)  # type: ignore[call-arg]


def test_plain_dictionaries_are_answered_with_what_to_write():
    with pytest.raises(ParamsError, match="not a ScarParams") as caught:
        Params(scars={"low_sd": 1.0})  # type: ignore[arg-type]
    assert "from_dict" in caught.value.remedy
    with pytest.raises(ParamsError, match="not a Params object"):
        Params.given({"scars": {}})  # type: ignore[arg-type]
    assert Params.given(None) == Params()


lengths = st.floats(0.021, 0.3)
fractions = st.floats(1e-6, 1.0)
valid = st.builds(
    Params,
    photo=st.builds(
        PhotoParams,
        max_megapixels=st.floats(1e-3, 1e6),
        min_side_px=st.integers(16, 10**6),
        max_clipped_fraction=fractions,
        max_glare_fraction=fractions,
    ),
    skin=st.builds(SkinParams, grid_mm=lengths, margin_mm=st.floats(0, 1e3)),
    scars=st.builds(
        ScarParams,
        scales_mm=st.lists(st.floats(1e-3, 50), min_size=1, max_size=5).map(sorted).map(tuple),
        low_sd=st.floats(0.1, 3),
        high_sd=st.floats(3, 9),
        least_confidence=st.floats(0, 1),
        segmenter=st.sampled_from(["network", "relief"]),
    ),
    network=st.builds(
        NetworkParams,
        tile_px=st.integers(5, 128).map(lambda n: 32 * n),
        overlap_px=st.sampled_from([32, 64]),
        most_hidden=st.floats(0, 1),
        most_ways=st.sampled_from([1, 2, 4]),
        most_tiles=st.integers(1, 100),
        check_turned=st.booleans(),
        turned_every=st.integers(1, 100),
    ),
)


@settings(max_examples=60, deadline=None)
@given(valid)
def test_toml_gives_the_same_params_and_hash_back(tmp_path_factory, params):
    path = tmp_path_factory.mktemp("toml") / "parameters é.toml"
    path.write_text(params.to_toml(), encoding="utf-8")
    again = Params.from_toml(path)
    assert again == params
    assert again.hash == params.hash


@settings(max_examples=40, deadline=None)
@given(valid)
def test_plain_values_survive_json(params):
    assert Params.from_dict(json.loads(json.dumps(params.to_dict()))) == params


def attempt(build):
    """What `build` gives, or the one kind of error that it may raise."""
    try:
        return build(), None
    except ParamsError as error:
        return None, error


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
some_option = st.sampled_from(
    [(s, f.name) for s, kind in STAGES.items() for f in dataclasses.fields(kind)]
)


@settings(max_examples=150, deadline=None)
@given(some_option, json_values)
def test_any_value_is_taken_or_refused_by_name_but_never_crashes(option, value):
    stage, name = option
    params, refusal = attempt(lambda: Params.from_dict({stage: {name: value}}))
    if params is not None:
        got = getattr(getattr(params, stage), name)
        assert got == (tuple(value) if isinstance(value, list) else value)
    else:
        assert refusal.message.startswith(stage)
        assert refusal.remedy


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_as_a_parameter_file_are_taken_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "p.toml"
    path.write_bytes(data)
    params, refusal = attempt(lambda: Params.from_toml(path))
    assert params is not None or refusal.remedy


def test_a_parameter_file_may_start_with_a_byte_order_mark(tmp_path):
    (tmp_path / "p.toml").write_text("[skin]\ngrid_mm = 0.12\n", encoding="utf-8-sig")
    assert Params.from_toml(tmp_path / "p.toml").skin.grid_mm == 0.12


def test_a_missing_parameter_file_is_named(tmp_path):
    with pytest.raises(ParamsError, match=r"nowhere\.toml"):
        Params.from_toml(tmp_path / "nowhere.toml")
    with pytest.raises(ParamsError):
        Params.from_toml(tmp_path)


# Values that only a few others can take the place of.
OTHER_SEGMENTER = {"relief": "network", "network": "relief"}[Params().scars.segmenter]
ANOTHER = {
    "most_ways": 2,
    "segmenter": OTHER_SEGMENTER,
    "tile_px": 352,
    "overlap_px": 32,
    "weights": "mine",
}


def another(option: str, value: object) -> object:
    """A valid value a hair beside `value`."""
    if option in ANOTHER:
        return ANOTHER[option]
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return tuple(v * 1.0001 for v in value)
    return value + 1 if isinstance(value, int) else value * 0.9999


@pytest.mark.parametrize(
    ("stage", "option"),
    [(s, f.name) for s, kind in STAGES.items() for f in dataclasses.fields(kind)],
)
def test_the_hash_notices_every_option(stage, option):
    usual = getattr(Params(), stage)
    changed = dataclasses.replace(
        Params(),
        **{stage: dataclasses.replace(usual, **{option: another(option, getattr(usual, option))})},
    )
    assert changed.pair_hash != Params().pair_hash
    # What decides about pairs alone does not make photos be scored again.
    assert (changed.hash == Params().hash) == (stage in ("align", "change"))


def test_the_hash_is_short_stable_and_blind_to_how_params_were_built():
    assert Params().hash == Params().hash == Params.from_dict({"skin": {}}).hash
    assert len(Params().hash) == 12
    assert int(Params().hash, 16) >= 0
    one = Params.from_dict({"skin": {"grid_mm": 0.12}, "photo": {"min_side_px": 32}})
    two = Params.from_dict({"photo": {"min_side_px": 32}, "skin": {"grid_mm": 0.12}})
    assert one.hash == two.hash


@pytest.mark.parametrize(
    ("stage", "option", "one", "other"),
    [
        ("skin", "margin_mm", 2, 2.0),
        ("skin", "margin_mm", 0.0, -0.0),
        ("scars", "scales_mm", [1, 2], [1.0, 2.0]),
    ],
)
def test_equal_params_have_equal_hashes_however_a_number_is_written(stage, option, one, other):
    first, second = (Params.from_dict({stage: {option: value}}) for value in (one, other))
    assert first == second
    assert first.hash == second.hash
    assert first.to_toml() == second.to_toml()
