"""Errors keep what they say wherever they travel."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope import errors
from scarscope.errors import ScarScopeError

FAMILY = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, ScarScopeError)
]


def test_the_family_is_small_and_every_child_has_its_own_stage():
    assert len(FAMILY) >= 8
    assert len({kind.stage for kind in FAMILY}) == len(FAMILY)


@pytest.mark.parametrize("kind", FAMILY)
@given(message=st.text(), remedy=st.text(), stage=st.none() | st.text(min_size=1))
def test_pickling_keeps_class_message_remedy_and_stage(kind, message, remedy, stage):
    error = kind(message, remedy=remedy, stage=stage)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (again.message, again.remedy) == (message, remedy)
        assert again.stage == (stage or kind.stage)
        assert str(again) == str(error)


@pytest.mark.parametrize("kind", FAMILY)
def test_the_text_is_the_message_and_then_the_remedy(kind):
    assert str(kind("It is broken.", remedy="Mend it.")) == "It is broken. Mend it."
    assert str(kind("It is broken.")) == "It is broken."


def test_a_stage_of_one_error_is_not_that_of_its_class():
    ScarScopeError("x", stage="change")
    assert ScarScopeError.stage == "scarscope"


def test_one_base_catches_all():
    assert all(issubclass(kind, ScarScopeError) for kind in FAMILY)
    assert not issubclass(ScarScopeError, ValueError)
