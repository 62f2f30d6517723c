"""The pictures and outlines that the report's page is put together from."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from scarscope.batch.layers import PAIR, PHOTO, Layers, layers_of, remove_layers
from scarscope.change import compare
from scarscope.measures import score
from scarscope.phantom.pairs import confounder_pair, treated_pair
from scarscope.photo import read_photo
from scarscope.report.layers import (
    LAYERS,
    MOST_PAIR_BYTES,
    encode_within,
    webp,
    write_pair_layers,
    write_photo_layers,
)

SIZE = (20.0, 20.0)


def photo_of(rendered, name):
    return read_photo(rendered.rgb, mm_per_px=rendered.mm_per_px, name=name)


@pytest.fixture(scope="module")
def photos():
    before, after = treated_pair(20_431, 0.4, size_mm=SIZE)
    return photo_of(before, "before"), photo_of(after, "after")


@pytest.fixture(scope="module")
def change(photos):
    return compare(*photos, refuse=False)  # whatever the gate says of so small a patch


def read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def points(path):
    return np.array([float(n) for n in re.findall(r"-?[\d.]+", path)]).reshape(-1, 2)


def test_photo_layers_hold_every_scar_within_the_picture(photos, tmp_path):
    found = score(photos[0])
    write_photo_layers(found, tmp_path)
    told = read(tmp_path, PHOTO)
    assert told["pictures"] == ["depth", "photo"]
    assert {int(n) for n in told["outlines"]} == set(found.scars.table["scar_id"])
    with Image.open(tmp_path / "photo.webp") as picture:
        assert picture.size == tuple(told["size"]) == photos[0].shape[::-1]
        assert not picture.getexif()
    assert told["mm_per_px"] == pytest.approx(0.07)
    assert told["unit"] == "µm"
    assert told["eyes"] is None  # a close-up
    row = found.scars.table.iloc[0]
    own = np.concatenate([points(p) for p in told["outlines"][str(row["scar_id"])]])
    assert (own >= 0).all()
    assert (own <= told["size"]).all()
    low, high = own.min(axis=0), own.max(axis=0)
    assert (low <= (row["x_px"], row["y_px"])).all()
    assert (high >= (row["x_px"], row["y_px"])).all()


def test_a_part_of_a_photo_knows_where_it_lies(photos, tmp_path):
    """A region that fills little of its photo is shown alone: what is drawn must be found again."""
    height, width = photos[0].shape
    roi = np.zeros((height, width), bool)
    roi[height // 2 :, width // 3 :] = True
    found = score(photos[0], roi=roi)
    write_photo_layers(found, tmp_path)
    told = read(tmp_path, PHOTO)
    assert min(told["corner"]) > 20
    for row in found.scars.table.to_dict(orient="records"):
        own = np.concatenate([points(p) for p in told["outlines"][str(row["scar_id"])]])
        there = (own + told["corner"]) / told["px_per_photo_px"]
        assert (there.min(axis=0) <= (row["x_px"] + 1, row["y_px"] + 1)).all()
        assert (there.max(axis=0) >= (row["x_px"] - 1, row["y_px"] - 1)).all()


def test_pair_layers_follow_the_table_of_scars(change, tmp_path):
    (tmp_path / "pair-other.webp").write_bytes(b"of an earlier run")
    write_pair_layers(change, tmp_path)
    told = read(tmp_path, PAIR)
    assert told["aligned"]
    assert told["compared"]
    assert len(told["scars"]) == len(change.scars)
    assert all(own["before"] and own["after"] for own in told["scars"])
    # The gate would refuse so small a patch: what differs is shown besides.
    names = {"before", "after", "change", "depth-before", "depth-after", "why"}
    assert set(told["pictures"]) == {f"pair-{name}" for name in names}
    files = {file.stem: file for file in tmp_path.glob("*.webp")}
    assert set(files) == set(told["pictures"])
    for file in files.values():
        with Image.open(file) as picture:
            assert picture.size == tuple(told["size"])
    assert sum(file.stat().st_size for file in files.values()) <= MOST_PAIR_BYTES
    assert told["why"]["title"]


def test_a_refused_pair_shows_what_differs_instead(tmp_path):
    first, second = confounder_pair(20_432, "light", size_mm=SIZE)
    refused = compare(photo_of(first, "a"), photo_of(second, "b"))
    assert refused.comparable == "no"
    assert refused.pair is not None
    write_pair_layers(refused, tmp_path)
    told = read(tmp_path, PAIR)
    assert not told["compared"]
    assert told["scars"] == []
    assert "pair-why" in told["pictures"]
    assert told["why"]["title"]


def test_photos_that_do_not_align_leave_no_pictures(photos, tmp_path):
    other, _ = treated_pair(20_433, 0.0, size_mm=SIZE)
    apart = compare(photos[0], photo_of(other, "other"))
    assert apart.pair is None
    write_pair_layers(apart, tmp_path)
    assert read(tmp_path, PAIR) == {"aligned": False, "compared": False, "pictures": []}


def test_pictures_get_worse_rather_than_too_large():
    rng = np.random.default_rng(0)
    noisy = {"a": rng.integers(0, 255, (200, 200, 3), dtype=np.uint8)}
    best = len(webp(noisy["a"], 84))
    fewer = encode_within(noisy, best - 1)
    assert len(fewer["a"]) < best
    assert len(encode_within(noisy, 1)["a"]) == len(webp(noisy["a"], 40))
    with Image.open(io.BytesIO(fewer["a"])) as picture:
        assert picture.size == (200, 200)


def test_layers_are_removed_with_their_folder(tmp_path):
    folder = layers_of(tmp_path, "P01/s0/left.jpg")
    folder.mkdir(parents=True)
    for name in ("photo.webp", PHOTO, PAIR):
        (folder / name).write_bytes(b"")
    remove_layers(folder)
    assert not folder.exists()
    remove_layers(folder)  # nothing there is no error
    assert isinstance(LAYERS, Layers)
