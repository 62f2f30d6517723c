"""Gaussian models with correlated rows, fitted by REML, tested as Kenward and Roger do.

Legend
------
y, X : outcome (subjects, rows) and design (subjects, rows, coefficients)
V : covariance of one subject's rows, ``Σ θ_t G_t``, the G_t known
Φ : ``(Σ X' V⁻¹ X)⁻¹``, covariance of the coefficients if θ were known
W : covariance of θ, the inverse of its expected REML information
P_t, Q_st : ``-Σ X' V⁻¹ G_t V⁻¹ X`` and ``Σ X' V⁻¹ G_s V⁻¹ G_t V⁻¹ X``

θ is not held above zero: only V has to be positive definite. Two sides of a face whose figures
happen to correlate negatively then still give the paired t-test, and errors keep their size; with
components cut off at zero they would not. Where groups differ in size the likelihood may climb to
the edge of what is positive definite: where it is asked for, components are held at 0 or above. W
is that of all of them even so: what was held is not known to be 0, and a contrast keeps the degrees
of freedom that its groups give it.

Sources: Patterson & Thompson 1971, Biometrika 58:545 (REML); Kenward & Roger 1997, Biometrics
53:983 (covariance and degrees of freedom; of a single contrast the latter are Satterthwaite's, and
their factor on F is 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scarscope.errors import StudyError
from scarscope.study.checks import Floats

_STEPS = 60
_HALVINGS = 12
_SETTLED = 1e-11  # squared length of the score in units of its own standard errors
# Below this share of the variance what is left is rounding: such data have no spread to test with.
_NO_SPREAD = 1e-12
# A step may go at most this far towards a covariance that is not positive definite any more.
_NEAR_SINGULAR = 1e-8
# Where components can be held instead: nearer, rounding decides the information of θ.
_NEAR_EDGE = 1e-3


@dataclass(frozen=True)
class Estimate:
    """A contrast of coefficients.

    Attributes
    ----------
    value, se : float
        Its figure and standard error.
    df : float
        Degrees of freedom of t.
    """

    value: float
    se: float
    df: float

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Student's interval."""
        half = float(stats.t.ppf((1 + confidence) / 2, self.df)) * self.se
        return self.value - half, self.value + half

    @property
    def p(self) -> float:
        """Two-sided p of the contrast being 0."""
        return 2 * float(stats.t.sf(abs(self.value) / self.se, self.df))


@dataclass(frozen=True, eq=False)
class Reml:
    """A fitted model.

    Attributes
    ----------
    beta : ndarray of float, shape (p,)
        Coefficients.
    theta : ndarray of float, shape (q,)
        Parameters of the covariance.
    covariance : ndarray of float, shape (p, p)
        Of the coefficients, adjusted for θ being estimated.
    loglik : float
        Restricted log likelihood.
    whitened : ndarray of float, shape (subjects, rows)
        Residuals divided by the root of V: uncorrelated, of variance 1; 0 where a row is missing.
    """

    beta: Floats
    theta: Floats
    covariance: Floats
    loglik: float
    whitened: Floats = field(repr=False)
    _phi: Floats = field(repr=False)
    _p: Floats = field(repr=False)
    _w: Floats = field(repr=False)

    def contrast(self, weights: Floats) -> Estimate:
        """``weights · beta`` with its standard error and degrees of freedom."""
        variance = float(weights @ self.covariance @ weights)
        if not variance > 0:
            raise StudyError(
                "The covariance is too uncertain to tell the error of this contrast.",
                remedy="Include more subjects, or fit fewer visits at a time.",
            )
        plain = float(weights @ self._phi @ weights)
        at = self._phi @ weights
        slopes = np.einsum("i,qij,j->q", at, self._p, at) / plain
        spread = float(slopes @ self._w @ slopes)
        return Estimate(float(weights @ self.beta), float(np.sqrt(variance)), 2 / spread)


@dataclass(frozen=True, eq=False)
class _Data:
    y: Floats
    x: Floats
    known: NDArray[np.bool_]
    basis: Floats  # (q, n, m, m), 0 in rows and columns that are missing
    pure: Floats  # (q, 2): rows that one component alone explains, and their sum of squares
    careful: bool  # components can be held: keep off the edge, look back along every step

    def v(self, theta: Floats) -> Floats:
        """Covariances, with ones on the diagonal of missing rows."""
        gaps = (~self.known).astype(float)[:, :, None] * np.eye(self.known.shape[1])
        made = theta @ self.basis.reshape(len(theta), -1)
        return np.asarray(made.reshape(self.basis.shape[1:]) + gaps, np.float64)


@dataclass(frozen=True, eq=False)
class _At:
    """Everything that one θ implies."""

    loglik: float
    phi: Floats
    beta: Floats
    score: Floats
    information: Floats
    p: Floats
    q: Floats
    root: Floats  # Cholesky factors of V
    residual: Floats


def fit_reml(
    y: Floats,
    x: Floats,
    basis: Floats,
    start: Floats,
    known: NDArray[np.bool_],
    *,
    pure: Floats | None = None,
    hold: NDArray[np.bool_] | None = None,
) -> Reml:
    """Fit ``y = X beta + e`` with covariance ``Σ θ_t G_t`` within subjects.

    Parameters
    ----------
    y : ndarray of float, shape (n, m)
        Outcome by subject and row.
    x : ndarray of float, shape (n, m, p)
        Design.
    basis : ndarray of float, shape (q, m, m) or (q, n, m, m)
        The G_t, of all subjects alike or of each, symmetric; those that no pair of known rows shows
        are left out of the fit, and their θ is 0.
    start : ndarray of float, shape (q,)
        First θ, in units of the outcome's residual variance; V must be positive definite there.
    known : ndarray of bool, shape (n, m)
        Rows that are there.
    pure : ndarray of float, shape (q, 2), optional
        Further rows, independent, of expectation 0 and variance θ_t: how many, and the sum of their
        squares. Residuals within groups are such, once what coefficients explain is taken out: a
        thousand scars then cost no more than their groups.
    hold : ndarray of bool, shape (q,), optional
        Components that are held at 0 or above. None: none.

    Returns
    -------
    Reml

    Raises
    ------
    StudyError
        If coefficients cannot be told apart, nothing varies, or no covariance fits best.
    """
    y, x = np.where(known, y, 0.0), np.where(known[..., None], x, 0.0)
    unit = _residual_sd(y, x, known)
    pairs = known[:, :, None] & known[:, None, :]
    whole = np.where(pairs[None], basis[:, None] if basis.ndim == 3 else basis, 0.0)
    shown = np.flatnonzero(np.abs(whole).sum(axis=(1, 2, 3)) > 0)
    rest = np.zeros((len(basis), 2)) if pure is None else pure / np.array([1.0, unit**2])
    data = _Data(y / unit, x, known, whole[shown], rest[shown], hold is not None)
    held = np.zeros(len(basis), bool) if hold is None else hold
    least = np.where(held, 0.0, -np.inf)[shown]
    theta, at = _climb(data, np.asarray(start, np.float64)[shown], least)
    every = np.zeros(len(basis))
    every[shown] = theta * unit**2
    return _finished(at, every, unit, data)


def _residual_sd(y: Floats, x: Floats, known: NDArray[np.bool_]) -> float:
    """Standard deviation around a least squares fit; refuses designs and data without one."""
    rows, values = x[known], y[known]
    rank, width = int(np.linalg.matrix_rank(rows)) if len(rows) else 0, x.shape[-1]
    if rank < width:
        raise StudyError(
            f"The {len(rows)} figures cannot tell the model's {width} coefficients apart, only "
            f"{rank}.",
            remedy="Use fewer covariates, and none that says the same as the arm or another one.",
        )
    if len(rows) <= width:
        raise StudyError(
            f"{len(rows)} figures are too few for {width} coefficients.",
            remedy="Include more subjects or use fewer covariates.",
        )
    beta = np.linalg.lstsq(rows, values, rcond=None)[0]
    left = float(np.sum((values - rows @ beta) ** 2))
    if left <= _NO_SPREAD * max(float(np.sum(values**2)), 1e-300):
        raise StudyError(
            "The figures do not vary around the model at all, so nothing can be tested.",
            remedy="Check that rows are not copies of each other.",
        )
    return float(np.sqrt(left / (len(rows) - width)))


def _climb(data: _Data, theta: Floats, least: Floats) -> tuple[Floats, _At]:
    """Fisher scoring, each step halved until the likelihood rises and V is positive definite."""
    at = _evaluate(data, theta)
    if at is None:
        raise StudyError("The covariance has no start.", remedy="This is a fault of ScarScope.")
    for _ in range(_STEPS):
        step = _step(at, theta <= least)
        if float(at.score @ step) < _SETTLED:
            if np.linalg.cond(at.information) > 1e12:
                break
            return theta, at
        better = _halved(data, theta, step, least, at.loglik)
        if better is None:
            break
        theta, at = _turned(data, theta, at, better) if data.careful else better
    raise StudyError(
        "The covariance cannot be estimated from these figures.",
        remedy="Include more subjects, or fit fewer visits at a time.",
    )


def _step(at: _At, low: NDArray[np.bool_]) -> Floats:
    """The step that scoring takes; components that lie as low as they may do not fall."""
    free = ~low | (at.score > 0)
    while True:
        step = np.zeros(len(free))
        own = at.information[np.ix_(free, free)]
        step[free] = np.linalg.lstsq(own, at.score[free], rcond=None)[0]
        falling = low & (step < 0)
        if not falling.any():
            return step
        free &= ~falling


def _turned(data: _Data, theta: Floats, at: _At, there: tuple[Floats, _At]) -> tuple[Floats, _At]:
    """Where a step went too far, about the top of the line that it went along.

    Expected information can be far below what the likelihood shows; steps by it then swing to and
    fro around the top, and would take hundreds.
    """
    way = there[0] - theta
    first, last = float(at.score @ way), float(there[1].score @ way)
    if last > -0.25 * first:
        return there
    between = theta + way * first / (first - last)
    again = _evaluate(data, between)
    return there if again is None or again.loglik < there[1].loglik else (between, again)


def _halved(
    data: _Data, theta: Floats, step: Floats, least: Floats, loglik: float
) -> tuple[Floats, _At] | None:
    for halving in range(_HALVINGS):
        tried = np.maximum(theta + step / 2**halving, least)
        at = _evaluate(data, tried)
        if at is not None and at.loglik >= loglik - 1e-10:
            return tried, at
    return None


def _evaluate(data: _Data, theta: Floats) -> _At | None:
    """The likelihood and its slopes; None where V is not positive definite.

    Plain products of matrices throughout: they are an order faster than sums over indices, and
    planning makes thousands of fits.
    """
    v = data.v(theta)
    count, squares = data.pure.T
    edge = _NEAR_EDGE if data.careful else _NEAR_SINGULAR
    if theta[count > 0].min(initial=1.0) < edge:
        return None
    if np.linalg.eigvalsh(v)[:, 0].min() < edge:
        return None
    root = np.asarray(np.linalg.cholesky(v), np.float64)
    vi = np.asarray(np.linalg.inv(v), np.float64)
    width, number = data.x.shape[-1], len(theta)
    flat_x, vix = data.x.reshape(-1, width), vi @ data.x
    flat = vix.reshape(-1, width)
    precision = flat_x.T @ flat
    phi = np.asarray(np.linalg.inv(precision), np.float64)
    beta = phi @ (flat.T @ data.y.ravel())
    residual = np.where(data.known, data.y - data.x @ beta, 0.0)
    r = (vi @ residual[..., None])[..., 0]
    logdets = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
    logdets += float(np.linalg.slogdet(precision)[1])
    loglik = -0.5 * (logdets + float((residual * r).sum()))
    gvix = data.basis @ vix  # (q, n, m, p)
    p = -(flat.T @ gvix.reshape(number, -1, width))
    q = _products(gvix, vi @ gvix)
    gvi = data.basis @ vi
    gr = (data.basis @ r[..., None])[..., 0]
    score = 0.5 * (
        (gr * r).sum(axis=(1, 2))
        - np.trace(gvi, axis1=2, axis2=3).sum(axis=1)
        - (p * phi).sum(axis=(1, 2))
    )
    information = _information(gvi, phi, p, q)
    inverse = np.divide(1.0, theta, out=np.zeros(number), where=count > 0)
    loglik += 0.5 * float(np.sum(count * np.log(np.where(count > 0, inverse, 1.0))))
    loglik -= 0.5 * float(squares @ inverse)
    score = score + 0.5 * (squares * inverse - count) * inverse
    information = information + np.diag(0.5 * count * inverse**2)
    return _At(loglik, phi, beta, score, information, p, q, root, residual)


def _products(left: Floats, right: Floats) -> Floats:
    """``Σ left_s' right_t`` for all s and t, (q, q, p, p)."""
    count, width = left.shape[0], left.shape[-1]
    one, two = (
        np.moveaxis(each.reshape(count, -1, width), 0, 1).reshape(-1, count * width)
        for each in (left, right)
    )
    both = (one.T @ two).reshape(count, width, count, width)
    return np.ascontiguousarray(both.transpose(0, 2, 1, 3))


def _information(gvi: Floats, phi: Floats, p: Floats, q: Floats) -> Floats:
    """Expected REML information of θ: ``½ tr(P G_s P G_t)``, P the residual projection."""
    count = len(p)
    plain = gvi.reshape(count, -1) @ gvi.transpose(0, 1, 3, 2).reshape(count, -1).T
    left = q.reshape(count, count, -1) @ phi.ravel()
    turned = phi @ p
    right = turned.reshape(count, -1) @ turned.transpose(0, 2, 1).reshape(count, -1).T
    return np.asarray(0.5 * (plain - 2 * left + right), np.float64)


def _finished(at: _At, theta: Floats, unit: float, data: _Data) -> Reml:
    w = np.asarray(np.linalg.inv(at.information), np.float64)
    inner = at.q - (at.p @ at.phi)[:, None] @ at.p[None]
    # What Kenward and Roger add: θ was estimated, and Φ at an estimate is too small on average.
    added = at.phi @ (w[..., None, None] * inner).sum(axis=(0, 1)) @ at.phi
    whitened = np.linalg.solve(at.root, at.residual[..., None])[..., 0]
    return Reml(
        beta=at.beta * unit,
        theta=theta,
        covariance=(at.phi + added + added.T) * unit**2,
        loglik=at.loglik,
        whitened=np.where(data.known, whitened, 0.0),
        _phi=at.phi * unit**2,
        _p=at.p / unit**2 / unit**2,
        _w=w * unit**4,
    )
