"""Photos of patients: what they carry beside pixels stays in them, and they stay untouched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

import scarscope as ss
from scarscope.phantom import random_patch

SECRET = "Clinic-of-Dr-Example"
COORDINATE = (52.0, 31.0, 12.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same skin as JPEG, PNG and TIFF, each with names, places and devices in its metadata."""
    home = tmp_path_factory.mktemp("home") / SECRET
    photos = home / "photos" / "P01" / "s0"
    photos.mkdir(parents=True)
    skin = random_patch(3, size_mm=(14, 14), mm_per_px=0.1, light="offaxis", n_scars=4).rgb
    picture = Image.fromarray(skin)
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET)
    comment = SECRET.encode()
    picture.save(photos / "a.jpg", exif=_exif(), comment=comment, xmp=comment, quality=95)
    picture.save(photos / "b.png", pnginfo=text, exif=_exif())
    picture.save(photos / "c.tif", tiffinfo={305: SECRET, 315: SECRET})
    for photo in photos.iterdir():
        Path(f"{photo}.json").write_text('{"mm_per_px": 0.1}', encoding="utf-8")
    return home


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif.update({0x010F: SECRET, 0x0110: SECRET, 0x013B: SECRET})  # make, model, artist
    exif.get_ifd(0x8769)[0xA431] = SECRET  # serial number of the camera
    exif.get_ifd(0x8825).update({1: "N", 2: COORDINATE})  # GPS
    return exif


@pytest.fixture(scope="module")
def results(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "home", lambda: folder)
        patch.setattr(sys, "argv", [f"{folder}/bin/scarscope", "batch", f"--out={folder}/out"])
        batch = ss.score_folder(folder / "photos", out=folder / "out")
    assert list(batch.photos["status"]) == ["ok"] * 3
    return folder / "out"


def test_the_secrets_are_in_the_photos(folder):
    photos = [p for p in (folder / "photos").rglob("*") if p.suffix in (".jpg", ".png", ".tif")]
    assert len(photos) == 3
    assert all(SECRET.encode() in photo.read_bytes() for photo in photos)


def test_no_output_carries_them(results):
    files = [path for path in results.rglob("*") if path.is_file()]
    assert len(files) > 9
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []


def test_no_picture_carries_metadata(results):
    for file in (*results.rglob("*.png"), *results.rglob("*.jpg")):
        with Image.open(file) as picture:
            picture.load()
            assert not picture.getexif(), file
            assert not {"exif", "xmp", "comment", "Author", "photoshop"} & set(picture.info), file


def test_the_command_is_kept_without_the_home_folder(results):
    told = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    assert told["command"] == ["scarscope", "batch", "--out=~/out"]
    assert Path(told["options"]["folder"]) == Path("~/photos")


def test_photos_are_only_read(folder, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.jpg", "b.png", "c.tif"):
        photo = photos / name
        photo.write_bytes((folder / "photos/P01/s0" / name).read_bytes())
        photo.chmod(0o444)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in photos.iterdir()}
    ss.score_folder(photos, out=tmp_path / "out")
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in photos.iterdir()} == before
