"""What calibration fits: types by the whole scar, and depths that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scarscope.scars.card import read_weights
from scarscope.scars.network import OpenCvNet
from scarscope.scars.types import FEATURES
from scarscope.training import calibrate
from scarscope.training.calibrate import calibrated, cases_of, kind_weights, known_types


def test_types_are_learned_from_what_tells_them():
    rng = np.random.default_rng(5)
    true = rng.integers(0, 3, 600)
    told = rng.normal(0, 0.3, (600, FEATURES))
    told[:, 0] = 1.0
    told[:, 4] += true - 1.0  # size alone tells
    weights = np.array(kind_weights(told, true))
    assert weights.shape == (3, FEATURES)
    assert (np.argmax(told @ weights.T, axis=1) == true).mean() > 0.9
    assert weights[2, 4] > weights[1, 4] > weights[0, 4]


def test_no_types_are_learned_from_a_handful():
    assert kind_weights(np.ones((20, FEATURES)), np.arange(20) % 3) == ()


@pytest.fixture(scope="module")
def shipped():
    data, card = read_weights()
    net = OpenCvNet(data)
    return net, card, cases_of(net, card, 6)


def both_of(compared):
    photos = pd.DataFrame([dict(c.photo) for c in compared])
    return photos, pd.concat([c.scars for c in compared], ignore_index=True)


def test_a_calibrated_card_makes_volumes_add_up(shipped, monkeypatch):
    monkeypatch.setattr(calibrate, "_TRIED", ({"scar_threshold": (0.4, 0.5)},))
    net, card, cases = shipped
    one = calibrated(net, card, cases)
    assert one.depth_given == one.scar_threshold
    again = calibrated(net, replace(card, depth_scale=3.0), cases)
    assert again.depth_scale == pytest.approx(one.depth_scale, rel=0.01)  # wherever it starts
    compared = calibrate._compared(net, one, cases)
    photos, scars = both_of([c.found for c in compared])
    near = scars[(scars["criterion"] == "3mm") & (scars["status"] == "found")]
    faint = sum(c.faint_mm3 for c in compared)
    assert faint > 0
    shares = [
        (t["found_volume_mm3"].sum() + beside) / t["true_volume_mm3"].sum()
        for t, beside in ((photos, faint), (near, 0.0))
    ]
    assert np.prod(shares) == pytest.approx(1, rel=0.002)  # midway between all skin and found scars
    told, true = known_types(net, one, cases)
    assert len(told) == len(true) > 20
    assert np.isfinite(told).all()


def test_false_scars_where_there_are_none_weigh_more_than_a_few_among_many():
    keen = calibrate.Marks(f1_3mm=0.900, f1_overlap=0.881, dice=0.803, false_per_10cm2=0.50)
    calm = calibrate.Marks(f1_3mm=0.896, f1_overlap=0.877, dice=0.800, false_per_10cm2=0.25)
    blind = calibrate.Marks(f1_3mm=0.800, f1_overlap=0.780, dice=0.700, false_per_10cm2=0.0)
    assert calm.worth > keen.worth > blind.worth
