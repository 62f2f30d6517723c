"""Design and covariance of the model of scars: scars in sides in subjects, without their number.

Legend
------
cell : the scars of one type in one view of one side of one subject
n_c, C_k : scars of a cell; cells of type k
G : 0/1 matrix of the cells that share a unit: subject, side, view, or one of them and the type

Scars of a cell differ by their own baseline and by chance alone. Their mean, of variance
``Σ θ_G G + θ_k / n_c``, and their deviations from it, independent and of variance θ_k, are
therefore all that the likelihood needs; of the deviations the sums of squares and products are
enough. Nothing is approximated: the fit is that of all scars one by one, to rounding, while its
cost is that of the cells.

What is alike within a unit is a parameter of the covariance, so that the units that were assigned
to an arm, and no number of scars in them, say how well the arm's effect is known. Types have
parameters of their own: the effect on one type varies from side to side apart from the effect on
others, and small pits are read less surely than wide ones. Taking type in side for nothing would
take the scars of a type for independent replicates of the type's effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.errors import StudyError
from scarscope.study.checks import Floats
from scarscope.study.models.reml import Estimate, Reml, fit_reml
from scarscope.study.models.scar_rows import ScarRows

Spread = Literal["by type", "common", "nested"]
SPREADS: tuple[Spread, ...] = get_args(Spread)
SUBJECT, SIDE, VIEW, SCAR = "subject", "side", "view", "scar"
SUBJECT_TYPE, SIDE_TYPE = "type in subject", "type in side"
# In this order they are tried: of two that cannot be told apart the first stays.
COMPONENTS = (SUBJECT, SUBJECT_TYPE, SIDE, SIDE_TYPE, VIEW, SCAR)
_SLOPES = ("subject", "side", "scar")
_TINY = 1e-9
Cell = tuple[str, str]
Part = tuple[str, str]  # component, and type or "" for all


@dataclass(frozen=True, eq=False)
class ScarFit:
    """A fitted model of scars.

    Attributes
    ----------
    fit : Reml
    cells : dict of (arm, type) to int
        Where each adjusted mean stands among the coefficients.
    components : dict of (component, type) to float
        Variances, of figures in percent; the type is blank where all share one.
    spread : str
        One of :data:`SPREADS`.
    weights : dict of str to float
        Share of each type among all scars: what means over types are taken at.
    """

    fit: Reml
    cells: dict[Cell, int]
    components: dict[Part, float]
    spread: Spread
    weights: dict[str, float]
    _x: Floats = field(repr=False)
    _type: NDArray[np.str_] = field(repr=False)

    def contrast(self, weights: dict[Cell, float]) -> Estimate | None:
        """A sum of adjusted means; None where one of them has no figure."""
        row = self._row(weights)
        return None if row is None else self.fit.contrast(row)

    def variance_of(self, kind: str) -> dict[str, float]:
        """Variance components of scars of one type, in the order of :data:`COMPONENTS`."""
        found = {name: self.components.get((name, kind)) for name in COMPONENTS}
        both = {n: self.components.get((n, "")) if v is None else v for n, v in found.items()}
        return {name: value for name, value in both.items() if value is not None}

    def design_effect(self, weights: dict[Cell, float]) -> float:
        """Variance of a contrast over what it would be if scars were independent.

        Kish 1965; of a difference within subjects it can lie below 1.
        """
        row, found = self._row(weights), self.contrast(weights)
        if row is None or found is None:
            return float("nan")
        total = {kind: sum(self.variance_of(kind).values()) for kind in set(self._type.tolist())}
        each = np.array([total[kind] for kind in self._type.tolist()])
        precision = self._x.T @ (self._x / each[:, None])
        return float(found.se**2 / (row @ np.linalg.solve(precision, row)))

    def _row(self, weights: dict[Cell, float]) -> Floats | None:
        if any(cell not in self.cells for cell in weights):
            return None
        row = np.zeros(len(self.fit.beta))
        for cell, weight in weights.items():
            row[self.cells[cell]] = weight
        return row


def fit_cells(rows: ScarRows, *, baseline: bool = True, spread: Spread = "by type") -> ScarFit:
    """Fit one covariance to the scars.

    Parameters
    ----------
    rows : ScarRows
    baseline : bool
        Whether the log of the volume at baseline is a covariate, as the subject's mean, each side's
        difference from it and each scar's difference from its side: three slopes, for that between
        subjects says nothing of that between scars.
    spread : {"by type", "common", "nested"}
        Whether each type has its own variances of scars and of types in sides; all share them; or
        there are none but those of subjects, sides, views and scars.

    Returns
    -------
    ScarFit

    Raises
    ------
    StudyError
        If there are too few figures, or the covariance cannot be estimated.
    """
    table = _with_slopes(rows.table)
    if table["subject"].nunique() < 2:
        raise StudyError("Scars of one subject are no study.", remedy="Include more subjects.")
    cells, columns = _columns(table, baseline=baseline)
    x = np.stack(list(columns.values()), axis=1)
    groups = _cells(table)
    parts = list(_parts(groups, spread))
    data = _data(table, groups, x, parts)
    kept = _told_apart(data, [name == SCAR for name, _ in parts])
    fit = _fitted(data, kept, [parts[place][0] for place in kept])
    found = {parts[place]: float(value) for place, value in zip(kept, fit.theta, strict=True)}
    mix = {str(kind): float(share) for kind, share in table["type"].value_counts(True).items()}
    kinds = table["type"].to_numpy(np.str_)
    return ScarFit(fit, cells, found, spread, mix, x, kinds)


def _fitted(data: _Data, kept: list[int], names: list[str]) -> Reml:
    """The fit with what sides have in common held at 0 or above.

    Scars of a side do not differ more than chance makes them, but sides of a subject can: light
    that moves from one to the other makes them differ in opposite ways. What subjects have in
    common may therefore lie below 0, or an arm's contrast within subjects would look surer than it
    is; it is held too where no covariance fits best without.
    """

    def fit(*free: str) -> Reml:
        hold = np.array([name not in (SCAR, *free) for name in names])
        chosen = (data.basis[kept], data.start[kept], data.known)
        return fit_reml(data.y, data.x, *chosen, pure=data.pure[kept], hold=hold)

    try:
        return fit(SUBJECT, SUBJECT_TYPE)
    except StudyError:
        return fit()


def _with_slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Logs of the baseline's volume, split between subject, side and scar.

    Without a scale a volume is in pixels, and its log off by a constant of the photo: then slopes
    of sides and subjects say nothing, and as baselines do no harm; that of scars is not touched.
    """
    size = np.log(table["before"].to_numpy(np.float64))
    people = _numbers(table["subject"])
    sides = _within_each(people, _numbers(table["side"]))
    first = np.unique(sides, return_index=True)[1]
    side = _means(sides, size)
    subject = _means(people[first], side)
    return table.assign(
        slope_subject=(subject - subject.mean())[people],
        slope_side=side[sides] - subject[people],
        slope_scar=size - side[sides],
    ).reset_index(drop=True)


def _numbers(names: pd.Series) -> NDArray[np.int64]:
    return np.asarray(pd.factorize(names, sort=True)[0], np.int64)


def _within_each(units: NDArray[np.int64], parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of the parts of units, from 0."""
    codes = units * (int(parts.max()) + 1) + parts
    return np.asarray(np.unique(codes, return_inverse=True)[1], np.int64)


def _means(groups: NDArray[np.int64], values: Floats) -> Floats:
    return np.asarray(np.bincount(groups, values) / np.bincount(groups), np.float64)


def _columns(table: pd.DataFrame, *, baseline: bool) -> tuple[dict[Cell, int], dict[str, Floats]]:
    """One indicator an arm and type, then slopes that vary."""
    arm, kind = table["arm"].to_numpy(), table["type"].to_numpy()
    pairs = sorted({(str(a), str(k)) for a, k in zip(arm, kind, strict=True)})
    columns = {f"{a}, {k}": ((arm == a) & (kind == k)).astype(float) for a, k in pairs}
    for name in _SLOPES if baseline else ():
        values = table[f"slope_{name}"].to_numpy(np.float64)
        if np.ptp(values) > _TINY:
            columns[f"baseline of the {name}"] = values
    return {pair: place for place, pair in enumerate(pairs)}, columns


@dataclass(frozen=True, eq=False)
class _Cells:
    """Cells in order; of each its type, scars, and the number of every unit that it is part of.

    ``of`` is the cell of every scar, ``row`` a cell's place among those of its subject.
    """

    of: NDArray[np.int64]
    kind: NDArray[np.str_]
    n: Floats
    row: NDArray[np.int64]
    units: dict[str, NDArray[np.int64]]


def _cells(table: pd.DataFrame) -> _Cells:
    kind = _numbers(table["type"])
    subject = _numbers(table["subject"])
    side = _within_each(subject, _numbers(table["side"]))
    view = _within_each(side, _numbers(table["view"]))
    of = _within_each(view, kind)
    first = np.unique(of, return_index=True)[1]
    units = {
        SUBJECT: subject,
        SUBJECT_TYPE: _within_each(subject, kind),
        SIDE: side,
        SIDE_TYPE: _within_each(side, kind),
        VIEW: view,
    }
    own = {name: numbers[first] for name, numbers in units.items()}
    starts = np.searchsorted(own[SUBJECT], own[SUBJECT])  # cells are in the order of subjects
    return _Cells(
        of=of,
        kind=table["type"].to_numpy(np.str_)[first],
        n=np.bincount(of).astype(np.float64),
        row=np.arange(len(first)) - starts,
        units=own,
    )


def _parts(cells: _Cells, spread: Spread) -> Iterator[Part]:
    kinds = sorted(set(cells.kind.tolist()))
    own = kinds if spread == "by type" and len(kinds) > 1 else [""]
    for name in COMPONENTS:
        if name in (SUBJECT_TYPE, SIDE_TYPE) and (spread == "nested" or len(kinds) < 2):
            continue
        each = own if name in (SIDE_TYPE, SCAR) else [""]
        yield from ((name, kind) for kind in each)


@dataclass(frozen=True, eq=False)
class _Data:
    """What :func:`fit_reml` takes, one row a cell and one subject more for each type's slope."""

    y: Floats
    x: Floats
    known: NDArray[np.bool_]
    basis: Floats
    start: Floats
    pure: Floats


def _data(table: pd.DataFrame, cells: _Cells, x: Floats, parts: list[Part]) -> _Data:
    values = np.column_stack([x, table["y"].to_numpy(np.float64)])
    means = np.stack([_means(cells.of, column) for column in values.T], axis=1)
    at, row = cells.units[SUBJECT], cells.row
    scars = [kind for name, kind in parts if name == SCAR]
    subjects, most = int(at.max()) + 1, int(row.max()) + 1
    shape = (subjects + len(scars), most)
    y, known, wide = np.zeros(shape), np.zeros(shape, bool), np.zeros((*shape, x.shape[1]))
    y[at, row], wide[at, row], known[at, row] = means[:, -1], means[:, :-1], True
    basis, pure = np.zeros((len(parts), *shape, most)), np.zeros((len(parts), 2))
    for place, part in enumerate(parts):
        basis[place, :subjects] = _shared(cells, part, (subjects, most))
    left, kinds = values - means[cells.of], table["type"].to_numpy(np.str_)
    for extra, kind in enumerate(scars):
        own = left[kinds == kind] if kind else left
        slope, rest = _within(own)
        n_cells = int(np.count_nonzero(cells.kind == kind)) if kind else len(cells.n)
        place = parts.index((SCAR, kind))
        pure[place] = len(own) - n_cells - (slope is not None), rest
        if slope is not None:
            wide[subjects + extra, 0], y[subjects + extra, 0] = slope[:-1], slope[-1]
            known[subjects + extra, 0] = True
            basis[place, subjects + extra, 0, 0] = 1.0
    return _Data(y, wide, known, basis, _start(parts), pure)


def _within(left: Floats) -> tuple[Floats | None, float]:
    """Deviations from cells' means as one row that has the slope, and the squares of the rest.

    At most one column, the scar's own baseline, varies within cells.
    """
    squares = np.sum(left**2, axis=0)
    column = int(np.argmax(squares[:-1])) if left.shape[1] > 1 else 0
    if not squares[column] > _TINY:
        return None, float(squares[-1])
    unit = left[:, column] / np.sqrt(squares[column])
    row = unit @ left
    return row, float(np.sum((left[:, -1] - unit * row[-1]) ** 2))


def _shared(cells: _Cells, part: Part, shape: tuple[int, int]) -> Floats:
    """The matrix of one component over the cells of every subject."""
    name, kind = part
    own = (cells.kind == kind) if kind else np.ones(len(cells.n), bool)
    at, row = cells.units[SUBJECT][own], cells.row[own]
    made = np.zeros((*shape, shape[1]))
    if name == SCAR:
        made[at, row, row] = 1 / cells.n[own]
        return made
    label = np.full(shape, -1)
    label[at, row] = cells.units[name][own]
    alike = (label[:, :, None] == label[:, None, :]) & (label[:, :, None] >= 0)
    return np.asarray(alike, np.float64)


def _start(parts: list[Part]) -> Floats:
    """Positive definite, and not far from where most fits end: scars spread most."""
    return np.array([2.0 if name == SCAR else 0.2 for name, _ in parts])


def _told_apart(data: _Data, scar: list[bool]) -> list[int]:
    """Components that no earlier ones, nor those of scars, add up to.

    With one side a subject that of sides is that of subjects, with one view that of views is that
    of sides: what is left out is part of what stays.
    """
    count = len(data.basis)
    flat = np.column_stack([data.basis.reshape(count, -1), np.diag(np.sqrt(data.pure[:, 0]))])
    order = sorted(range(count), key=lambda place: not scar[place])
    found: list[Floats] = []
    kept = []
    for place in order:
        rest = flat[place].copy()
        size = float(np.linalg.norm(rest))
        for _ in range(2):  # twice is enough, once is not
            for unit in found:
                rest -= unit * float(unit @ rest)
        if size > 0 and float(np.linalg.norm(rest)) > 1e-6 * size:
            found.append(rest / np.linalg.norm(rest))
            kept.append(place)
    return sorted(kept)
