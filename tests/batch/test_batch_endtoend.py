"""The whole street, from files to tables and pictures, with the real rooms."""

import json

import numpy as np
import pytest
from PIL import Image

import scarscope as ss
from scarscope.cli import main
from scarscope.phantom import random_patch

SECRET = "Serial-4711"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One good photo, one held sideways with a device's name in it, one broken."""
    folder = tmp_path_factory.mktemp("real") / "foto's é 皮"
    patch = random_patch(3, size_mm=(14, 10), light="twin", ita_deg=35.0)
    good = folder / "P01/s0/left cheek.png"
    good.parent.mkdir(parents=True)
    Image.fromarray(patch.rgb).save(good)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, SECRET
    sideways = folder / "P01/s1/left cheek.jpg"
    sideways.parent.mkdir()
    Image.fromarray(np.rot90(patch.rgb).copy()).save(sideways, quality=95, exif=exif)
    (folder / "P01/s2").mkdir()
    (folder / "P01/s2/left cheek.jpg").write_bytes(good.read_bytes()[:200])
    for file, known in ((good, {"mm_per_px_rel_sd": 0.02}), (sideways, {})):
        text = json.dumps({"mm_per_px": 0.1, **known})
        file.with_name(file.name + ".json").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def serial(study, tmp_path_factory):
    return ss.score_folder(study, out=tmp_path_factory.mktemp("real") / "serial")


def test_the_street_from_file_to_tables(serial):
    assert list(serial.photos["status"]) == ["ok", "ok", "failed"]
    assert list(serial.failures["path"]) == ["P01/s2/left cheek.jpg"]
    assert list(serial.photos["scale_source"][:2]) == ["sidecar", "sidecar"]
    assert serial.photos["roi_area_mm2"][0] > 50
    assert len(serial.scars) == serial.photos["n_scars"].sum()


def test_every_column_is_explained_and_every_figure_behind_a_flag_is_there(study, serial):
    from scarscope.batch import columns
    from scarscope.change import COLUMNS
    from scarscope.change import scar_columns as scar_change_columns
    from scarscope.scars.model import columns as scar_columns

    score = ss.score(study / "P01/s0/left cheek.png")
    # Each segmenter has figures that the other has not.
    networks = {"turn_disagreement", "ways_read", "doubtful_share", "doubtful_um"}
    reliefs = {"light_azimuth_deg", "light_vote", "relief_noise_um"}
    others = reliefs if score.scars.segmenter == "network" else networks
    assert set(columns.QUALITY) - others == {*score.skin.quality, *score.scars.quality}
    assert tuple(columns.SCARS) == scar_columns("mm")
    assert tuple(map(columns.without_scale, columns.SCARS)) == scar_columns("px")
    row = serial.photos.iloc[0]
    for name, value in {**score.skin.quality, **score.scars.quality}.items():
        assert row[name] == pytest.approx(value, nan_ok=True), name
    changes, scar_changes = serial.changes.columns, serial.scar_changes.columns
    assert tuple(changes) == tuple(columns.CHANGES)
    assert tuple(columns.CHANGES)[-len(COLUMNS) :] == COLUMNS
    assert tuple(scar_changes) == (*columns.PAIR_PLACE, *columns.SCAR_CHANGES)
    assert tuple(columns.SCAR_CHANGES) == scar_change_columns("mm")
    assert tuple(map(columns.without_scale, columns.SCAR_CHANGES)) == scar_change_columns("px")
    expected = {*columns.PLACE, *columns.RESULT, *score.values, *columns.QUALITY, *columns.REVIEW}
    assert set(serial.photos.columns) == expected | set(columns.PROVENANCE)
    assert list(serial.photos["mm_per_px_rel_sd"][:2]) == pytest.approx([0.02, np.nan], nan_ok=True)


def test_without_a_scale_no_figure_is_in_millimetres(study, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes((study / "P01/s0/left cheek.png").read_bytes())
    row = ss.score_folder(folder, out=tmp_path / "out").photos.iloc[0]
    told = {name for name, value in row.dropna().items() if name.endswith(("_mm", "_um"))}
    assert told == set()
    assert row["glare_fraction"] >= 0


def test_masks_lie_upright_in_the_photos_own_grid_and_agree_with_the_table(serial):
    for path in serial.photos["path"][:2]:
        with Image.open(serial.out / "masks" / f"{path}.png") as mask:
            labels = np.asarray(mask)
        assert labels.shape == (100, 140)
        scars = serial.scars[serial.scars["path"] == path]
        assert set(np.unique(labels)) - {0} == set(scars["scar_id"])
        with Image.open(serial.out / "overlays" / f"{path}.jpg") as overlay:
            overlay.load()
            assert overlay.size[0] >= 140


def test_two_workers_write_the_same_bytes_as_one(study, serial, tmp_path):
    assert main(["batch", str(study), "--out", str(tmp_path / "two"), "--workers", "2"]) == 3
    ours = {f.relative_to(serial.out): f.read_bytes() for f in serial.out.rglob("*.*g")}
    ours |= {f.relative_to(serial.out): f.read_bytes() for f in serial.out.glob("*.csv")}
    assert len(ours) == 11
    for name, data in ours.items():
        assert (tmp_path / "two" / name).read_bytes() == data, name


def test_nothing_of_the_camera_leaves_the_photo(serial):
    for file in serial.out.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file
        if file.suffix in (".jpg", ".png"):
            with Image.open(file) as picture:
                assert not picture.getexif()


def test_score_and_batch_agree(study, serial, capsys):
    photo = study / "P01/s0/left cheek.png"
    assert main(["score", str(photo), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["photos"]
    row = serial.photos.iloc[0]
    assert document["sha256"] == row["sha256"]
    assert document["burden_um"] == row["burden_um"]
    assert len(document["scars"]) == row["n_scars"]
    assert ss.score(photo).values["burden_um"] == row["burden_um"]


def test_a_region_named_in_the_manifest_is_used_and_one_that_is_missing_fails(study, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes((study / "P01/s0/left cheek.png").read_bytes())
    region = np.zeros((100, 140), np.uint8)
    region[20:80, 20:80] = 255
    Image.fromarray(region).save(folder / "region.png")
    (folder / "manifest.csv").write_text(
        "path,subject,session,date,view,mm_per_px,roi\n"
        "a.png,P01,0,,left,0.1,region.png\nb.png,P01,1,,left,0.1,gone.png\n",
        encoding="utf-8",
    )
    result = ss.score_folder(folder, out=tmp_path / "out")
    assert list(result.photos["status"]) == ["ok", "failed"]
    assert result.photos["roi_area_mm2"][0] == pytest.approx(36, rel=0.1)
    assert "gone.png" in result.failures["error"][0]
    assert result.skipped == ()
    Image.fromarray(255 - region).save(folder / "region.png")
    again = ss.score_folder(folder, out=tmp_path / "out")
    assert again.kept == 0
    assert again.photos["roi_area_mm2"][0] > 50
