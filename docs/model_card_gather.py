"""From a validation run's tables to what the model card keeps: strata, and the worst failures."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from model_card_failures import Show, choose, sheets
from model_card_inputs import (
    BEYOND,
    EVERY,
    FOLDER,
    VALIDATE,
    packaged_card,
    read_second,
    read_summary,
    read_table,
    same_figures,
    same_run,
)
from model_card_second import read_study, text_of

from scarscope.batch.write import write_bytes
from scarscope.errors import StoreError
from scarscope.validation import Validation
from scarscope.validation.few import FEW, few_scars
from scarscope.validation.figures import FALSE_RATE
from scarscope.validation.gallery import Shown
from scarscope.validation.result import draw_together
from scarscope.validation.standard import comparable
from scarscope.validation.standard_item import score_rendered
from scarscope.validation.standard_segmenter import segmenter_of
from scarscope.validation.standard_set import Size, photograph, plan

# Over all skin without scars, whatever it shows instead: the second renderer has no more.
SCAR_FREE = "false_scar_free_per_10cm2"
_COLUMNS = ["segmenter", "by", "level", "figure", "value", "low", "high", "n"]
_STRATA = ("tone", "type", "size", "depth", "distractor")
_DIGITS = "%.5g"


def gather(
    run: Path,
    docs: Path,
    *,
    log: Path | None = None,
    study: Path | None = None,
    size: Size = "full",
) -> None:
    """Write what the card is made from into its folder.

    Parameters
    ----------
    run : Path
        Output folder of the validation: ``photos.csv`` and ``scars.csv`` of every segmenter.
    docs : Path
    log : Path, optional
        ``log.csv`` of the training run; None keeps what is there.
    study : Path, optional
        What the second renderer's evaluation wrote; None keeps the figures that are there.
    size : {"full", "quick"}
        Which standard set was run.

    Raises
    ------
    StoreError
        If a table is missing, or is not of the packaged weights.
    """
    folder, card = docs / FOLDER, packaged_card()
    summary = read_summary(docs)
    if study is not None:
        write_bytes(docs / BEYOND, text_of(read_study(study)).encode())
    if log is not None:
        same_run(read_table(log), card)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, folder / "log.csv")
    # What is wrong with these is said before photos are drawn, which takes its time.
    read_second(docs, card)
    same_run(read_table(folder / "log.csv"), card)
    wholes = {name: read_run(run / name) for name in summary["segmenters"]}
    figures = strata(wholes)
    same_figures(figures, summary)
    network = wholes["network"]
    failures = choose(network.photos, network.scars)
    drawn = dict(sheets(failures, shown_of(size)))
    for file in folder.glob("*.jpg"):  # an earlier card may have had others
        file.unlink()
    for name, data in drawn.items():
        write_bytes(folder / name, data)
    for name, table in (("figures", figures), ("failures", failures)):
        text = table.to_csv(index=False, float_format=_DIGITS, lineterminator="\n")
        write_bytes(folder / f"{name}.csv", text.encode())


def read_run(folder: Path) -> Validation:
    """A segmenter's results as the validation wrote them.

    Raises
    ------
    StoreError
        If a table cannot be read.
    """
    try:
        photos, scars = (
            pd.read_csv(folder / f"{name}.csv", dtype={"path": "str"})
            for name in ("photos", "scars")
        )
    except OSError as error:
        raise StoreError(
            f"The validation's tables in {folder} cannot be read ({error.strerror}).",
            remedy=f"Run: {VALIDATE}",
        ) from error
    return draw_together(photos, scars)


def strata(wholes: Mapping[str, Validation]) -> pd.DataFrame:
    """Figures of every segmenter over all photos and by what they differ in.

    Returns
    -------
    DataFrame
        Columns segmenter, by, level, figure, value, low, high, n. By light, and where the level is
        ``every light``, all photos count; elsewhere those under comparable light.
    """
    parts = [_strata(whole).assign(segmenter=name) for name, whole in wholes.items()]
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


def _strata(whole: Validation) -> pd.DataFrame:
    good = comparable(whole)
    parts = [
        _overall(good).assign(level="comparable"),
        _overall(whole).assign(level="every light"),
        whole.figures[whole.figures["by"] == "light"],
        good.figures[good.figures["by"].isin(_STRATA)],
        _every_light(whole),
        _few(whole),
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset=["value"])


def _every_light(whole: Validation) -> pd.DataFrame:
    """Strata of all photos, as the second renderer's are."""
    own = whole.figures[whole.figures["by"].isin(("light", "tone", "type"))]
    return own.assign(by=EVERY + own["by"])


def _few(whole: Validation) -> pd.DataFrame:
    own = few_scars(whole).figures
    return own[own["by"] == "all"].assign(by=f"{FEW}all", level="every light")


def _overall(result: Validation) -> pd.DataFrame:
    own = result.figures[result.figures["by"] == "all"]
    free = result.photos[result.photos["set"].isin(["clean", "distractor"])]
    rate = FALSE_RATE.of(free)
    ends = {"value": rate.value, "low": rate.low, "high": rate.high, "n": len(free)}
    row = {"figure": SCAR_FREE, "by": "all", **ends}
    return pd.concat([own, pd.DataFrame([row])], ignore_index=True)


def shown_of(size: Size) -> Show:
    """Render and score a photo of the standard set again, by its path."""
    known = {item.name: item for item in plan(size)}
    network = segmenter_of("network")

    def show(path: str) -> Shown:
        photo = photograph(known[path])[0]
        return Shown(photo.rgb, score_rendered(photo, network).scars.labels_px(), photo.labels)

    return show
