"""The flag registry: complete, one bit each, and text that reads back."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope import flags as flags_module
from scarscope.flags import REGISTRY, Flag, combine, describe, to_frame

SINGLE = [flag for flag in Flag if flag is not Flag.NONE]
sets_of_flags = st.sets(st.sampled_from(SINGLE)).map(lambda s: reduce(or_, s, Flag.NONE))


def test_every_flag_is_registered_once_and_in_bit_order():
    assert [info.flag for info in REGISTRY] == sorted(SINGLE)
    assert len(SINGLE) > 10


def test_every_flag_is_one_bit_of_its_own():
    assert [bin(flag).count("1") for flag in SINGLE] == [1] * len(SINGLE)
    assert len({int(flag) for flag in SINGLE}) == len(SINGLE)


def test_every_flag_says_what_it_means_and_what_to_do():
    for info in REGISTRY:
        assert len(info.meaning) > 10
        assert len(info.remedy) > 10
        assert info.severity in {"info", "caution", "serious"}
        assert re.fullmatch(r"[A-Z_]+", info.flag.name)


@given(sets_of_flags)
def test_text_reads_back(flags):
    assert Flag.parse(flags.text) == flags
    assert flags.text.count("|") == max(len(list(flags)) - 1, 0)


@given(sets_of_flags, sets_of_flags)
def test_text_is_the_same_for_the_same_set_however_it_was_made(a, b):
    assert (a | b).text == (b | a).text
    assert combine([a, b]) == a | b


@given(sets_of_flags)
def test_describe_gives_the_rows_of_the_flags_that_are_set(flags):
    assert combine(info.flag for info in describe(flags)) == flags


def test_nothing_set_is_empty_text():
    assert Flag.NONE.text == ""
    assert Flag.parse("") is Flag.NONE
    assert combine([]) is Flag.NONE
    assert describe(Flag.NONE) == ()


@pytest.mark.parametrize("text", ["GLAR", "GLARE,NO_SCALE", "glare", "GLARE| NO_SCALE", "4"])
def test_text_that_is_not_flags_is_refused_and_named(text):
    with pytest.raises(ValueError, match=r"is not a flag; known: .*GLARE"):
        Flag.parse(text)


def test_the_table_has_a_row_a_flag():
    table = to_frame()
    assert list(table.columns) == ["flag", "severity", "meaning", "remedy"]
    assert list(table["flag"]) == [flag.name for flag in sorted(SINGLE)]


def test_what_a_remedy_recommends_is_within_what_is_validated():
    from scarscope.params import PhotoParams

    info = next(i for i in REGISTRY if i.flag is Flag.OUTSIDE_SCALE_RANGE)
    low, high = (float(x) for x in re.findall(r"\d+\.\d+", info.remedy))
    params = PhotoParams()
    assert params.validated_low_mm_per_px <= low < high <= params.validated_high_mm_per_px
    assert "coarse" in next(i for i in REGISTRY if i.flag is Flag.COARSE_RESOLUTION).meaning
    assert flags_module.__doc__
