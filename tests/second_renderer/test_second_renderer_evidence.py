"""What relief does to a photo is told from what colour and the skin do."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.phantom.seeds import SECOND_RENDERER_TUNING


def encoded(light):
    """Linear light as 8-bit sRGB."""
    low, high = 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055
    return Image.fromarray(np.rint(255 * np.where(light < 0.0031308, low, high)).astype(np.uint8))


@pytest.fixture
def seen(get, tmp_path):
    """The evidence of one scar 5 mm wide, whose walls darken and brighten the skin."""
    shot = next(s for s in get("plan").plan(SECOND_RENDERER_TUNING, many=0, few=1, free=0))
    path = get("store").path_of(shot)
    side = round(24 / shot.mm_per_px)
    rows, cols = (np.indices((side, side)) - side / 2) * shot.mm_per_px
    inside = np.hypot(rows, cols) < 2.5
    rng = np.random.default_rng(4)
    soft = cv2.GaussianBlur(rng.standard_normal((side, side)), (0, 0), 1.5 / shot.mm_per_px)
    uneven = soft / soft.std()

    def of(*, walls, grey=0.02, pigment=0.0):
        tint = np.stack([0.3 * uneven, 1.0 * uneven, 1.3 * uneven], axis=-1)
        log = np.log([0.5, 0.3, 0.2]) + grey * uneven.T[..., None] + pigment * tint
        shading = walls * cols / 2.5 * inside
        for file, own in ((path, shading), (f"truth/level/{path}", 0 * shading)):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            with (tmp_path / file).open("wb") as out:  # without loss, whatever its name says
                encoded(np.exp(log + own[..., None])).save(out, "PNG")
        mask = tmp_path / "truth" / "masks" / f"{path}.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(inside.astype(np.uint16)).save(mask)
        scar = {"path": path, "scar_id": 1, "type": "rolling", "volume_mm3": 3.0, "width_mm": 5.0}
        pd.DataFrame([scar]).to_csv(tmp_path / "truth" / "scars.csv", index=False)
        return get("evidence").evidence(tmp_path, shot).iloc[0]

    return of


def test_relief_counts_by_how_much_it_does(seen):
    weak, strong = seen(walls=0.02), seen(walls=0.08)
    assert strong["relief"] == pytest.approx(4 * weak["relief"], rel=0.1)
    assert 0.002 < weak["relief"] < 0.02
    assert strong["skin"] == pytest.approx(weak["skin"])
    assert weak["floor"] < 0.3 * weak["relief"]


def test_uneven_skin_counts_and_what_colour_explains_does_not(seen):
    calm, rough = seen(walls=0.05, grey=0.01), seen(walls=0.05, grey=0.03)
    assert rough["skin"] == pytest.approx(3 * calm["skin"], rel=0.15)
    stained = seen(walls=0.05, grey=0.01, pigment=0.05)
    assert stained["skin"] == pytest.approx(calm["skin"], rel=0.3)


def test_hidden_scars_cost_rank(get, capsys):
    # Photos of 1 to 4 mm³; the second and the last lose 1.5 mm³ each, and change places.
    own = [("1", 1.0, 0.03), ("2", 0.5, 0.03), ("2", 1.5, 0.005), ("3", 3.0, 0.03)]
    own += [("4", 2.5, 0.03), ("4", 1.5, 0.004)]
    scars = pd.DataFrame(own, columns=["path", "volume_mm3", "relief"])
    scars = scars.assign(light="ring", type="rolling", skin=0.01, floor=0.001)
    get("evidence").show(scars)
    limits = dict(re.findall(r"below ([\d.]+) of .* volume (-?[\d.]+)", capsys.readouterr().out))
    # True order 1 2 3 4; left are 1, 2, 3, 4 mm³, then 2.5 for 4, then 0.5 for 2 as well.
    assert limits == {"0.25": "1.00", "0.5": "0.80", "1": "0.60"}
