"""Writing a simulated study: photos, manifest and truth, each file whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from scarscope.phantom.camera import jpeg_bytes
from scarscope.phantom.courses import COURSE_COLUMNS
from scarscope.phantom.render import Rendered
from scarscope.phantom.scars import TRUTH_COLUMNS

MANIFEST_COLUMNS = (
    "path",
    "subject",
    "session",
    "date",
    "view",
    "mm_per_px",
    "kind",
    "treated_on",
    "device",
    "needle_mm",
    "notes",
)
SIDE_COLUMNS = ("side", "arm")  # where a study has sides
PHOTO_COLUMNS = (
    "path",
    "light",
    "ita_deg",
    "mm_per_px",
    "region_area_mm2",
    "n_scars",
    "scar_area_mm2",
    "scar_volume_mm3",
    "burden_um",
)
_UM_MAX = 65535


class StudyWriter:
    """Collects photos into a folder in the contract's layout.

    Truth mirrors what a batch writes, so that one can be laid over the other:
    ``masks/<path>.png`` (16-bit instance labels), ``depth/<path>.png`` (16-bit missing depth in
    micrometres), ``scars.csv``, ``photos.csv``, and ``courses.csv`` with every scar's remaining
    depth and area at every session; ``scar_id`` joins them all.
    """

    def __init__(self, out: Path, truth: Path | None) -> None:
        self._out, self._truth = out, truth
        self._scars: list[pd.DataFrame] = []
        self._photos: list[dict[str, object]] = []

    def add(self, path: str, photo: Rendered) -> None:
        """Write one photo, given before JPEG, and its truth."""
        replace_bytes(self._out / path, jpeg_bytes(photo.rgb, photo.recipe.camera))
        if self._truth is None:
            return
        micrometres = np.rint(np.clip(photo.depth_mm * 1000.0, 0, _UM_MAX)).astype(np.uint16)
        replace_bytes(self._truth / "depth" / f"{path}.png", png_bytes(micrometres))
        labels = photo.labels.astype(np.uint16)
        replace_bytes(self._truth / "masks" / f"{path}.png", png_bytes(labels))
        self._scars.append(photo.table.assign(path=path))
        self._photos.append(_photo_row(path, photo))

    def finish(
        self,
        manifest: Iterable[dict[str, object]],
        courses: pd.DataFrame,
        *,
        further: tuple[str, ...] = (),
    ) -> Path:
        """Write the tables, manifest and courses with `further` columns; returns the manifest."""
        if self._truth is not None:
            scars = pd.concat(self._scars) if self._scars else pd.DataFrame()
            write_table(self._truth / "scars.csv", scars, ("path", *TRUTH_COLUMNS))
            write_table(self._truth / "photos.csv", pd.DataFrame(self._photos), PHOTO_COLUMNS)
            write_table(self._truth / "courses.csv", courses, (*COURSE_COLUMNS, *further))
        target = self._out / "manifest.csv"
        write_table(target, pd.DataFrame(list(manifest)), (*MANIFEST_COLUMNS, *further))
        return target


def _photo_row(path: str, photo: Rendered) -> dict[str, object]:
    return {
        "path": path,
        "light": photo.light,
        "ita_deg": photo.ita_deg,
        "mm_per_px": photo.mm_per_px,
        "region_area_mm2": float(photo.region.sum()) * photo.mm_per_px**2,
        "n_scars": len(photo.table),
        "scar_area_mm2": float(photo.table["area_mm2"].sum()),
        "scar_volume_mm3": float(photo.table["volume_mm3"].sum()),
        "burden_um": photo.burden_um,
    }


def write_table(target: Path, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Write a table as CSV."""
    # Six significant digits: nanometres of a micrometre, and no noise in the last bit.
    text = table.reindex(columns=list(columns)).to_csv(
        index=False, float_format="%.6g", lineterminator="\n"
    )
    replace_bytes(target, text.encode("utf-8"))


def png_bytes(image: NDArray[np.uint16]) -> bytes:
    """A 16-bit grey PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", compress_level=9)
    return buffer.getvalue()


def replace_bytes(target: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it into place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, target)  # noqa: PTH105
