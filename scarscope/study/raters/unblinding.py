"""Raters' scores back in the study: read by the key, held against each other and the software."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from scarscope.batch.write import make_folder, write_bytes
from scarscope.errors import ParamsError, StudyError
from scarscope.study.raters.key import Key, find_key, read_key
from scarscope.study.raters.photos import AGAIN, ALL, MEAN, SOFTWARE, photo_agreement
from scarscope.study.raters.ratings import PLACE, read_marks, read_scores
from scarscope.study.raters.scars import (
    CONSENSUS,
    MARK_COLUMNS,
    PAIR_COLUMNS,
    ScarAgreement,
    in_millimetres,
    scar_agreement,
)
from scarscope.study.tables import read_tables

FOLDER = "ratings"
_TAKEN = {SOFTWARE, MEAN, ALL, CONSENSUS, "photo", "x_mm", "y_mm"}
_SECOND = AGAIN.format("")
_ENDINGS = ("-marks", "-scores", "-masks")


@dataclass(frozen=True, eq=False)
class Unblinded:
    """Everything that raters said, by photo, and how far they agree.

    Attributes
    ----------
    ratings : DataFrame
        One row a rater and picture, see :func:`scarscope.study.raters.ratings.read_scores`.
    marks : DataFrame
        One row a rater and scar, see :func:`scarscope.study.raters.ratings.read_marks`.
    agreement : DataFrame
        Photo by photo, see :func:`scarscope.study.raters.photos.photo_agreement`.
    scar_agreement : DataFrame
        Scar by scar, columns :data:`scarscope.study.raters.scars.PAIR_COLUMNS`.
    scars : DataFrame
        Every scar that a rater marked, and by whom.
    share_all, share_two : float
        Share of those scars that all raters, and that at least two marked; NaN for one rater.
    notes : tuple of str
        What was not rated.
    """

    ratings: pd.DataFrame = field(repr=False)
    marks: pd.DataFrame = field(repr=False)
    agreement: pd.DataFrame = field(repr=False)
    scar_agreement: pd.DataFrame = field(repr=False)
    scars: pd.DataFrame = field(repr=False)
    share_all: float
    share_two: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Agreement photo by photo (a copy)."""
        return self.agreement.copy()

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the name of their file."""
        names = ("ratings", "marks", "agreement", "scar_agreement", "scars")
        return {name: getattr(self, name) for name in names}


def unblind(
    folder: str | Path,
    scores: Sequence[str | Path] = (),
    *,
    marks: Sequence[str | Path] = (),
    key: str | Path | None = None,
    allow_missing: bool = False,
) -> Unblinded:
    """Read raters' sheets by the key and hold them against each other and the batch's own figures.

    Parameters
    ----------
    folder : path
        The batch's output.
    scores : sequence of path
        Filled-in score sheets, one a rater; the file's name is the rater's.
    marks : sequence of path
        Filled-in sheets of marks, one a rater; ``anna-marks.csv`` is by the rater of ``anna.csv``.
    key : path, optional
        None: the only one in ``blinding/`` of `folder`.
    allow_missing : bool
        Whether pictures that were not rated are accepted.

    Returns
    -------
    Unblinded
        Tables without rows where sheets of that kind were not given.

    Raises
    ------
    StudyError
        If a sheet does not fit the key (every wrong row is named), or there is no key.
    ParamsError
        If no sheet is given, or two are by one rater.
    """
    if not scores and not marks:
        raise ParamsError("No sheet was given.", remedy="Give the files that the raters saved.")
    found = read_key(key or find_key(folder))
    tables = read_tables(folder)
    photos = tables["photos"]
    check_photos(found, photos)
    rated = [
        read_scores(file, found, rater=name, allow_missing=allow_missing)
        for name, file in named_raters(scores).items()
    ]
    ratings = pd.concat(rated, ignore_index=True) if rated else _no_ratings(found)
    marked = [
        read_marks(file, found, rater=name, allow_missing=allow_missing)
        for name, file in named_raters(marks).items()
    ]
    by_scar = _by_scar(marked, photos, tables.get("scars", pd.DataFrame()))
    return Unblinded(
        ratings=ratings,
        marks=pd.concat([own for own, _ in marked], ignore_index=True) if marked else _NO_MARKS,
        agreement=photo_agreement(ratings, found.questions, photos),
        scar_agreement=by_scar.pairs,
        scars=by_scar.scars,
        share_all=by_scar.share_all,
        share_two=by_scar.share_two,
        notes=_notes(found, ratings),
    )


_NO_MARKS = pd.DataFrame(columns=[*PLACE, "x_px", "y_px", "width_px", "type"])


def _no_ratings(key: Key) -> pd.DataFrame:
    return pd.DataFrame(columns=[*PLACE, *(q.name for q in key.questions)])


def named_raters(files: Sequence[str | Path]) -> dict[str, Path]:
    """Files by the name of their rater; folders of drawings too."""
    named: dict[str, Path] = {}
    for file in map(Path, files):
        name = file.name if file.is_dir() else file.stem
        for ending in _ENDINGS:
            name = name.removesuffix(ending)
        if name in _TAKEN or name.endswith(_SECOND):
            raise ParamsError(
                f"{file.name} names its rater {name!r}, which stands for something else in tables.",
                remedy="Name it after the rater, such as anna.csv.",
            )
        if name in named:
            raise ParamsError(
                f"{named[name]} and {file} are both by the rater {name}.",
                remedy="Give one of a kind for each rater, and name them after the raters.",
            )
        named[name] = file
    return named


def check_photos(key: Key, photos: pd.DataFrame) -> None:
    """Refuse a key of another batch, or of photos that have changed since."""
    known = dict(zip(photos["path"], photos["sha256"], strict=True))
    other = sorted({item.path for item in key.items if known.get(item.path) != item.sha256})
    if other:
        raise StudyError(
            f"The key does not fit this batch: {other[0]} and {len(other) - 1} more of its photos "
            "are not in photos.csv, or have changed.",
            remedy="Give the output of the batch whose photos were blinded, and its own key.",
        )


def _by_scar(
    marked: Sequence[tuple[pd.DataFrame, pd.DataFrame]], photos: pd.DataFrame, scars: pd.DataFrame
) -> ScarAgreement:
    if not marked:
        nothing = float("nan")
        pairs = pd.DataFrame(columns=list(PAIR_COLUMNS))
        return ScarAgreement(
            pd.DataFrame(columns=["photo", "x_mm", "y_mm"]), pairs, nothing, nothing
        )
    looked = pd.concat([seen for _, seen in marked], ignore_index=True)
    own = pd.concat([marks for marks, _ in marked], ignore_index=True)
    first = looked[looked["repeat"] == 1]
    shown = first.drop_duplicates("path")
    found = scars[scars["path"].isin(shown["path"])] if len(scars) else scars
    everybody = [*_parties(own[own["repeat"] == 1], photos)]
    if len(found):
        everybody.append(in_millimetres(found, photos, SOFTWARE))
    seen = pd.concat([_looked(first), _looked(shown).assign(party=SOFTWARE)], ignore_index=True)
    among = scar_agreement(_all_of(everybody), seen)
    again = _again(own, looked, photos)
    pairs = pd.concat([among.pairs, *again], ignore_index=True) if again else among.pairs
    return ScarAgreement(among.scars, pairs, among.share_all, among.share_two)


def _all_of(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    whole = [table for table in tables if len(table)]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=[*MARK_COLUMNS])


def _parties(marks: pd.DataFrame, photos: pd.DataFrame) -> list[pd.DataFrame]:
    return [in_millimetres(own, photos, str(name)) for name, own in marks.groupby("rater")]


def _looked(seen: pd.DataFrame) -> pd.DataFrame:
    table = seen[["rater", "path", "subject"]]
    return table.rename(columns={"rater": "party", "path": "photo"})


def _again(own: pd.DataFrame, looked: pd.DataFrame, photos: pd.DataFrame) -> list[pd.DataFrame]:
    """Each rater against himself, over the photos that were shown twice."""
    tables = []
    for rater, seen in looked.groupby("rater"):
        twice = set(seen["path"][seen["repeat"] == 2])
        both = seen[seen["path"].isin(twice)]
        if len(both) == 2 * len(twice) > 0:
            marks = own[(own["rater"] == rater) & own["path"].isin(twice)]
            tables.append(scar_agreement(_renamed(marks, photos), _looked(_twins(both))).pairs)
    return tables


def _twins(table: pd.DataFrame) -> pd.DataFrame:
    """The second showing under a party's name of its own, after the first one."""
    name = table["rater"].where(table["repeat"] == 1, table["rater"] + _SECOND)
    return table.assign(rater=name).sort_values("repeat", kind="stable")


def _renamed(marks: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    return _all_of(_parties(_twins(marks), photos))


def _notes(key: Key, ratings: pd.DataFrame) -> tuple[str, ...]:
    told = []
    for rater, own in ratings.groupby("rater"):
        blank = int(own[[q.name for q in key.questions]].isna().sum().sum())
        if len(own) < len(key.items) or blank:
            told.append(
                f"{rater} rated {len(own)} of {len(key.items)} pictures, {blank} answers are blank."
            )
    return tuple(told)


def write_unblinded(result: Unblinded, out: str | Path) -> list[Path]:
    """Write all tables as CSV; gives their files."""
    out = Path(out)
    make_folder(out)
    files = []
    for name, table in result.tables().items():
        text = table.to_csv(index=False, lineterminator="\n", float_format="%.7g")
        write_bytes(out / f"{name}.csv", text.encode("utf-8"))
        files.append(out / f"{name}.csv")
    return files
