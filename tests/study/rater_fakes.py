"""A small finished batch with photos that say in every way they can whose they are."""

import hashlib
import os

import numpy as np
import pandas as pd
from PIL import Image

SECRET = "Jane-Doe-2026-01-12"
ORIENTATION = 0x0112


def picture(seed, size=(80, 70)):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def write_photo(file, codes, *, orientation=1):
    file.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x010E], exif[0x0132], exif[ORIENTATION] = SECRET, "2026:01:12 10:00:00", orientation
    image = Image.fromarray(codes)
    if file.suffix == ".png":
        image.save(file, exif=exif)
    else:
        image.save(file, exif=exif, comment=SECRET.encode(), quality=95)
    os.utime(file, (1_768_212_000, 1_768_212_000))


def make_batch(home, *, subjects=4, sessions=2, size=(80, 70), scars=3):
    """Folders of photos and of results; photo k has `scars` + k scars of 1 mm."""
    photos, results = home / "photos", home / "results"
    rows, found = [], []
    for k, (subject, session) in enumerate(
        (f"Subject{s:02}", v) for s in range(subjects) for v in range(sessions)
    ):
        path = f"{subject}/2026-0{session + 1}-12/cheek-left.png"
        write_photo(photos / path, picture(k, size))
        digest = hashlib.sha256((photos / path).read_bytes()).hexdigest()
        rows.append(
            {"path": path, "subject": subject, "session": session,
             "date": f"2026-0{session + 1}-12", "view": "cheek-left", "kind": "session", "roi": "",
             "device": "pen", "status": "ok", "flags": "", "mm_per_px": 0.5, "n_scars": scars + k,
             "goodman_baron_grade": ">=3", "burden_um": 10.0 + k, "sha256": digest}
        )  # fmt: skip
        for scar in range(scars + k):
            found.append(
                {"path": path, "subject": subject, "session": session, "view": "cheek-left",
                 "scar_id": scar + 1, "type": "boxcar", "x_px": 2.0 + 3 * scar, "y_px": 10.0 + k,
                 "width_mm": 1.0}
            )  # fmt: skip
    results.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(results / "photos.csv", index=False)
    pd.DataFrame(found).to_csv(results / "scars.csv", index=False)
    return photos, results


def fill(key, file, answer):
    """A score sheet in which `answer(item)` gives each picture's answers."""
    rows = [{"code": item.code, **answer(item), "comment": ""} for item in key.items]
    pd.DataFrame(rows).to_csv(file, index=False)
    return file
